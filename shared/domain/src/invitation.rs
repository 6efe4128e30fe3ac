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
/// Bytes drawn for a code; the last four bits are dropped.
const CODE_BYTES: usize = 8;

/// A code as printed in a letter: 12 characters of Crockford base 32, shown
/// `XXXX-XXXX-XXXX`. Its `Debug` shows nothing.
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
        let mut bytes = [0; CODE_BYTES];
        random.fill(&mut bytes);
        let mut text = base32::encode(&bytes).to_uppercase();
        text.truncate(CODE_CHARS);
        Self(text)
    }

    /// Reads a code as a person types it: any case, spaces and hyphens ignored,
    /// `O` for 0 and `I` or `L` for 1.
    pub fn parse(typed: &str) -> Result<Self, InvitationCodeError> {
        base32::read(typed, CODE_CHARS).map(Self).ok_or(InvitationCodeError)
    }

    /// The 12 characters, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As printed: three groups of four.
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
    fn six_weeks_run_from_the_sending() {
        let sent: Timestamp = "2027-01-04T09:00:00Z".parse().unwrap_or_default();
        assert_eq!(code_expires_at(sent).to_string(), "2027-02-15T09:00:00Z");
    }
}
