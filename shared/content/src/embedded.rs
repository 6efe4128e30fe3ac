//! Media inside a structured document, in base64: a way in for what would be refused by
//! itself, so each is judged like a document of its own. Must not know where it stood.

use data_encoding::Specification;

use crate::xml::{Element, Visitor, decode, walk};
use crate::{Inspector, Media, Refused};

/// Base64 as documents write it: broken into lines.
fn base64() -> Result<data_encoding::Encoding, Refused> {
    let mut specification: Specification = data_encoding::BASE64.specification();
    specification.ignore.push_str(" \t\r\n");
    specification.encoding().map_err(|_| Refused::Unreadable)
}

/// Judges one medium.
pub(crate) fn check(text: &str) -> Result<(), Refused> {
    if text.trim().is_empty() {
        return Ok(());
    }
    let bytes = base64()?.decode(text.as_bytes()).map_err(|_| Refused::Malformed)?;
    let head = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_marked = bytes.starts_with(&[0xef, 0xbb, 0xbf]);
    if is_marked || head == Some(&b'<') {
        return walk(&decode(&bytes)?, &mut Harmless);
    }
    let mut inspector = Inspector::default();
    inspector.feed(&bytes)?;
    match inspector.finish()?.media {
        Media::Pdf | Media::Png | Media::Jpeg | Media::Tiff | Media::Rtf | Media::Text => Ok(()),
        // A document inside a document inside a document is nobody's.
        Media::Dicom | Media::Cda | Media::Fhir => Err(Refused::Unsupported),
    }
}

/// XML that is data: neither a page nor a drawing, which may hold scripts.
struct Harmless;

impl Visitor for Harmless {
    fn start(&mut self, element: &Element<'_>) -> Result<(), Refused> {
        let nests = element.attribute("representation")?.as_deref() == Some("B64");
        match element.name.to_ascii_lowercase().as_str() {
            "html" | "svg" | "script" => Err(Refused::Active),
            // A document inside a document inside a document is nobody's.
            "clinicaldocument" => Err(Refused::Unsupported),
            _ if nests => Err(Refused::Unsupported),
            _ => Ok(()),
        }
    }

    fn end(&mut self, _depth: usize, _text: String) -> Result<(), Refused> {
        Ok(())
    }

    fn wants_text(&self) -> bool {
        false
    }
}
