//! What a password must be. Source: `domain.md` B1: at least 9 characters with
//! lower, upper, digit and special, not personal, not in a dictionary.
//! Must not know how it is hashed.

use unicode_normalization::UnicodeNormalization;

use crate::{Login, Traits};

/// Fewest characters.
pub const PASSWORD_CHARS_MIN: usize = 9;
/// Most characters: a hash of a longer text costs an attacker nothing and us time.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Shortest name or year that makes a password personal when found in it.
const PERSONAL_CHARS_MIN: usize = 4;

/// Passwords that everyone tries first, lower case, one a line, sorted.
const COMMON: &str = include_str!("../data/common_passwords.txt");

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 9 or more than 128 characters.
    #[error("wrong length")]
    Length,
    /// Lacks a lower case letter, an upper case letter, a digit or a special
    /// character.
    #[error("a kind of character is missing")]
    Composition,
    /// Holds the person's name, identifier or birth date.
    #[error("personal")]
    Personal,
    /// Among the passwords that are tried first.
    #[error("too common")]
    Common,
}

/// Checks a new password against the rules and the person.
pub fn check_password(password: &str, login: &Login, traits: &Traits) -> Result<(), PasswordError> {
    check(password, Some(login), traits)
}

/// A password in the composed Unicode form (NFC), as it is checked and hashed: the
/// same keys on another keyboard give the same password.
pub fn normal_password(password: &str) -> String {
    password.nfc().collect()
}

/// Checks a new password of someone whose identifier is not known here: only its
/// blind index is kept.
pub fn check_password_of(password: &str, traits: &Traits) -> Result<(), PasswordError> {
    check(password, None, traits)
}

fn check(password: &str, login: Option<&Login>, traits: &Traits) -> Result<(), PasswordError> {
    let password: &str = &normal_password(password);
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let composed = has(char::is_lowercase)
        && has(char::is_uppercase)
        && has(|c| c.is_ascii_digit())
        && has(|c| !c.is_alphanumeric());
    if !composed {
        return Err(PasswordError::Composition);
    }
    let folded = password.to_lowercase();
    if is_personal(&folded, login, traits) {
        return Err(PasswordError::Personal);
    }
    if COMMON.lines().any(|common| common == folded) || is_dressed_up(&folded) {
        return Err(PasswordError::Common);
    }
    Ok(())
}

/// Whether a common password is only dressed up: the digits and signs put around it
/// to please a rule are what every list of guesses tries.
fn is_dressed_up(folded: &str) -> bool {
    let core = folded.trim_matches(|c: char| !c.is_alphabetic());
    let bare = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count();
    let letters: String = core
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        })
        .collect();
    // A word that was long enough to be a password by itself is one still.
    bare(&letters) >= PERSONAL_CHARS_MIN
        && COMMON
            .lines()
            .map(|common| common.trim_matches(|c: char| !c.is_alphabetic()))
            .any(|common| bare(common) >= PERSONAL_CHARS_MIN && common == letters)
}

/// Whether the lower-case password holds the identifier, a name or the birth
/// date in one of its usual forms.
fn is_personal(folded: &str, login: Option<&Login>, traits: &Traits) -> bool {
    let date = traits.birth_date;
    let (y, m, d) = (date.year(), date.month(), date.day());
    let dates =
        [format!("{d:02}{m:02}{y}"), format!("{y}{m:02}{d:02}"), format!("{d:02}/{m:02}/{y}")];
    traits
        .names()
        .map(str::to_lowercase)
        .chain(dates)
        .chain(login.map(|login| login.expose().to_owned()))
        .filter(|part| part.chars().count() >= PERSONAL_CHARS_MIN)
        .any(|part| folded.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::tests::zoe;

    fn check(password: &str) -> Result<(), PasswordError> {
        let login = Login::parse("bretagne-29").map_err(|_| PasswordError::Personal)?;
        check_password(password, &login, &zoe())
    }

    #[test]
    fn each_rule_refuses_by_its_name() {
        assert_eq!(check("Marée-haute7"), Ok(()));
        assert_eq!(check("Mar-eé7"), Err(PasswordError::Length));
        assert_eq!(check(&"aA1-".repeat(40)), Err(PasswordError::Length));
        assert_eq!(check("maree-haute7"), Err(PasswordError::Composition));
        assert_eq!(check("MareeHaute77"), Err(PasswordError::Composition));
        assert_eq!(check("Zélie!2024xx"), Err(PasswordError::Personal));
        assert_eq!(check("Le-Goff!2024"), Err(PasswordError::Personal));
        assert_eq!(check("Xx!03051984"), Err(PasswordError::Personal));
        assert_eq!(check("X9-Bretagne-29"), Err(PasswordError::Personal));
        assert_eq!(check("Password1!"), Err(PasswordError::Common));
        assert_eq!(check("Azerty123!"), Err(PasswordError::Common));
        assert_eq!(check("P@ssw0rd!2026"), Err(PasswordError::Common));
        assert_eq!(check("!!Azerty!!2026"), Err(PasswordError::Common));
    }

    #[test]
    fn an_accent_counts_the_same_however_it_was_typed() {
        assert_eq!(normal_password("Mare\u{301}e"), normal_password("Marée"));
        // Eight characters as people count them.
        assert_eq!(check("Ma\u{301}re-7a"), Err(PasswordError::Length));
    }
}
