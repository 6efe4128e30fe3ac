//! DICOM: key image notes and images, by the file's own meta information (PS3.10).
//! Must not know the other types.

use crate::Refused;

/// Where `DICM` stands.
const MAGIC_AT: usize = 128;
/// Longest meta information read.
const META_BYTES_MAX: usize = 4_096;
/// Key Object Selection.
const KEY_OBJECT: &str = "1.2.840.10008.5.1.4.1.1.88.59";
/// The storage classes.
const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";
/// Encapsulated PDF, CDA, models: another document inside, not inspected.
const ENCAPSULATED: &str = "1.2.840.10008.5.1.4.1.1.104.";

/// Whether bytes begin as DICOM does.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.get(MAGIC_AT..MAGIC_AT + 4) == Some(b"DICM")
}

/// Judges the beginning of a file.
pub(crate) fn check(head: &[u8]) -> Result<(), Refused> {
    // A free preamble makes one file two: it must say nothing.
    let preamble = head.get(..MAGIC_AT).ok_or(Refused::Truncated)?;
    if preamble.iter().any(|byte| *byte != 0) {
        return Err(Refused::Active);
    }
    let meta = head.get(MAGIC_AT + 4..).unwrap_or_default();
    let meta = meta.get(..META_BYTES_MAX.min(meta.len())).unwrap_or_default();
    let class = element(meta, 0x0002, 0x0002).ok_or(Refused::Unsupported)?;
    let class = std::str::from_utf8(class).map_err(|_| Refused::Unsupported)?;
    let class = class.trim_end_matches(['\0', ' ']);
    if class.starts_with(ENCAPSULATED) {
        return Err(Refused::Active);
    }
    if class == KEY_OBJECT || class.starts_with(STORAGE) {
        return Ok(());
    }
    Err(Refused::Unsupported)
}

/// The value of an element of the meta group: explicit VR, little endian.
fn element(meta: &[u8], group: u16, number: u16) -> Option<&[u8]> {
    let mut rest = meta;
    while let Some((head, after)) = rest.split_at_checked(8) {
        let word = |at: usize| Some(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?]));
        let (own_group, own_number) = (word(0)?, word(2)?);
        if own_group != 0x0002 {
            return None;
        }
        let is_long = matches!(head.get(4..6)?, b"OB" | b"OW" | b"UN" | b"SQ" | b"UT");
        let (length, after) = if is_long {
            let (long, after) = after.split_at_checked(4)?;
            (u32::from_le_bytes(long.try_into().ok()?), after)
        } else {
            (u32::from(word(6)?), after)
        };
        let (value, next) = after.split_at_checked(usize::try_from(length).ok()?)?;
        if (own_group, own_number) == (group, number) {
            return Some(value);
        }
        rest = next;
    }
    None
}
