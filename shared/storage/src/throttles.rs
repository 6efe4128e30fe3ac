//! Counters of tries in a window of time. Must not know what is tried.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::MacPurpose;
use jiff::Timestamp;
use serde::Deserialize;

use crate::table::{SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// Seconds of a window.
const WINDOW_S: i64 = 3_600;

/// The table of counters.
#[derive(Debug, Clone)]
pub struct Throttles {
    table: Table,
    keys: Arc<SystemKeys>,
    key: KeyName,
}

impl Throttles {
    /// Uses the table of `ESPACE_THROTTLES_TABLE`, naming sources by a keyed
    /// hash under `key`.
    pub fn new(
        aws: &Aws,
        environment: &mut Environment,
        keys: Arc<SystemKeys>,
        key: KeyName,
    ) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_THROTTLES_TABLE"), keys, key }
    }

    /// Counts one try of `source` at `act`; gives the seconds to wait when it
    /// is one too many for this hour.
    pub async fn count(
        &self,
        act: &'static str,
        source: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<i64>, StorageError> {
        #[derive(Deserialize)]
        struct Counter {
            tries: u32,
        }
        let window = now.as_second() / WINDOW_S;
        let key = self.keys.mac(self.key).await?;
        let tag = key
            .tag(MacPurpose::Source, &[act.as_bytes(), source.as_bytes(), &window.to_be_bytes()]);
        let updated = self
            .table
            .update(
                item([("source", s(BASE64URL_NOPAD.encode(&tag)))]),
                "ADD #tries :one SET #expiresAt = :expires, #schema = :schema",
                "",
                item([
                    (":one", n(1)),
                    (":expires", n((window + 2) * WINDOW_S)),
                    (":schema", n(SCHEMA)),
                ]),
            )
            .await?
            .unwrap_or_default();
        let counter: Counter = read(updated)?;
        let wait_s = (window + 1) * WINDOW_S - now.as_second();
        Ok((counter.tries > limit).then_some(wait_s))
    }
}
