//! The value sets of the access matrix, compiled in: which professions form a column,
//! which document types each column may read. Source: `data/*.csv`, from the CNAM's
//! "Matrice d'habilitations" of 25 September 2024 and the ANS value sets (`domain.md`
//! B2, B4). Must not know who asks, nor whether anyone consents: the matrix is one check
//! of many.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

include!(concat!(env!("OUT_DIR"), "/value_sets.rs"));

/// Occupational medicine (specialty SM25): never, even with consent (`domain.md` C6).
const OCCUPATIONAL_MEDICINE: &[&str] = &["SM25", "G15_10/SM25"];
/// Pharmacists of section G: medical biologists (value set of author specialties).
const BIOLOGIST_PHARMACISTS: &[&str] = &["G", "G15_21/G"];
/// The code of physicians.
const PHYSICIAN: &str = "10";
/// The code of pharmacists.
const PHARMACIST: &str = "21";
/// The code under which a regulator of the SAMU asks.
const REGULATOR: &str = "SAMU";

/// Directives anticipées, personne de confiance.
const STATEMENTS: [&str; 2] = ["EXPPAT_1", "EXPPAT_3"];

/// A profession's row.
struct ProfessionRow {
    code: &'static str,
    display: &'static str,
    /// Care, not the social and medico-social sector, whose access the decree of 26
    /// October 2023 left unsettled: off (`domain.md` B4).
    is_care: bool,
    group: Option<MatrixGroup>,
}

/// A document type's row.
struct TypeRow {
    code: &'static str,
    system: &'static str,
    display: &'static str,
    class: &'static str,
    category: &'static str,
    category_label: &'static str,
    by_patient: bool,
    /// One bit a group, in the order of the groups.
    readers: u32,
}

/// A document type of value set J07.
#[derive(Clone, Copy)]
pub struct DocumentType(&'static TypeRow);

impl MatrixGroup {
    /// The column of a professional. `None` opens nothing: professions that no column
    /// names, occupational physicians, and the social sector.
    pub fn of(profession: &str, specialty: Option<&str>) -> Option<Self> {
        let row = PROFESSIONS.iter().find(|row| row.code == profession && row.group.is_some())?;
        let specialty = specialty.unwrap_or_default();
        if !row.is_care || (profession == PHYSICIAN && OCCUPATIONAL_MEDICINE.contains(&specialty)) {
            return None;
        }
        if profession == PHARMACIST && BIOLOGIST_PHARMACISTS.contains(&specialty) {
            return Some(Self::PharmacienBiologiste);
        }
        row.group
    }

    /// Whether a professional is of the care, medico-social or social sector, whose
    /// professionals write to persons (`domain.md` A27, B9): every profession that a column
    /// names, whether or not the column is open; never an occupational physician.
    pub fn may_write(profession: &str, specialty: Option<&str>) -> bool {
        let is_known = PROFESSIONS.iter().any(|row| row.code == profession && row.group.is_some());
        let is_occupational = profession == PHYSICIAN
            && OCCUPATIONAL_MEDICINE.contains(&specialty.unwrap_or_default());
        is_known && !is_occupational
    }

    /// Whether this profession is that of a regulator of the SAMU.
    pub fn is_regulator(profession: &str) -> bool {
        profession == REGULATOR
    }

    /// A profession in French, as its value set has it.
    pub fn profession_display(profession: &str) -> Option<&'static str> {
        PROFESSIONS.iter().find(|row| row.code == profession).map(|row| row.display)
    }

    /// The bit of this group.
    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl DocumentType {
    /// Every type, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TYPES.iter().map(Self)
    }

    /// The type of that code.
    pub fn parse(code: &str) -> Option<Self> {
        let index = TYPES.binary_search_by(|row| row.code.cmp(code)).ok()?;
        TYPES.get(index).map(Self)
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// The OID of its code system.
    pub fn system(self) -> &'static str {
        self.0.system
    }

    /// Its French name.
    pub fn display(self) -> &'static str {
        self.0.display
    }

    /// Its class (J06).
    pub fn class(self) -> &'static str {
        self.0.class
    }

    /// The category it is shown under; `None` for what is not shown to a person.
    pub fn category(self) -> Option<&'static str> {
        Some(self.0.category).filter(|category| !category.is_empty())
    }

    /// The category's French name.
    pub fn category_label(self) -> &'static str {
        self.0.category_label
    }

    /// Whether the person deposits documents of this type.
    pub fn is_deposited_by_patient(self) -> bool {
        self.0.by_patient
    }

    /// Whether the person states their will by it: one at a time, none for minors
    /// (`domain.md` B2: directives anticipées, personne de confiance).
    pub fn is_statement(self) -> bool {
        STATEMENTS.contains(&self.code())
    }

    /// Whether the matrix lets a group read it.
    pub fn is_readable_by(self, group: MatrixGroup) -> bool {
        self.0.readers & group.bit() != 0
    }
}

impl std::hash::Hash for DocumentType {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.code().hash(state);
    }
}

impl Serialize for MatrixGroup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl Serialize for DocumentType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for DocumentType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("not a document type"))
    }
}

impl PartialEq for DocumentType {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for DocumentType {}

impl std::fmt::Debug for DocumentType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DocumentType({})", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_whom_no_column_names_get_no_group() {
        let none = [("10", Some("SM25")), ("10", Some("G15_10/SM25")), ("36", None), ("93", None)];
        for (profession, specialty) in none {
            assert_eq!(MatrixGroup::of(profession, specialty), None, "{profession}");
        }
        // Unknown, and the social sector that is switched off.
        for profession in ["", "999", "41", "331", "ALIM_AM"] {
            assert_eq!(MatrixGroup::of(profession, None), None, "{profession}");
        }
        let some = |p, s| MatrixGroup::of(p, s).map(MatrixGroup::key);
        assert_eq!(some("10", Some("SM54")), Some("medecin"));
        assert_eq!(some("21", None), Some("pharmacien_officine_pui"));
        assert_eq!(some("21", Some("G15_21/G")), Some("pharmacien_biologiste"));
        assert_eq!(some("60", None), Some("infirmier"));
        assert_eq!(some("SAMU", None), Some("medecin"));
    }
}
