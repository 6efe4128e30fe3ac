//! Bytes as they come, to what they are. Must not know what is inside each type.

use crate::pdf::PdfScanner;
use crate::{Header, Media, Refused, cda, dicom, fhir, rtf, text};

/// Largest structured document or text: it is read whole.
pub const STRUCTURED_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Bytes by which a type is recognised.
const HEAD_BYTES: usize = 8 * 1024;
/// Bytes of the end that are looked at: a ZIP's end record with its longest comment.
const TAIL_BYTES: usize = 66_000;
/// Bytes before the end of a PDF in which `%%EOF` stands.
const PDF_END_BYTES: usize = 2_048;

/// What bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The type.
    pub media: Media,
    /// What a clinical document says of itself.
    pub header: Option<Header>,
}

/// Inspects bytes as they come.
#[derive(Debug, Default)]
pub struct Inspector {
    head: Vec<u8>,
    tail: Vec<u8>,
    size: u64,
    kind: Option<Kind>,
}

/// How a content is being inspected.
#[derive(Debug)]
enum Kind {
    Pdf(Box<PdfScanner>),
    Png(PngWalk),
    Jpeg,
    Tiff,
    Dicom,
    /// RTF, text, XML, JSON: read whole.
    Whole(Vec<u8>),
}

/// Inspects bytes in memory.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, Refused> {
    let mut inspector = Inspector::default();
    inspector.feed(bytes)?;
    inspector.finish()
}

impl Inspector {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.size += bytes.len() as u64;
        self.tail.extend_from_slice(
            bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default(),
        );
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        if self.kind.is_some() {
            return self.take(bytes);
        }
        self.head.extend_from_slice(bytes);
        if self.head.len() < HEAD_BYTES {
            return Ok(());
        }
        self.recognise()
    }

    /// Judges the whole.
    pub fn finish(mut self) -> Result<Inspected, Refused> {
        if self.size == 0 {
            return Err(Refused::Empty);
        }
        if self.kind.is_none() {
            self.recognise()?;
        }
        if has_archive(&self.tail) {
            return Err(Refused::Active);
        }
        let Some(kind) = self.kind else {
            return Err(Refused::Unsupported);
        };
        let plain = |media| Ok(Inspected { media, header: None });
        match kind {
            Kind::Pdf(scanner) => {
                let from = self.tail.len().saturating_sub(PDF_END_BYTES);
                let end = self.tail.get(from..).unwrap_or_default();
                if !end.windows(5).any(|window| window == b"%%EOF") {
                    return Err(Refused::Truncated);
                }
                scanner.finish()?;
                plain(Media::Pdf)
            }
            Kind::Png(walk) if walk.is_over => plain(Media::Png),
            Kind::Jpeg if self.tail.windows(2).any(|window| window == [0xff, 0xd9]) => {
                plain(Media::Jpeg)
            }
            Kind::Png(_) | Kind::Jpeg => Err(Refused::Truncated),
            Kind::Tiff => tiff(&self.head, self.size).and_then(|()| plain(Media::Tiff)),
            Kind::Dicom => dicom::check(&self.head).and_then(|()| plain(Media::Dicom)),
            Kind::Whole(bytes) => whole(&bytes),
        }
    }

    /// Recognises the type by the head, then takes it.
    fn recognise(&mut self) -> Result<(), Refused> {
        let head = self.head.as_slice();
        let kind = if head.starts_with(b"%PDF-1.") || head.starts_with(b"%PDF-2.") {
            Kind::Pdf(Box::default())
        } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            Kind::Png(PngWalk::default())
        } else if head.starts_with(&[0xff, 0xd8, 0xff]) {
            Kind::Jpeg
        } else if head.starts_with(b"II\x2a\0") || head.starts_with(b"MM\0\x2a") {
            Kind::Tiff
        } else if dicom::begins(head) {
            Kind::Dicom
        } else {
            Kind::Whole(Vec::new())
        };
        self.kind = Some(kind);
        let first = std::mem::take(&mut self.head);
        let taken = self.take(&first);
        self.head = first;
        self.head.truncate(HEAD_BYTES);
        self.head.shrink_to_fit();
        taken
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        match &mut self.kind {
            Some(Kind::Pdf(scanner)) => scanner.feed(bytes),
            Some(Kind::Png(walk)) => walk.feed(bytes),
            Some(Kind::Whole(whole)) => {
                if whole.len() + bytes.len() > STRUCTURED_BYTES_MAX {
                    return Err(Refused::StructuredTooLarge);
                }
                whole.extend_from_slice(bytes);
                Ok(())
            }
            Some(Kind::Jpeg | Kind::Tiff | Kind::Dicom) | None => Ok(()),
        }
    }
}

/// Judges what is read whole, by its beginning.
fn whole(bytes: &[u8]) -> Result<Inspected, Refused> {
    if bytes.starts_with(b"{\\rtf") {
        rtf::check(bytes)?;
        return Ok(Inspected { media: Media::Rtf, header: None });
    }
    let unmarked = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let is_wide =
        matches!(bytes.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff] | [0, b'<'] | [b'<', 0]));
    match unmarked.iter().find(|byte| !byte.is_ascii_whitespace()) {
        _ if is_wide => clinical(Media::Cda, cda::read(bytes)),
        Some(b'<') => clinical(Media::Cda, cda::read(bytes)),
        Some(b'{') => clinical(Media::Fhir, fhir::read(bytes)),
        _ => text::check(bytes).map(|()| Inspected { media: Media::Text, header: None }),
    }
}

fn clinical(media: Media, header: Result<Header, Refused>) -> Result<Inspected, Refused> {
    header.map(|header| Inspected { media, header: Some(header) })
}

/// Whether an archive ends where the file ends: a program appended to a picture.
fn has_archive(tail: &[u8]) -> bool {
    let record = tail.windows(4).rposition(|window| window == b"PK\x05\x06");
    let Some(at) = record else {
        return false;
    };
    let comment = tail.get(at + 20..at + 22).and_then(|bytes| bytes.try_into().ok());
    let comment = comment.map(u16::from_le_bytes);
    comment.is_some_and(|comment| at + 22 + usize::from(comment) == tail.len())
}

/// Judges the beginning of a TIFF.
fn tiff(head: &[u8], size: u64) -> Result<(), Refused> {
    let little = head.starts_with(b"II");
    let bytes: [u8; 4] =
        head.get(4..8).and_then(|bytes| bytes.try_into().ok()).ok_or(Refused::Truncated)?;
    let offset = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
    if offset < 8 || u64::from(offset) + 2 > size {
        return Err(Refused::Truncated);
    }
    Ok(())
}

/// Walks the chunks of a PNG to its end; nothing follows it.
#[derive(Debug, Default)]
struct PngWalk {
    pending: Vec<u8>,
    skip: u64,
    is_begun: bool,
    is_over: bool,
    ends_after_skip: bool,
}

/// Bytes of the signature.
const PNG_SIGNATURE: u64 = 8;

impl PngWalk {
    fn feed(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut rest = bytes;
        if !self.is_begun {
            self.is_begun = true;
            self.skip = PNG_SIGNATURE;
        }
        while !rest.is_empty() {
            if self.is_over {
                return Err(Refused::Unsupported);
            }
            if self.skip > 0 {
                let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest.len());
                rest = rest.get(skipped..).unwrap_or_default();
                self.skip -= skipped as u64;
                self.is_over = self.skip == 0 && self.ends_after_skip;
                continue;
            }
            let wanted = (8 - self.pending.len()).min(rest.len());
            let (more, left) = rest.split_at(wanted);
            self.pending.extend_from_slice(more);
            rest = left;
            if let Ok(header) = <[u8; 8]>::try_from(self.pending.as_slice()) {
                let [a, b, c, d, kind @ ..] = header;
                // Data, then a checksum.
                self.skip = u64::from(u32::from_be_bytes([a, b, c, d])) + 4;
                self.ends_after_skip = &kind == b"IEND";
                if !kind.iter().all(u8::is_ascii_alphabetic) {
                    return Err(Refused::Unsupported);
                }
                self.pending.clear();
            }
        }
        Ok(())
    }
}
