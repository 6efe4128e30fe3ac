//! Breaking text into lines by the font's own widths. Must not know the page.

use krilla::text::Font;

/// The fonts of every document: Atkinson Hyperlegible Next, drawn for low
/// vision (SIL Open Font License, see `fonts/OFL.txt`).
static REGULAR: &[u8] = include_bytes!("../fonts/regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/bold.ttf");

/// A font that can be measured and drawn.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) font: Font,
    bytes: &'static [u8],
}

/// The regular and the bold face; `None` if the files built in are not fonts.
pub(crate) fn faces() -> Option<(Face, Face)> {
    let face = |bytes: &'static [u8]| Some(Face { font: Font::new(bytes.into(), 0)?, bytes });
    Some((face(REGULAR)?, face(BOLD)?))
}

impl Face {
    /// Breaks `text` at spaces into lines of at most `width` points at `size`.
    /// A word longer than a line stands alone and overflows.
    pub(crate) fn wrap(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let Ok(measure) = ttf_parser::Face::parse(self.bytes, 0) else {
            return vec![text.to_owned()];
        };
        let scale = size / f32::from(measure.units_per_em());
        let advance = |c: char| {
            let glyph = measure.glyph_index(c).unwrap_or(ttf_parser::GlyphId(0));
            f32::from(measure.glyph_hor_advance(glyph).unwrap_or(0)) * scale
        };
        let mut lines = Vec::new();
        let (mut line, mut used) = (String::new(), 0.0_f32);
        // Only the plain space breaks: a no-break space stays in its word.
        for word in words(text) {
            let word_width: f32 = word.chars().map(advance).sum();
            let space = if line.is_empty() { 0.0 } else { advance(' ') };
            if !line.is_empty() && used + space + word_width > width {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            if !line.is_empty() {
                line.push(' ');
                used += space;
            }
            line.push_str(&word);
            used += word_width;
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// The text with characters that the font lacks replaced by `?`: a letter
    /// with one odd sign is better than none.
    pub(crate) fn drawable(&self, text: &str) -> String {
        let Ok(measure) = ttf_parser::Face::parse(self.bytes, 0) else {
            return text.to_owned();
        };
        text.chars().map(|c| if measure.glyph_index(c).is_some() { c } else { '?' }).collect()
    }
}

/// The words of a text, each with the signs that French sets off by a space and
/// that must not begin a line (`:`, `;`, `?`, `!`, `»`) or end one (`«`).
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut opened = false;
    for part in text.split(' ').filter(|part| !part.is_empty()) {
        let closes = part.starts_with([':', ';', '?', '!', '»']);
        match words.last_mut() {
            Some(last) if closes || opened => {
                last.push(' ');
                last.push_str(part);
            }
            _ => words.push(part.to_owned()),
        }
        opened = part == "«";
    }
    words
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Face")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_whole_words_and_lose_none() {
        let (regular, _) = faces().unwrap();
        let text = "Vous avez le choix jusqu’au 14 février 2027 : l’activer, ou le refuser.";
        let lines = regular.wrap(text, 12.0, 120.0);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
        assert!(regular.wrap("", 12.0, 120.0).is_empty());
    }

    #[test]
    fn no_line_begins_with_what_closes_nor_ends_with_what_opens() {
        let (regular, _) = faces().unwrap();
        let text = "Lisez ce refus : les professionnels « de santé » le lisent encore ; puis non !";
        for width in [60.0, 90.0, 120.0, 150.0] {
            for line in regular.wrap(text, 12.0, width) {
                assert!(!line.starts_with([':', ';', '!', '»']), "{line}");
                assert!(!line.ends_with('«'), "{line}");
            }
        }
    }

    #[test]
    fn french_is_in_the_font_and_the_rest_is_shown_as_missing() {
        let (regular, bold) = faces().unwrap();
        let french = "àâçéèêëîïôœùûüÿ ÀÂÇÉÈÊËÎÏÔŒÙÛÜŸ « » ’ – — € … \u{a0}\u{202f}";
        assert_eq!(regular.drawable(french), french);
        assert_eq!(bold.drawable(french), french);
        assert_eq!(regular.drawable("漢"), "?");
    }
}
