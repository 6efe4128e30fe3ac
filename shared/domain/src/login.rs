//! The identifier a person chooses. Source: `domain.md` B1 (login rules).
//! Must not know the account behind it.

use std::fmt;

use crate::{Email, Nir};

/// Fewest characters of an identifier.
const LOGIN_CHARS_MIN: usize = 8;
/// Most characters of an identifier.
const LOGIN_CHARS_MAX: usize = 64;

/// An identifier, compared without regard to case. Its `Debug` shows nothing:
/// many people put their name in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Login(String);

/// Why a text may not be an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Fewer than 8 or more than 64 characters.
    #[error("wrong length")]
    Length,
    /// Something else than letters, digits, `.`, `-` and `_`.
    #[error("character not allowed")]
    Characters,
    /// An e-mail address, a NIR or an IBAN: others know those.
    #[error("a known identifier of another kind")]
    KnownIdentifier,
}

impl Login {
    /// Reads an identifier and folds its case.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let text = text.trim();
        if Email::parse(text).is_ok() {
            return Err(LoginError::KnownIdentifier);
        }
        if !(LOGIN_CHARS_MIN..=LOGIN_CHARS_MAX).contains(&text.chars().count()) {
            return Err(LoginError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) {
            return Err(LoginError::Characters);
        }
        if is_nir(text) || is_iban(text) {
            return Err(LoginError::KnownIdentifier);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The folded identifier, for hashing and sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A NIR with or without its key, in any case.
fn is_nir(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let key_is_digits = upper.bytes().skip(13).all(|b| b.is_ascii_digit());
    matches!(upper.len(), 13 | 15)
        && key_is_digits
        && upper.get(..13).is_some_and(|number| Nir::parse(number).is_ok())
}

/// Two letters, two digits, then 11 to 30 letters and digits whose ISO 7064
/// remainder is 1 (ISO 13616).
fn is_iban(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let shaped = (15..=34).contains(&upper.len())
        && upper.bytes().all(|b| b.is_ascii_alphanumeric())
        && upper.bytes().take(2).all(|b| b.is_ascii_alphabetic())
        && upper.bytes().skip(2).take(2).all(|b| b.is_ascii_digit());
    let Some((head, tail)) = upper.split_at_checked(4).filter(|_| shaped) else {
        return false;
    };
    let remainder = tail.chars().chain(head.chars()).fold(0_u32, |rest, c| match c.to_digit(36) {
        Some(value @ 0..=9) => (rest * 10 + value) % 97,
        Some(value) => (rest * 100 + value) % 97,
        None => rest,
    });
    remainder == 1
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_real_application_hold() {
        assert_eq!(Login::parse("Zoe.Le-Goff_1").map(|l| l.0), Ok("zoe.le-goff_1".into()));
        assert_eq!(Login::parse("zoe1234"), Err(LoginError::Length));
        assert_eq!(Login::parse("zoé.legoff"), Err(LoginError::Characters));
        assert_eq!(Login::parse("zoe legoff"), Err(LoginError::Characters));
        assert_eq!(Login::parse("zoe@exemple.fr"), Err(LoginError::KnownIdentifier));
        assert_eq!(Login::parse("2840588321025"), Err(LoginError::KnownIdentifier));
        assert_eq!(Login::parse("284052a32102552"), Err(LoginError::KnownIdentifier));
        assert_eq!(Login::parse("FR1420041010050500013M02606"), Err(LoginError::KnownIdentifier));
    }
}
