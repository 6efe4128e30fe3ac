//! The code by which someone who is told of an act on their space says "Ce n'est
//! pas moi". Must not know what is frozen.

use std::fmt;

use crate::{Random, base32};

/// Characters of an alert code: 60 bits.
const ALERT_CHARS: usize = 12;
/// Days for which the code of a message can be used: a letter takes a week, and
/// people are away.
pub const ALERT_VALIDITY_DAYS: i64 = 60;

/// An alert code, `XXXX-XXXX-XXXX`. It opens nothing: it can only freeze. Its
/// `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertCode(String);

/// The text is not an alert code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an alert code")]
pub struct AlertCodeError;

impl AlertCode {
    /// Draws a new code.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let mut text = base32::encode(&bytes).to_uppercase();
        text.truncate(ALERT_CHARS);
        Self(text)
    }

    /// Reads a code as a person types it.
    pub fn parse(typed: &str) -> Result<Self, AlertCodeError> {
        base32::read(typed, ALERT_CHARS).map(Self).ok_or(AlertCodeError)
    }

    /// The 12 characters, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As printed.
    pub fn grouped(&self) -> String {
        base32::grouped(&self.0)
    }
}

impl fmt::Debug for AlertCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AlertCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_code_is_read_whatever_the_hand() {
        let read = AlertCode::parse("oa1b 2c3d-4e5f").map(|code| code.grouped());
        assert_eq!(read, Ok("0A1B-2C3D-4E5F".to_owned()));
        assert!(AlertCode::parse("0A1B").is_err());
    }
}
