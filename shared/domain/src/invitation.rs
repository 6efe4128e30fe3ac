//! The provisional secret code of an invitation. Source: `domain.md` A4, A5, C3
//! (R.1111-28: six weeks from sending); `api.md` (12 Crockford characters).
//! Must not know how it is kept: only a keyed hash is.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::{Random, base32};

/// Days a code is valid, counted from its sending (six weeks).
pub const CODE_VALIDITY_DAYS: i64 = 42;
/// Wrong tries in the life of a code, NIR and card being right, before it is
/// burnt and replaced.
pub const CODE_ATTEMPTS_MAX: u32 = 5;
/// Characters of a code: 60 bits.
const CODE_CHARS: usize = 12;
/// Characters of a code that stands in for a card whose serial cannot be read:
/// 100 bits, since nothing else is asked beside the number (`domain.md`, S4/c1).
const STAND_IN_CHARS: usize = 20;
/// Bytes drawn for a code; bits beyond its characters are dropped.
const CODE_BYTES: usize = 13;

/// A code as printed in a letter: 12 characters of Crockford base 32, shown
/// `XXXX-XXXX-XXXX`, or 20 for one that stands in for the card. Its `Debug`
/// shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode(String);

/// The text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an invitation code")]
pub struct InvitationCodeError;

/// When a code sent at `sent_at` stops being valid.
pub fn code_expires_at(sent_at: Timestamp) -> Timestamp {
    sent_at
        .checked_add(SignedDuration::from_hours(24 * CODE_VALIDITY_DAYS))
        .unwrap_or(Timestamp::MAX)
}

impl InvitationCode {
    /// Draws a new code.
    pub fn generate(random: &dyn Random) -> Self {
        Self::draw(CODE_CHARS, random)
    }

    /// Draws a longer code, which stands in for the card.
    pub fn generate_stand_in(random: &dyn Random) -> Self {
        Self::draw(STAND_IN_CHARS, random)
    }

    fn draw(chars: usize, random: &dyn Random) -> Self {
        let mut bytes = [0; CODE_BYTES];
        random.fill(&mut bytes);
        let mut text = base32::encode(&bytes).to_uppercase();
        text.truncate(chars);
        Self(text)
    }

    /// Whether the code was sent to stand in for the card.
    pub fn stands_for_card(&self) -> bool {
        self.0.len() == STAND_IN_CHARS
    }

    /// Reads a code as a person types it: any case, spaces and hyphens ignored,
    /// `O` for 0 and `I` or `L` for 1.
    pub fn parse(typed: &str) -> Result<Self, InvitationCodeError> {
        base32::read(typed, CODE_CHARS)
            .or_else(|| base32::read(typed, STAND_IN_CHARS))
            .map(Self)
            .ok_or(InvitationCodeError)
    }

    /// The characters, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As printed: groups of four.
    pub fn grouped(&self) -> String {
        base32::grouped(&self.0)
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_whatever_the_hand() {
        let code = InvitationCode("0A1B2C3D4E5F".into());
        assert_eq!(code.grouped(), "0A1B-2C3D-4E5F");
        for typed in ["0A1B-2C3D-4E5F", "oa1b 2c3d 4e5f", " OAIB2C3D4E5F ", "OaLb-2c3d4e5f"] {
            assert_eq!(InvitationCode::parse(typed), Ok(code.clone()), "{typed}");
        }
        for wrong in ["", "0A1B-2C3D-4E5", "0A1B-2C3D-4E5FF", "UA1B-2C3D-4E5F", "éA1B-2C3D-4E5F"] {
            assert!(InvitationCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_longer_code_stands_in_for_the_card() {
        let code = InvitationCode::parse("0a1b-2c3d-4e5f-6g7h-8j9k");
        assert_eq!(code.as_ref().map(InvitationCode::stands_for_card), Ok(true));
        assert_eq!(code.map(|c| c.grouped()), Ok("0A1B-2C3D-4E5F-6G7H-8J9K".to_owned()));
    }

    #[test]
    fn six_weeks_run_from_the_sending() {
        let sent: Timestamp = "2027-01-04T09:00:00Z".parse().unwrap_or_default();
        assert_eq!(code_expires_at(sent).to_string(), "2027-02-15T09:00:00Z");
    }
}
