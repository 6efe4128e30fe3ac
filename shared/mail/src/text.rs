//! Bytes as text, whatever they say they are; text as it may be shown. Must not know where it
//! came from.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use mail_parser::decoders::html::html_to_text;

/// Longest name of a file, characters.
const NAME_CHARS_MAX: usize = 100;
/// Tags that begin a line of their own.
const BLOCKS: [&str; 9] = ["<div", "<p", "<br", "<li", "<tr", "<h1", "<h2", "<h3", "<table"];

/// Decodes a text. What says nothing true of itself is read as browsers do: valid UTF-8 is
/// UTF-8, and what is neither that nor as declared is windows-1252.
pub(crate) fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let declared = charset.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let has_high = bytes.iter().any(|byte| *byte >= 0x80);
    // Single-byte sets take any byte for a letter: of valid UTF-8 that is never what was meant.
    let is_single_byte = declared.is_none_or(Encoding::is_single_byte);
    if let (true, true, Ok(text)) = (has_high, is_single_byte, std::str::from_utf8(bytes)) {
        return text.to_owned();
    }
    let encoding = declared.unwrap_or(UTF_8);
    let (text, _, had_errors) = encoding.decode(bytes);
    if had_errors && encoding == UTF_8 {
        return WINDOWS_1252.decode(bytes).0.into_owned();
    }
    text.into_owned()
}

/// The words of an HTML text. It is text from then on: whatever shows it escapes it.
pub(crate) fn of_html(html: &str) -> String {
    let mut spaced = String::with_capacity(html.len());
    let lower = html.to_ascii_lowercase();
    let mut from = 0;
    for (at, _) in lower.match_indices('<') {
        let rest = lower.get(at..).unwrap_or_default();
        if BLOCKS.iter().any(|tag| rest.starts_with(tag)) {
            spaced.push_str(html.get(from..at).unwrap_or_default());
            spaced.push_str("<br>");
            from = at;
        }
    }
    spaced.push_str(html.get(from..).unwrap_or_default());
    html_to_text(&spaced)
}

/// A text as it may be shown: one kind of line end, no control character, nothing that turns
/// the direction of what follows.
pub(crate) fn shown(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String =
        lines.chars().filter(|c| matches!(c, '\n' | '\t') || !is_hidden(*c)).collect();
    clean.trim().to_owned()
}

/// The same on one line, cut to a length.
pub(crate) fn one_line(text: &str, chars_max: usize) -> String {
    let words = shown(text).split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(chars_max).collect()
}

/// The name of a file: its own, without a path, short, nothing that deceives.
pub fn file_name(claimed: Option<&str>) -> String {
    let last = claimed.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last.chars().map(|c| if ":*?\"<>|".contains(c) { '_' } else { c }).collect();
    let name = one_line(&safe, NAME_CHARS_MAX);
    let name = name.trim_start_matches(['.', ' ']);
    if name.is_empty() { "Pièce jointe".to_owned() } else { name.to_owned() }
}

/// What is not seen, or changes how the rest is seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
                | '\u{2028}' | '\u{2029}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_whatever_it_says_it_is() {
        assert_eq!(decode("été".as_bytes(), Some("us-ascii")), "été");
        assert_eq!(decode(b"\xe9t\xe9", Some("utf-8")), "été");
        assert_eq!(decode(b"\xe9t\xe9", Some("iso-8859-1")), "été");
        assert_eq!(decode("été".as_bytes(), Some("x-mac-foo")), "été");
        assert_eq!(decode(b"\x80", Some("windows-1252")), "€");
        assert_eq!(decode(b"h\0i\0", Some("utf-16le")), "hi");
    }

    #[test]
    fn names_keep_nothing_that_deceives() {
        assert_eq!(file_name(Some("../../etc/passwd.pdf")), "passwd.pdf");
        assert_eq!(file_name(Some("C:\\x\\rap\u{202e}fdp.exe")), "rapfdp.exe");
        assert_eq!(file_name(Some("a\r\nb.pdf")), "a b.pdf");
        assert_eq!(file_name(Some("...")), "Pièce jointe");
        assert_eq!(file_name(None), "Pièce jointe");
        assert_eq!(file_name(Some(&"é".repeat(900))).chars().count(), 100);
    }

    #[test]
    fn words_of_html_stay_apart_and_scripts_are_no_words() {
        let html = "<div>un</div><div>deux</div><script>alert(1)</script><ul><li>a</li><li>b</li>";
        let text = shown(&of_html(html));
        assert!(!text.contains("alert"), "{text}");
        let words: Vec<_> = text.split_whitespace().collect();
        assert_eq!(words, ["un", "deux", "a", "b"]);
    }
}
