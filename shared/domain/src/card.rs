//! The insurance card (*carte Vitale*). Source: `domain.md` B1 and C10.
//! Must not know whose it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits of the serial of a card with a photo.
const PHOTO_SERIAL_DIGITS: usize = 11;
/// Fewest and most digits of the serial of a card without a photo.
const NO_PHOTO_SERIAL_DIGITS: std::ops::RangeInclusive<usize> = 8..=13;

/// Which card it is: the serial is printed at another place on each, so the
/// type is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CardType {
    /// With a photo: the serial is on the front, top right.
    Photo,
    /// Without a photo: the serial is on the back, top left.
    NoPhoto,
}

/// A card's serial, digits only. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardSerial(String);

/// A card as a person or the insurer names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Card {
    /// Which kind of card.
    #[serde(rename = "type")]
    pub card_type: CardType,
    /// Its serial.
    pub serial: CardSerial,
}

/// The serial is not one that this type of card can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the serial of such a card")]
pub struct CardError;

impl Card {
    /// Reads a card: 11 digits with a photo, 8 to 13 without.
    pub fn parse(card_type: CardType, serial: &str) -> Result<Self, CardError> {
        let length_fits = match card_type {
            CardType::Photo => serial.len() == PHOTO_SERIAL_DIGITS,
            CardType::NoPhoto => NO_PHOTO_SERIAL_DIGITS.contains(&serial.len()),
        };
        if length_fits && serial.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self { card_type, serial: CardSerial(serial.to_owned()) })
        } else {
            Err(CardError)
        }
    }
}

impl CardSerial {
    /// The digits, for hashing and sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardSerial(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own_length() {
        assert!(Card::parse(CardType::Photo, "12345678901").is_ok());
        assert!(Card::parse(CardType::Photo, "1234567890").is_err());
        assert!(Card::parse(CardType::NoPhoto, "12345678").is_ok());
        assert!(Card::parse(CardType::NoPhoto, "1234567890123").is_ok());
        assert!(Card::parse(CardType::NoPhoto, "12345678901234").is_err());
        assert!(Card::parse(CardType::NoPhoto, "1234567é").is_err());
    }
}
