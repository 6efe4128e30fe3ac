//! Who a person is: the strict traits of the national health identity (*INS*).
//! Source: `domain.md` B1. Must not know their NIR, card or addresses.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Age from which a person decides alone.
pub const MAJORITY_YEARS: i16 = 18;
/// Longest name.
const NAME_CHARS_MAX: usize = 100;
/// Most first names.
const FIRST_NAMES_MAX: usize = 10;

/// The sex recorded at birth, as the identity service has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    /// Female.
    F,
    /// Male.
    M,
}

/// A name is empty, too long, or not made of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name")]
pub struct NameError;

/// The identity traits. Their `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traits {
    /// Name at birth.
    pub birth_name: String,
    /// Name in use, where it differs.
    pub used_name: Option<String>,
    /// First names, as on the birth certificate; at least one.
    pub first_names: Vec<String>,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex.
    pub sex: Sex,
    /// INSEE code of the commune or country of birth.
    pub birth_place: String,
}

impl Traits {
    /// Checks the names and the birthplace code (five characters).
    pub fn check_names(&self) -> Result<(), NameError> {
        let names_good = !self.first_names.is_empty()
            && self.first_names.len() <= FIRST_NAMES_MAX
            && self.names().all(is_name);
        if names_good { Ok(()) } else { Err(NameError) }
    }

    /// Whether the birthplace is an INSEE code: five characters, digits save
    /// Corsica's `2A` and `2B`.
    pub fn birth_place_is_code(&self) -> bool {
        let code = self.birth_place.as_str();
        let tail = code.strip_prefix("2A").or_else(|| code.strip_prefix("2B"));
        code.len() == 5 && tail.unwrap_or(code).bytes().all(|b| b.is_ascii_digit())
    }

    /// Every name of the person.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.first_names
            .iter()
            .map(String::as_str)
            .chain([self.birth_name.as_str()])
            .chain(self.used_name.as_deref())
    }

    /// The first of the first names, the one a person is greeted by.
    pub fn first_name(&self) -> &str {
        self.first_names.first().map_or("", String::as_str)
    }

    /// The name in use, else the birth name.
    pub fn last_name(&self) -> &str {
        self.used_name.as_deref().unwrap_or(&self.birth_name)
    }

    /// The same traits with names in the composed Unicode form (NFC), so that
    /// an accent compares equal however it was typed.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        let nfc = |name: &str| name.trim().nfc().collect::<String>();
        self.birth_name = nfc(&self.birth_name);
        self.used_name = self.used_name.as_deref().map(nfc).filter(|name| !name.is_empty());
        self.first_names = self.first_names.iter().map(|name| nfc(name)).collect();
        self
    }
}

/// A name as it is compared: letters A to Z alone, so that accents, hyphens and case do
/// not keep a professional from finding their patient.
pub fn comparable_name(name: &str) -> String {
    let spelled = name.to_lowercase().replace('œ', "oe").replace('æ', "ae");
    spelled.nfd().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether the person is under 18 on `today`.
pub fn is_minor(birth_date: Date, today: Date) -> bool {
    let birthday = (birth_date.month(), birth_date.day());
    let years =
        today.year() - birth_date.year() - i16::from((today.month(), today.day()) < birthday);
    years < MAJORITY_YEARS
}

/// The day a person comes of age: the 18th birthday, 1 March for those born on
/// 29 February where the year has none.
pub fn majority_on(birth_date: Date) -> Date {
    let year = birth_date.year() + MAJORITY_YEARS;
    Date::new(year, birth_date.month(), birth_date.day())
        .or_else(|_| Date::new(year, 3, 1))
        .unwrap_or(Date::MAX)
}

/// Letters with marks, apostrophes, hyphens, spaces and full stops; at least
/// one letter.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| {
        c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | ' ' | '.' | '\u{300}'..='\u{36f}')
    };
    name.chars().count() <= NAME_CHARS_MAX
        && name.chars().any(char::is_alphabetic)
        && name.chars().all(allowed)
}

impl fmt::Debug for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traits(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn zoe() -> Traits {
        Traits {
            birth_name: "Le-Goff".into(),
            used_name: None,
            first_names: vec!["Zélie".into(), "Anne".into()],
            birth_date: jiff::civil::date(1984, 5, 3),
            sex: Sex::F,
            birth_place: "29019".into(),
        }
    }

    #[test]
    fn names_are_letters_with_what_french_puts_between() {
        for name in ["Zélie", "d’Aubigny", "N'Diaye", "Jean-Baptiste", "Le Goff", "Zoe\u{301}"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", " ", "-", "R2D2", "<b>", "a\nb", &"a".repeat(101)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_name_is_found_however_it_is_typed() {
        for typed in ["Jean-Éric", "JEAN ERIC", "jean eric", "Je\u{301}an-Eric"] {
            assert_eq!(comparable_name(typed), "JEANERIC", "{typed}");
        }
        assert_eq!(comparable_name("Lebœuf"), "LEBOEUF");
    }

    #[test]
    fn one_comes_of_age_on_the_birthday() {
        let born = jiff::civil::date(2008, 2, 29);
        assert!(is_minor(born, jiff::civil::date(2026, 2, 28)));
        assert!(!is_minor(born, jiff::civil::date(2026, 3, 1)));
    }

    #[test]
    fn majority_begins_the_day_one_stops_being_a_minor() {
        for born in [jiff::civil::date(2008, 2, 29), jiff::civil::date(2009, 12, 31)] {
            let day = majority_on(born);
            assert!(!is_minor(born, day));
            assert!(day.yesterday().is_ok_and(|before| is_minor(born, before)));
        }
    }

    #[test]
    fn a_birthplace_is_an_insee_code() {
        let place = |code: &str| Traits { birth_place: code.into(), ..zoe() }.birth_place_is_code();
        assert!(place("29019") && place("2A004") && place("99352"));
        assert!(!place("2C004") && !place("2901") && !place("290199") && !place(""));
    }
}
