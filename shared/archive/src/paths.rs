//! Names of files that a person can read, on whatever system they unpack them: no character
//! that one of them refuses, no two alike. Must not know what the files hold.

use std::collections::HashSet;

/// Longest part of a path, characters: with folders it stays under what Windows takes.
const PART_CHARS_MAX: usize = 80;
/// Names that Windows keeps for itself.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The paths given so far.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    given: HashSet<String>,
}

impl Paths {
    /// A path that nothing has yet: `folder/name.extension`, a number after the name where it
    /// was given before. Case does not tell two apart: it does not everywhere.
    pub fn give(&mut self, folders: &[&str], name: &str, extension: &str) -> String {
        let folders: Vec<_> = folders.iter().map(|folder| part(folder)).collect();
        let name = part(name);
        let mut number = 1_u64;
        loop {
            let numbered = if number == 1 { name.clone() } else { format!("{name} ({number})") };
            let file = format!("{numbered}.{extension}");
            let path = folders.iter().chain([&file]).cloned().collect::<Vec<_>>().join("/");
            if self.given.insert(path.to_lowercase()) {
                return path;
            }
            number += 1;
        }
    }
}

/// A part of a path: what no file system refuses.
fn part(text: &str) -> String {
    let safe = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
        c if c.is_control() => ' ',
        // What turns the direction of text around hides an ending.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c => c,
    };
    let clean: String = text.chars().map(safe).take(PART_CHARS_MAX).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = clean.trim_matches(['.', ' ']).to_owned();
    if clean.is_empty() || RESERVED.contains(&clean.to_lowercase().as_str()) {
        return format!("{clean}_");
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_everywhere_and_nobody_elses() {
        let mut paths = Paths::default();
        let mut give = |name: &str| paths.give(&["Comptes rendus"], name, "pdf");
        assert_eq!(give("Écho : foie / rein"), "Comptes rendus/Écho - foie - rein.pdf");
        assert_eq!(give("Radio"), "Comptes rendus/Radio.pdf");
        assert_eq!(give("radio"), "Comptes rendus/radio (2).pdf");
        assert_eq!(give("../../etc/passwd"), "Comptes rendus/-..-etc-passwd.pdf");
        assert_eq!(give("con"), "Comptes rendus/con_.pdf");
        assert_eq!(give(" \u{202e}.. "), "Comptes rendus/_.pdf");
        assert_eq!(give(&"é".repeat(300)).chars().count(), 15 + 80 + 4);
    }
}
