//! What requests share: a card and a representative as a person names them.
//! Must not know who they are.

use espace_domain::{Card, CardType, Nir};
use espace_http::FieldError;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardInput {
    /// `photo` or `noPhoto`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    card_type: CardType,
    /// 11 digits with a photo, 8 to 13 without.
    serial: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepresentativeInput {
    /// The representative's own number, 13 characters.
    nir: String,
    /// The representative's own card.
    card: CardInput,
}

/// A representative, read.
pub(crate) struct Representative {
    pub(crate) nir: Nir,
    pub(crate) card: Card,
}

/// Reads a number.
pub(crate) fn read_nir(text: &str, pointer: &str) -> Result<Nir, FieldError> {
    Nir::parse(text).map_err(|_| {
        let detail = "Le numéro de sécurité sociale a 13 caractères, sans la clé.";
        FieldError::new(pointer, "nir-shape", detail)
    })
}

impl CardInput {
    /// Reads a card.
    pub(crate) fn read(&self, pointer: &str) -> Result<Card, FieldError> {
        Card::parse(self.card_type, &self.serial).map_err(|_| {
            let detail = "Le numéro de série ne correspond pas à ce type de carte.";
            FieldError::new(format!("{pointer}/serial"), "card-serial", detail)
        })
    }
}

impl RepresentativeInput {
    /// Reads a representative.
    pub(crate) fn read(&self) -> Result<Representative, FieldError> {
        Ok(Representative {
            nir: read_nir(&self.nir, "/representative/nir")?,
            card: self.card.read("/representative/card")?,
        })
    }
}
