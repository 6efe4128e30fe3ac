//! The name under which a content is saved, whatever its title (RFC 6266, RFC 8187).
//!
//! Must not know: what the title means.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest name without its ending, bytes.
const NAME_BYTES_MAX: usize = 120;
/// Names that some systems keep for themselves.
const RESERVED: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
/// What RFC 8187 leaves bare.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The header of a download.
pub(crate) fn attachment(title: &str, extension: &str) -> String {
    let name = file_name(title);
    let bare: String = name.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let fallback: String = bare
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(&name, ATTRIBUTE);
    format!(
        "attachment; filename=\"{fallback}.{extension}\"; \
         filename*=UTF-8''{encoded}.{extension}"
    )
}

/// A title as the name of a file.
fn file_name(title: &str) -> String {
    let shown = title.nfc().filter(|c| !c.is_control() && !is_invisible(*c));
    let safe: String = shown.map(|c| if "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let words = safe.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut name = String::new();
    for c in words.trim_matches(['.', ' ']).chars() {
        if name.len() + c.len_utf8() > NAME_BYTES_MAX {
            break;
        }
        name.push(c);
    }
    let name = name.trim_end_matches(['.', ' ']).to_owned();
    let upper = name.to_ascii_uppercase();
    let is_port = ["COM", "LPT"]
        .iter()
        .any(|port| upper.strip_prefix(port).is_some_and(|rest| rest.len() == 1 && rest != "0"));
    if name.is_empty() || is_port || RESERVED.contains(&upper.as_str()) {
        return "document".to_owned();
    }
    name
}

/// What changes how a name reads without being seen.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{2028}' | '\u{2029}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_title_survives() {
        assert_eq!(
            attachment("Échographie 12/03", "pdf"),
            "attachment; filename=\"Echographie 12_03.pdf\"; \
             filename*=UTF-8''%C3%89chographie%2012_03.pdf"
        );
        for title in ["", "...", "CON", "com1", "\u{202e}", "\r\nSet-Cookie: x", "a\"b\\c%"] {
            let header = attachment(title, "txt");
            assert!(header.is_ascii() && !header.contains(['\r', '\n']), "{header}");
            assert_eq!(header.matches('"').count(), 2, "{header}");
        }
        assert!(attachment("CON", "txt").contains("document.txt"));
        assert!(attachment(&"é".repeat(500), "pdf").len() < 700);
    }
}
