//! Six digits that live ten minutes (`api.md`). Must not know what they open.

use std::fmt;

use crate::Random;

/// Seconds a one-time code is valid.
pub const ONE_TIME_CODE_VALIDITY_S: i64 = 600;
/// How many codes there are.
const CODES: u32 = 1_000_000;

/// Six digits. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(String);

/// The text is not six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a one-time code")]
pub struct OneTimeCodeError;

impl OneTimeCode {
    /// Draws a code, each of the million equally likely (the bias of reducing
    /// 64 random bits is below 10⁻¹³).
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        Self(format!("{:06}", u64::from_le_bytes(bytes) % u64::from(CODES)))
    }

    /// Reads six digits; spaces are ignored.
    pub fn parse(typed: &str) -> Result<Self, OneTimeCodeError> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(OneTimeCodeError)
        }
    }

    /// The digits, for hashing and sending only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_six_digits_are_a_code() {
        assert!(OneTimeCode::parse("012 345").is_ok());
        for wrong in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert!(OneTimeCode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
