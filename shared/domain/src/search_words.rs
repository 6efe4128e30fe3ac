//! The words of a text as a search compares them. Must not know what is searched.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text: without accents, in lower case, ligatures spelled out.
pub fn search_words(text: &str) -> Vec<String> {
    let spelled = text.to_lowercase().replace('œ', "oe").replace('æ', "ae");
    let bare: String = spelled.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let words = bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_accents_and_with_their_numbers() {
        let found = search_words("Échographie du cœur, 2024");
        assert_eq!(found, ["echographie", "du", "coeur", "2024"]);
        assert!(search_words(" -- ").is_empty());
    }
}
