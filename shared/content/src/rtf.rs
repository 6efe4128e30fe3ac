//! RTF: words that run or fetch something are refused. Must not know the other types.

use crate::Refused;

/// Control words that embed, link, run or hide.
const ACTIVE_WORDS: [&str; 10] = [
    "object",
    "objdata",
    "objemb",
    "objlink",
    "objautlink",
    "objocx",
    "objupdate",
    "objhtml",
    "template",
    "bin",
];
/// Fields that run or fetch.
const ACTIVE_FIELDS: [&str; 6] =
    ["DDE", "DDEAUTO", "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "LINK"];
/// Characters after a field's beginning in which its word stands.
const FIELD_CHARS: usize = 256;

/// Judges a whole RTF.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Refused> {
    let is_plain = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if !bytes.iter().all(is_plain) {
        return Err(Refused::Unsupported);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::Unsupported)?;
    if !text.trim_end().ends_with('}') {
        return Err(Refused::Truncated);
    }
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let word: &str = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if ACTIVE_WORDS.contains(&word) {
            return Err(Refused::Active);
        }
        if word == "fldinst" {
            let field = rest.get(..FIELD_CHARS.min(rest.len())).unwrap_or_default();
            let mut words = field.split(|c: char| !c.is_ascii_alphabetic());
            if words.any(|word| ACTIVE_FIELDS.contains(&word.to_ascii_uppercase().as_str())) {
                return Err(Refused::Active);
            }
        }
        // An escaped backslash begins no word.
        if word.is_empty() && rest.starts_with('\\') {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    Ok(())
}
