//! How a person names themselves in a request: number, card, representative.
//! Must not know who they are.

use espace_domain::{Card, CardType, Nir, PasswordError};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::FieldError;

/// A card as typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardInput {
    /// `photo` or `noPhoto`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    card_type: CardType,
    /// 11 digits with a photo, 8 to 13 without.
    serial: String,
}

/// Someone who acts for the person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RepresentativeInput {
    /// The representative's own number, 13 characters.
    nir: String,
    /// The representative's own card; none where its serial cannot be read.
    #[serde(default)]
    card: Option<CardInput>,
    /// By phone: the serial alone, whatever the type of card.
    #[serde(default)]
    card_serial: Option<String>,
}

/// What a request shows beside a number, read.
#[derive(Debug, Clone)]
pub enum ShownIdentity {
    /// The person's own card, as the cards that the serial may belong to.
    Card(Vec<Card>),
    /// A representative with their card, as above; none where it cannot be read.
    Representative {
        /// Their number.
        nir: Nir,
        /// Their card.
        cards: Vec<Card>,
    },
    /// No card.
    Nothing,
}

/// Reads a number.
pub fn read_nir(text: &str, pointer: &str) -> Result<Nir, FieldError> {
    Nir::parse(text).map_err(|_| {
        let detail = "Le numéro de sécurité sociale a 13 caractères, sans la clé.";
        FieldError::new(pointer, "nir-shape", detail)
    })
}

/// Reads a birth date.
pub fn read_birth_date(text: &str, pointer: &str) -> Result<Date, FieldError> {
    text.parse::<Date>().ok().filter(|_| text.len() == 10).ok_or_else(|| {
        let detail = "La date de naissance s’écrit année-mois-jour, par exemple 1948-05-03.";
        FieldError::new(pointer, "birth-date", detail)
    })
}

/// The cards that a serial told by phone may belong to.
pub fn card_of_either_type(serial: &str, pointer: &str) -> Result<Vec<Card>, FieldError> {
    let cards: Vec<Card> = [CardType::Photo, CardType::NoPhoto]
        .into_iter()
        .filter_map(|card_type| Card::parse(card_type, serial).ok())
        .collect();
    if cards.is_empty() {
        let detail = "Le numéro de série d’une carte a de 8 à 13 chiffres.";
        return Err(FieldError::new(pointer, "card-serial", detail));
    }
    Ok(cards)
}

impl CardInput {
    /// Reads a card.
    pub fn read(&self, pointer: &str) -> Result<Card, FieldError> {
        Card::parse(self.card_type, &self.serial).map_err(|_| {
            let detail = "Le numéro de série ne correspond pas à ce type de carte.";
            FieldError::new(format!("{pointer}/serial"), "card-serial", detail)
        })
    }
}

impl RepresentativeInput {
    fn read(&self) -> Result<ShownIdentity, FieldError> {
        let nir = read_nir(&self.nir, "/representative/nir")?;
        let cards = match (&self.card, &self.card_serial) {
            (Some(card), _) => vec![card.read("/representative/card")?],
            (None, Some(serial)) => card_of_either_type(serial, "/representative/cardSerial")?,
            (None, None) => Vec::new(),
        };
        Ok(ShownIdentity::Representative { nir, cards })
    }
}

impl ShownIdentity {
    /// Reads what a request shows; a representative stands before a card.
    pub fn read(
        card: Option<&CardInput>,
        card_serial: Option<&str>,
        representative: Option<&RepresentativeInput>,
    ) -> Result<Self, FieldError> {
        match (representative, card, card_serial) {
            (Some(representative), _, _) => representative.read(),
            (None, Some(card), _) => Ok(Self::Card(vec![card.read("/card")?])),
            (None, None, Some(serial)) => {
                Ok(Self::Card(card_of_either_type(serial, "/cardSerial")?))
            }
            (None, None, None) => Ok(Self::Nothing),
        }
    }

    /// Whether a card's serial is missing, so that a code must stand in for it.
    pub fn lacks_card(&self) -> bool {
        match self {
            Self::Card(_) => false,
            Self::Representative { cards, .. } => cards.is_empty(),
            Self::Nothing => true,
        }
    }
}

/// Why a new password is refused, as a fault of its field.
pub fn password_fault(error: PasswordError) -> FieldError {
    let (code, detail) = match error {
        PasswordError::Length => ("length", "Le mot de passe doit avoir de 9 à 128 caractères."),
        PasswordError::Composition => (
            "composition",
            "Il faut une minuscule, une majuscule, un chiffre et un caractère spécial.",
        ),
        PasswordError::Personal => (
            "personal",
            "Le mot de passe ne doit contenir ni votre nom, ni votre identifiant, ni votre date \
             de naissance.",
        ),
        PasswordError::Common => ("common", "Ce mot de passe est trop courant."),
    };
    FieldError::new("/password", code, detail)
}
