//! Reading XML that may be hostile: decoded first, no DOCTYPE, no entities but the five,
//! bounded depth and size, read to its end. Must not know what the elements mean.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::Refused;

/// Deepest element.
const DEPTH_MAX: usize = 100;
/// Most elements.
const ELEMENTS_MAX: u64 = 500_000;
/// Bytes in which an encoding is declared.
const DECLARATION_BYTES: usize = 200;
/// Encodings that are taken.
const ENCODINGS: [&str; 6] =
    ["utf-8", "us-ascii", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1252"];

/// What an element's visitor is told.
pub(crate) trait Visitor {
    /// An element begins: its namespace, its name, how deep it is (the root is 1).
    fn start(&mut self, element: &Element<'_>) -> Result<(), Refused>;
    /// The last element begun ends; its own text, without that of its children.
    fn end(&mut self, depth: usize, text: String) -> Result<(), Refused>;
    /// Whether the text of the element just begun is wanted.
    fn wants_text(&self) -> bool;
}

/// An element that begins.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) depth: usize,
    start: &'a BytesStart<'a>,
}

impl Element<'_> {
    /// An attribute without a prefix.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<String>, Refused> {
        for attribute in self.start.attributes() {
            let attribute = attribute.map_err(|_| Refused::Malformed)?;
            if attribute.key.as_ref() == name {
                let value = attribute
                    .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    .map_err(|_| Refused::Malformed)?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }
}

/// The text of an XML file, whatever its encoding.
pub(crate) fn decode(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, Refused> {
    let (encoding, body) = encoding_of(bytes)?;
    encoding.decode_without_bom_handling_and_without_replacement(body).ok_or(Refused::Malformed)
}

/// The encoding of a file, and its bytes without the mark.
fn encoding_of(bytes: &[u8]) -> Result<(&'static encoding_rs::Encoding, &[u8]), Refused> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return Ok((encoding, bytes.get(mark..).unwrap_or_default()));
    }
    match bytes.get(..4) {
        Some([0, b'<', 0, _]) => return Ok((encoding_rs::UTF_16BE, bytes)),
        Some([b'<', 0, _, 0]) => return Ok((encoding_rs::UTF_16LE, bytes)),
        _ => {}
    }
    let head = bytes.get(..DECLARATION_BYTES.min(bytes.len())).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let declared = head
        .trim_start()
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split("?>").next())
        .and_then(|declaration| declaration.split("encoding").nth(1))
        .and_then(|rest| rest.split(['"', '\'']).nth(1));
    let Some(label) = declared.map(str::to_ascii_lowercase) else {
        return Ok((encoding_rs::UTF_8, bytes));
    };
    if !ENCODINGS.contains(&label.as_str()) || label == "utf-16" {
        // Said to be UTF-16 without looking like it.
        return Err(Refused::Malformed);
    }
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
    Ok((encoding.ok_or(Refused::Malformed)?, bytes))
}

/// Walks a whole file.
pub(crate) fn walk(text: &str, visitor: &mut impl Visitor) -> Result<(), Refused> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let (mut depth, mut elements) = (0, 0_u64);
    let mut texts: Vec<Option<String>> = Vec::new();
    let mut has_root = false;
    loop {
        let (resolved, event) = reader.read_resolved_event().map_err(|_| Refused::Malformed)?;
        let namespace = match resolved {
            ResolveResult::Bound(namespace) => namespace.into_inner(),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return Err(Refused::Malformed),
        };
        match event {
            Event::DocType(_) => return Err(Refused::Malformed),
            Event::Start(start) | Event::Empty(start) if depth == 0 && has_root => {
                drop(start);
                return Err(Refused::Malformed);
            }
            Event::Start(start) => {
                depth += 1;
                begin(&start, namespace, depth, &mut elements, visitor)?;
                texts.push(visitor.wants_text().then(String::new));
                has_root = true;
            }
            Event::Empty(start) => {
                begin(&start, namespace, depth + 1, &mut elements, visitor)?;
                visitor.end(depth + 1, String::new())?;
                has_root = true;
            }
            Event::End(_) => {
                let text = texts.pop().flatten().unwrap_or_default();
                visitor.end(depth, text)?;
                depth = depth.checked_sub(1).ok_or(Refused::Malformed)?;
            }
            Event::Text(content) => put(&mut texts, &content.xml10_content(), depth)?,
            Event::CData(content) => put(&mut texts, &content.xml10_content(), depth)?,
            Event::GeneralRef(reference) => {
                let named = reference.resolve_char_ref().map_err(|_| Refused::Malformed)?;
                if let Some(c) = named {
                    put(&mut texts, c.encode_utf8(&mut [0; 4]), depth)?;
                } else {
                    let known = quick_xml::escape::resolve_predefined_entity(&reference);
                    put(&mut texts, known.ok_or(Refused::Malformed)?, depth)?;
                }
            }
            Event::Eof if depth == 0 && has_root => return Ok(()),
            Event::Eof => return Err(Refused::Truncated),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn begin(
    start: &BytesStart<'_>,
    namespace: &str,
    depth: usize,
    elements: &mut u64,
    visitor: &mut impl Visitor,
) -> Result<(), Refused> {
    *elements += 1;
    if depth > DEPTH_MAX || *elements > ELEMENTS_MAX {
        return Err(Refused::TooComplex);
    }
    let local = start.local_name();
    visitor.start(&Element { namespace, name: local.as_ref(), depth, start })
}

/// Adds to the text of the element that is open, where it is wanted.
fn put(texts: &mut [Option<String>], text: &str, depth: usize) -> Result<(), Refused> {
    if depth == 0 {
        // Beside the root there is only white space.
        let is_blank = text.trim().is_empty();
        return if is_blank { Ok(()) } else { Err(Refused::Malformed) };
    }
    if let Some(Some(open)) = texts.last_mut() {
        open.push_str(text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(Vec<String>);

    impl Visitor for Names {
        fn start(&mut self, element: &Element<'_>) -> Result<(), Refused> {
            self.0.push(element.name.to_owned());
            Ok(())
        }
        fn end(&mut self, _depth: usize, text: String) -> Result<(), Refused> {
            self.0.push(text);
            Ok(())
        }
        fn wants_text(&self) -> bool {
            true
        }
    }

    fn read(bytes: &[u8]) -> Result<Vec<String>, Refused> {
        let mut names = Names(Vec::new());
        walk(&decode(bytes)?, &mut names)?;
        Ok(names.0)
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>".to_vec();
        let mut wide = vec![0xff, 0xfe];
        wide.extend("<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes));
        let mut marked = vec![0xef, 0xbb, 0xbf];
        marked.extend("<?xml version='1.0' encoding='UTF-8'?>\n<a>&#233;</a>".as_bytes());
        for bytes in [latin, wide, marked, "<a>é</a>".as_bytes().to_vec()] {
            assert_eq!(read(&bytes).unwrap(), ["a", "é"]);
        }
    }

    #[test]
    fn what_grows_fetches_or_breaks_off_is_refused() {
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        let refused: [(&str, Refused); 10] = [
            (
                "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                Refused::Malformed,
            ),
            ("<!DOCTYPE a><a/>", Refused::Malformed),
            ("<a>&x;</a>", Refused::Malformed),
            ("<a><b></a>", Refused::Malformed),
            ("<a/><a/>", Refused::Malformed),
            ("<a/>text", Refused::Malformed),
            ("<p:a/>", Refused::Malformed),
            ("<a>", Refused::Truncated),
            ("", Refused::Truncated),
            (&deep, Refused::TooComplex),
        ];
        for (text, why) in refused {
            assert_eq!(read(text.as_bytes()), Err(why), "{text}");
        }
        assert_eq!(read(b"<?xml version='1.0' encoding='UTF-7'?><a/>"), Err(Refused::Malformed));
        assert_eq!(read(b"<a>\xff</a>"), Err(Refused::Malformed));
    }
}
