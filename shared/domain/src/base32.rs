//! Crockford's base 32 (<https://www.crockford.com/base32.html>), the alphabet
//! of every identifier and code that a person may have to read aloud.
//! Must not know what it encodes.

/// Digits then letters without `i`, `l`, `o`, `u`: nothing that a worn printer
/// or a tired eye takes for something else, and no accidental words.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Encodes `bytes`, five bits a character, most significant first, lower case,
/// no padding; the last character is filled with zero bits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(symbol(buffer >> bits));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(symbol(buffer << (5 - bits)));
    }
    text
}

/// The character of the low five bits of `value`.
fn symbol(value: u32) -> char {
    let index = usize::try_from(value & 31).unwrap_or(0);
    ALPHABET.get(index).copied().map_or('0', char::from)
}

/// The canonical character for one that a person typed: case is folded and the
/// look-alikes are read as Crockford says (`i` and `l` as 1, `o` as 0).
/// `None` for anything outside the alphabet (`u` included).
fn canonical(typed: char) -> Option<char> {
    let folded = match typed.to_ascii_lowercase() {
        'i' | 'l' => '1',
        'o' => '0',
        other => other,
    };
    (folded.is_ascii() && ALPHABET.contains(&(folded as u8))).then_some(folded)
}

/// Reads exactly `length` symbols as a person types them: any case, spaces and
/// hyphens ignored, look-alikes folded. Upper case, as printed.
pub(crate) fn read(typed: &str, length: usize) -> Option<String> {
    let symbols: Option<String> = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(length + 1)
        .map(canonical)
        .collect();
    symbols.filter(|symbols| symbols.len() == length).map(|symbols| symbols.to_uppercase())
}

/// Groups of four joined by hyphens, as printed.
pub(crate) fn grouped(symbols: &str) -> String {
    let mut text = String::with_capacity(symbols.len() * 5 / 4);
    for (index, symbol) in symbols.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        text.push(symbol);
    }
    text
}

/// Whether `text` is made of the canonical alphabet only.
pub(crate) fn is_canonical(text: &str) -> bool {
    text.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes_become_twenty_six_characters() {
        assert_eq!(encode(&[0; 16]), "0".repeat(26));
        assert_eq!(encode(&[0xff; 16]), format!("{}w", "z".repeat(25)));
    }

    #[test]
    fn look_alikes_are_read_as_what_was_meant() {
        assert_eq!(canonical('O'), Some('0'));
        assert_eq!(canonical('l'), Some('1'));
        assert_eq!(canonical('I'), Some('1'));
        assert_eq!(canonical('u'), None);
        assert_eq!(canonical('é'), None);
    }
}
