//! Codes of an authenticator application: TOTP (RFC 6238), six digits, HMAC-SHA-1,
//! 30 seconds, the profile that every application reads.
//!
//! SHA-1 inside HMAC is sound here (RFC 6238 section 1.2): no collision helps an
//! attacker. Must not know whose secret it is.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use data_encoding::BASE32_NOPAD;
use espace_domain::Random;
use jiff::Timestamp;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::same_tag;

/// Bytes of a secret (RFC 4226 section 4 recommends 160 bits).
const SECRET_BYTES: usize = 20;
/// Seconds of a step.
const STEP_S: i64 = 30;
/// Steps accepted before and after the current one: clocks of telephones differ.
const DRIFT_STEPS: i64 = 1;
/// Six digits.
const MODULUS: u32 = 1_000_000;

/// The secret shared with an application. Its `Debug` shows nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret(String);

impl TotpSecret {
    /// Draws a new secret.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        random.fill(&mut bytes);
        let text = BASE32_NOPAD.encode(&bytes);
        bytes.zeroize();
        Self(text)
    }

    /// Takes a secret that storage gave back.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The base 32 text, for its owner and for sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The step in which `code` is right now, if it is newer than `used`: a code
    /// serves once (RFC 6238 section 5.2). All steps are compared.
    pub fn verify(&self, code: &str, now: Timestamp, used: i64) -> Option<i64> {
        let bytes = BASE32_NOPAD.decode(self.0.as_bytes()).ok()?;
        let current = now.as_second().div_euclid(STEP_S);
        let mut found = None;
        for step in current - DRIFT_STEPS..=current + DRIFT_STEPS {
            let right = same_tag(at(&bytes, step).as_bytes(), code.as_bytes());
            if right && step > used {
                found = Some(step);
            }
        }
        found
    }
}

/// The code of a step (RFC 4226 section 5.3).
fn at(secret: &[u8], step: i64) -> String {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
    let part = tag.get(offset..offset + 4).and_then(|part| <[u8; 4]>::try_from(part).ok());
    let number = u32::from_be_bytes(part.unwrap_or_default()) & 0x7fff_ffff;
    format!("{:06}", number % MODULUS)
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, SHA-1, the last six of its eight digits.
    #[test]
    fn the_vectors_of_the_rfc_are_met() {
        let secret = TotpSecret(BASE32_NOPAD.encode(b"12345678901234567890"));
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (second, code) in vectors {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(secret.verify(code, now, -1), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_serves_once_and_for_a_minute_and_a_half() {
        let secret = TotpSecret(BASE32_NOPAD.encode(b"12345678901234567890"));
        let at = |second| Timestamp::from_second(second).unwrap();
        let step = secret.verify("287082", at(59), -1).unwrap();
        assert_eq!(secret.verify("287082", at(59), step), None);
        assert_eq!(secret.verify("287082", at(89), -1), Some(step));
        assert_eq!(secret.verify("287082", at(90), -1), None);
        assert_eq!(secret.verify("287083", at(59), -1), None);
        assert_eq!(secret.verify("", at(59), -1), None);
    }
}
