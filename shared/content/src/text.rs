//! Plain text in UTF-8. Must not know the other types.

use crate::Refused;

/// What a text may not begin with: another format in disguise.
const OTHERS: [&str; 12] = [
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<script",
    "<iframe",
    "<svg",
    "<!--",
    "<?php",
    "<%",
    "#!",
    "mime-version:",
];

/// Judges a whole text.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::Unsupported)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_plain = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{c}')
            || (c >= ' ' && c != '\u{7f}' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    if !text.chars().all(is_plain) {
        return Err(Refused::Unsupported);
    }
    let head: String = text.trim_start().chars().take(16).collect();
    let head = head.to_ascii_lowercase();
    if OTHERS.iter().any(|other| head.starts_with(other)) {
        return Err(Refused::Active);
    }
    Ok(())
}
