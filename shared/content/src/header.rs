//! What a clinical document says of itself. Must not know which format said it.

use jiff::civil::Date;

/// What a CDA or FHIR document says of itself, for its entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Its own name, `root` or `root^extension`.
    pub unique_id: Option<String>,
    /// Its type: code and the OID of the code's system.
    pub document_type: Option<(String, String)>,
    /// Its title.
    pub title: Option<String>,
    /// The day of the act it is about, as written there.
    pub event_date: Option<Date>,
    /// Whose it is.
    pub patient: PatientClaim,
    /// Who wrote it.
    pub author: Option<String>,
    /// Where its author works.
    pub organization: Option<String>,
    /// The names of documents it replaces.
    pub replaces: Vec<String>,
}

/// Whose a document says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientClaim {
    /// The first 13 characters of each national matricule: INS-NIR, INS-NIA.
    pub matricules: Vec<String>,
    /// The same of test identities.
    pub test_matricules: Vec<String>,
    /// Whether a matricule came with a key that does not fit it.
    pub has_wrong_key: bool,
    /// Family names.
    pub family_names: Vec<String>,
    /// Birth date.
    pub birth_date: Option<Date>,
}

/// OIDs of the national identity (`domain.md` B1): INS-NIR and INS-NIA.
const NATIONAL: [&str; 2] = ["1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"];
/// Those of test and demonstration identities.
const TEST: [&str; 2] = ["1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11"];
/// Characters of a matricule without its key.
const MATRICULE_CHARS: usize = 13;

impl PatientClaim {
    /// Notes an identifier. Only national matricules say who a person is: a social
    /// security number (…4.13, …4.14) may be the parent's, a local number may look like
    /// a NIR.
    pub(crate) fn identifier(&mut self, system: &str, value: &str) {
        let system = system.strip_prefix("urn:oid:").unwrap_or(system);
        let known = if NATIONAL.contains(&system) {
            &mut self.matricules
        } else if TEST.contains(&system) {
            &mut self.test_matricules
        } else {
            return;
        };
        let value: String = value.chars().filter(|c| !c.is_whitespace()).collect();
        let value = value.to_uppercase();
        let matricule: String = value.chars().take(MATRICULE_CHARS).collect();
        if matricule.chars().count() != MATRICULE_CHARS {
            return;
        }
        let key = value.get(matricule.len()..).unwrap_or_default();
        if !key.is_empty() && key_of(&matricule).is_none_or(|right| right != key) {
            self.has_wrong_key = true;
        }
        if !known.contains(&matricule) {
            known.push(matricule);
        }
    }

    /// Whether it names more than one person.
    pub(crate) fn is_several(&self) -> bool {
        self.matricules.len() > 1 || self.test_matricules.len() > 1
    }
}

/// The key of a matricule: 97 less its remainder, Corsica's letters read as 19 and 18.
fn key_of(matricule: &str) -> Option<String> {
    let digits = matricule.replacen("2A", "19", 1).replacen("2B", "18", 1);
    let number: u64 = digits.parse().ok()?;
    Some(format!("{:02}", 97 - number % 97))
}

/// The day of a timestamp as it is written (`YYYYMMDD…`, or `YYYY-MM-DD…`): never moved
/// by its offset. `None` where there is no whole date.
pub(crate) fn written_day(text: &str) -> Option<Date> {
    let head: String = text.trim().chars().filter(|c| *c != '-').take(8).collect();
    if head.len() != 8 || !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| head.get(range)?.parse::<i16>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A document's name in one form: CDA and FHIR ids of the same document compare.
pub fn canonical_id(root: &str, extension: Option<&str>) -> Option<String> {
    let root = root.trim();
    let root = root.strip_prefix("urn:oid:").or(root.strip_prefix("urn:uuid:")).unwrap_or(root);
    if root.is_empty() {
        return None;
    }
    // A UUID is the same in either case; an OID has none.
    let root = root.to_ascii_lowercase();
    match extension.map(str::trim).filter(|extension| !extension.is_empty()) {
        Some(extension) => Some(format!("{root}^{extension}")),
        None => Some(root),
    }
}

/// A text without line breaks and doubled spaces, cut at `max` characters.
pub(crate) fn collapsed(text: &str, max: usize) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words.join(" ").chars().take(max).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_taken_as_written() {
        let day = |text: &str| written_day(text).map(|day| day.to_string());
        assert_eq!(day("20240131235900+0200").as_deref(), Some("2024-01-31"));
        assert_eq!(day("2024-01-31T23:59:00-10:00").as_deref(), Some("2024-01-31"));
        assert_eq!(day("20240131").as_deref(), Some("2024-01-31"));
        for incomplete in ["2024", "202401", "2024-01", "20240230", "", "hier"] {
            assert_eq!(day(incomplete), None, "{incomplete}");
        }
    }

    #[test]
    fn only_national_matricules_say_who_a_person_is() {
        let mut claim = PatientClaim::default();
        claim.identifier("1.2.250.1.213.1.4.13", "255081416802538");
        claim.identifier("1.2.3.4", "1234567890121");
        assert_eq!(claim, PatientClaim::default());
        claim.identifier("urn:oid:1.2.250.1.213.1.4.8", "2 55 08 14 168 025 38");
        claim.identifier("1.2.250.1.213.1.4.8", "2550814168025");
        assert_eq!(claim.matricules, ["2550814168025"]);
        assert!(!claim.has_wrong_key && !claim.is_several());
        claim.identifier("1.2.250.1.213.1.4.9", "284052A32102526");
        assert!(claim.has_wrong_key && claim.is_several());
    }

    #[test]
    fn ids_of_both_formats_compare() {
        let id = canonical_id("urn:uuid:ABCD-1", None);
        assert_eq!(id, canonical_id("abcd-1", Some(" ")));
        assert_eq!(canonical_id("urn:oid:1.2", Some("7")).as_deref(), Some("1.2^7"));
    }
}
