//! The French national insurance number (*NIR*), 13 characters and a key.
//! Source: `domain.md` B1 (INSEE shape, key = 97 − n mod 97, Corsica).
//! Must not know how a NIR is looked up: it is never a key nor stored in clear.

use std::fmt;

/// Characters of a NIR without its key.
const NIR_CHARS: usize = 13;

/// A well-formed NIR without its key. Deliberately has no `Display` and a
/// `Debug` that shows nothing: a NIR must reach no log and no error.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nir(String);

/// Why a text is not a NIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NirError {
    /// Not sex, year, month, département, commune, order.
    #[error("not the shape of a NIR")]
    Shape,
    /// The two-digit key does not follow from the number.
    #[error("wrong NIR key")]
    Key,
}

impl Nir {
    /// Reads the 13 characters.
    ///
    /// Sex 1 or 2; month 01–12, or 20–99 for months that are unknown or
    /// fictive; département two digits, or `2A`/`2B` (capitals).
    pub fn parse(text: &str) -> Result<Self, NirError> {
        if text.len() != NIR_CHARS || !text.is_ascii() {
            return Err(NirError::Shape);
        }
        let at = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let month_known = matches!(at(3, 5).parse::<u8>(), Ok(1..=12 | 20..=99));
        let department = at(5, 7);
        let good = matches!(at(0, 1), "1" | "2")
            && digits(at(1, 5))
            && month_known
            && (digits(department) || matches!(department, "2A" | "2B"))
            && digits(at(7, NIR_CHARS));
        if good { Ok(Self(text.to_owned())) } else { Err(NirError::Shape) }
    }

    /// Reads the 13 characters and checks the two-digit key.
    pub fn parse_with_key(text: &str, key: &str) -> Result<Self, NirError> {
        let nir = Self::parse(text)?;
        // Compared as text: a parser would take "+5" for 5.
        if key == format!("{:02}", nir.key()) { Ok(nir) } else { Err(NirError::Key) }
    }

    /// The key, 1–97. `2A` and `2B` count as 19 and 18.
    pub fn key(&self) -> u8 {
        let numeric = self.0.replacen("2A", "19", 1).replacen("2B", "18", 1);
        let remainder = numeric
            .bytes()
            .fold(0_u32, |rest, b| (rest * 10 + u32::from(b.wrapping_sub(b'0'))) % 97);
        u8::try_from(97 - remainder).unwrap_or(97)
    }

    /// The 13 characters, for hashing and sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nir(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `domain.md` B1, "Vectors recomputed here".
    const VECTORS: [(&str, u8); 10] = [
        ("2550814168025", 38),
        ("2940375120005", 91),
        ("1531245007231", 60),
        ("2840588321025", 32),
        ("284052A321025", 52),
        ("284052B321025", 79),
        ("284202B321025", 28),
        ("284992B321025", 31),
        ("2620875032039", 77),
        ("1891275125012", 82),
    ];

    #[test]
    fn the_key_follows_from_the_number_in_corsica_too() {
        for (text, key) in VECTORS {
            assert_eq!(Nir::parse(text).map(|nir| nir.key()), Ok(key), "{text}");
            assert!(Nir::parse_with_key(text, &format!("{key:02}")).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_wrong_key_is_told_from_a_wrong_shape() {
        assert_eq!(Nir::parse_with_key("2840588321025", "30"), Err(NirError::Key));
        assert_eq!(Nir::parse_with_key("2840588321025", "+32"), Err(NirError::Key));
        assert_eq!(Nir::parse_with_key("2840588321025", "+5"), Err(NirError::Key));
        for shape in [
            "",
            "284058832102",
            "28405883210255",
            "3840588321025",
            "2841388321025",
            "2840588A21025",
            "284052C321025",
            "284052a321025",
            "28405８832102",
        ] {
            assert_eq!(Nir::parse(shape), Err(NirError::Shape), "{shape}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_well_formed_number_has_one_key_and_no_other(
            number in "[12][0-9]{2}(0[1-9]|1[0-2]|[2-9][0-9])([0-9]{2}|2A|2B)[0-9]{6}",
            key in "[0-9]{2}",
        ) {
            let nir = Nir::parse(&number).unwrap();
            proptest::prop_assert!((1..=97).contains(&nir.key()));
            let fits = key == format!("{:02}", nir.key());
            proptest::prop_assert_eq!(Nir::parse_with_key(&number, &key).is_ok(), fits);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,20}", key in ".{0,4}") {
            let _read = Nir::parse_with_key(&text, &key);
        }
    }

    #[test]
    fn a_nir_shows_nothing_in_debug() {
        assert_eq!(Nir::parse("2840588321025").map(|n| format!("{n:?}")), Ok("Nir(…)".into()));
    }
}
