//! Sealing a structure into one attribute and back. Must not know the structure.

use espace_crypto::{Place, SealingKey};
use espace_domain::Random;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StorageError;

/// Seals `value`, as JSON, to `place`.
pub(crate) fn seal(
    key: &SealingKey,
    place: Place<'_>,
    value: &impl Serialize,
    random: &dyn Random,
) -> Result<Vec<u8>, StorageError> {
    let plain =
        serde_json::to_vec(value).map_err(|_| StorageError::Corrupt { what: "value to seal" })?;
    key.seal(place, &plain, random).map_err(|_| StorageError::Corrupt { what: "value to seal" })
}

/// Opens what [`seal`] sealed to the same place.
pub(crate) fn open<T: DeserializeOwned>(
    key: &SealingKey,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<T, StorageError> {
    let plain =
        key.open(place, sealed).map_err(|_| StorageError::Corrupt { what: "sealed attribute" })?;
    serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt { what: "sealed content" })
}
