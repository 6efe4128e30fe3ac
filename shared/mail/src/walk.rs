//! The parts of a mail, found without recursion and within limits. Only header blocks are
//! given to the library: its reading of a whole hostile mail can be without end, or a tree too
//! deep to be freed. Must not know what the parts are for.

use std::ops::Range;

use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, MimeHeaders};

use crate::Unfit;

/// How deep parts may lie within parts.
const DEPTH_MAX: usize = 20;
/// Most parts in all.
const PARTS_MAX: usize = 100;
/// Longest header block of the mail, bytes, and most fields.
const ROOT_HEADER_BYTES_MAX: usize = 256 * 1_024;
const ROOT_FIELDS_MAX: usize = 500;
/// Longest header block of a part, bytes.
const PART_HEADER_BYTES_MAX: usize = 16 * 1_024;
/// Longest `Content-…` field: its continuations are put together one by one.
const CONTENT_FIELD_BYTES_MAX: usize = 8 * 1_024;
/// Longest boundary (RFC 2046 has 70).
const BOUNDARY_BYTES_MAX: usize = 200;

/// A part that has no parts.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Its media type, in lower case.
    pub(crate) media: String,
    /// Its character set, as declared.
    pub(crate) charset: Option<String>,
    /// Its name, as claimed.
    pub(crate) name: Option<String>,
    /// Whether it asks to be saved rather than shown.
    pub(crate) is_attachment: bool,
    /// What the part around it is, where it is one of several versions of the same.
    pub(crate) alternative: Option<usize>,
    /// How many mails it lies within.
    pub(crate) forwarded: usize,
    /// Its bytes, as they were before they were encoded.
    pub(crate) bytes: Vec<u8>,
}

/// A mail taken apart.
#[derive(Debug)]
pub(crate) struct Walked<'x> {
    /// Its own header.
    pub(crate) header: Option<Message<'x>>,
    /// Its parts, in order.
    pub(crate) leaves: Vec<Leaf>,
    /// The headers of mails within it: subject and sender, in order.
    pub(crate) forwarded: Vec<(String, String)>,
}

/// A range to be looked at.
struct Part {
    range: Range<usize>,
    depth: usize,
    alternative: Option<usize>,
    forwarded: usize,
}

/// What a header says of the part that follows it.
struct Said {
    media: String,
    charset: Option<String>,
    name: Option<String>,
    boundary: Option<String>,
    encoding: String,
    is_attachment: bool,
}

/// Takes a mail apart.
pub(crate) fn walk(raw: &[u8]) -> Result<Walked<'_>, Unfit> {
    let (block, body) = split(raw, 0..raw.len());
    require_header(raw.get(block.clone()).unwrap_or_default(), ROOT_HEADER_BYTES_MAX)?;
    let header = raw.get(block).and_then(|b| MessageParser::default().parse_headers(b));
    let mut walked = Walked { header, leaves: Vec::new(), forwarded: Vec::new() };
    let said = said(walked.header.as_ref());
    let root = Part { range: body, depth: 0, alternative: None, forwarded: 0 };
    let mut left = Vec::new();
    let mut parts = 1;
    step(raw, &root, said, &mut walked, &mut left)?;
    // The last pushed is the first of what is left: parts come in their order.
    while let Some(part) = left.pop() {
        parts += 1;
        if parts > PARTS_MAX {
            return Err(Unfit::TooManyAttachments);
        }
        if part.depth > DEPTH_MAX {
            return Err(Unfit::TooDeep);
        }
        let (block, body) = split(raw, part.range.clone());
        let block = raw.get(block).unwrap_or_default();
        require_header(block, PART_HEADER_BYTES_MAX)?;
        let header = MessageParser::default().parse_headers(block);
        let said = self::said(header.as_ref());
        step(raw, &Part { range: body, ..part }, said, &mut walked, &mut left)?;
    }
    Ok(walked)
}

/// Looks at one part: its own parts are left to be looked at, or it is a leaf.
fn step(
    raw: &[u8],
    part: &Part,
    said: Said,
    walked: &mut Walked<'_>,
    left: &mut Vec<Part>,
) -> Result<(), Unfit> {
    if said.media == "message/rfc822" && !is_encoded(&said.encoding) {
        if part.depth + 1 > DEPTH_MAX {
            return Err(Unfit::TooDeep);
        }
        let (block, body) = split(raw, part.range.clone());
        let block = raw.get(block).unwrap_or_default();
        require_header(block, PART_HEADER_BYTES_MAX)?;
        let header = MessageParser::default().parse_headers(block);
        walked.forwarded.push(who_and_what(header.as_ref()));
        // The mail within is one part of it, with its own header.
        left.push(Part {
            range: part.range.start..body.end,
            depth: part.depth + 1,
            alternative: None,
            forwarded: part.forwarded + 1,
        });
        return Ok(());
    }
    let boundary = said.boundary.as_deref().filter(|_| said.media.starts_with("multipart/"));
    let children = boundary.and_then(|boundary| children(raw, &part.range, boundary));
    if let Some(children) = children {
        let is_alternative = said.media == "multipart/alternative";
        let alternative = if is_alternative { Some(part.range.start) } else { part.alternative };
        for range in children.into_iter().rev() {
            left.push(Part {
                range,
                depth: part.depth + 1,
                alternative,
                forwarded: part.forwarded,
            });
        }
        return Ok(());
    }
    let bytes = raw.get(part.range.clone()).unwrap_or_default();
    // A multipart whose parts cannot be told apart is the text that it is.
    let is_multipart = said.media.starts_with("multipart/");
    walked.leaves.push(Leaf {
        media: if is_multipart { "text/plain".to_owned() } else { said.media },
        charset: said.charset,
        name: said.name,
        is_attachment: said.is_attachment,
        alternative: part.alternative,
        forwarded: part.forwarded,
        bytes: decoded(bytes, &said.encoding),
    });
    Ok(())
}

/// The header block of a range, and what follows it.
fn split(raw: &[u8], range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let bytes = raw.get(range.clone()).unwrap_or_default();
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            let end = range.start + at;
            return (range.start..end, end..range.end);
        }
    }
    // No empty line: all of it is header.
    (range.clone(), range.end..range.end)
}

/// Refuses a header block that is more than anyone writes.
fn require_header(block: &[u8], bytes_max: usize) -> Result<(), Unfit> {
    if block.len() > bytes_max {
        return Err(Unfit::Headers);
    }
    let (mut fields, mut content_bytes) = (0, 0);
    let mut in_content = false;
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        if !continues {
            fields += 1;
            content_bytes = 0;
            let name = line.get(..8).unwrap_or_default();
            in_content = name.eq_ignore_ascii_case(b"content-");
        }
        content_bytes += line.len();
        if fields > ROOT_FIELDS_MAX || (in_content && content_bytes > CONTENT_FIELD_BYTES_MAX) {
            return Err(Unfit::Headers);
        }
    }
    Ok(())
}

/// What a header says of its part.
fn said(header: Option<&Message<'_>>) -> Said {
    let kind = header.and_then(MimeHeaders::content_type);
    let media = kind.map_or_else(
        || "text/plain".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")),
    );
    let attribute = |name| kind.and_then(|kind| kind.attribute(name)).map(str::to_owned);
    let disposition = header.and_then(MimeHeaders::content_disposition);
    let encoding = header.and_then(MimeHeaders::content_transfer_encoding).unwrap_or_default();
    Said {
        media: media.to_ascii_lowercase(),
        charset: attribute("charset"),
        name: header.and_then(MimeHeaders::attachment_name).map(str::to_owned),
        boundary: attribute("boundary").filter(|b| !b.is_empty() && b.len() <= BOUNDARY_BYTES_MAX),
        encoding: encoding.trim().to_ascii_lowercase(),
        is_attachment: disposition.is_some_and(|kind| kind.ctype() == "attachment"),
    }
}

/// Who wrote a mail within the mail, and about what.
fn who_and_what(header: Option<&Message<'_>>) -> (String, String) {
    let Some(header) = header else { return Default::default() };
    let from = header.header_values(HeaderName::From).find_map(HeaderValue::as_address);
    let who = from
        .and_then(|list| list.first())
        .and_then(|one| one.name.as_deref().or(one.address.as_deref()).map(str::to_owned));
    (who.unwrap_or_default(), header.subject().unwrap_or_default().to_owned())
}

/// The parts between boundaries; `None` where the boundary never comes.
fn children(raw: &[u8], range: &Range<usize>, boundary: &str) -> Option<Vec<Range<usize>>> {
    let bytes = raw.get(range.clone())?;
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut begun, mut at) = (None, range.start);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(mark.as_slice());
        let (is_mark, is_end) = rest.map_or((false, false), |rest| {
            let is_end = rest.starts_with(b"--");
            let blank = rest.strip_prefix(b"--").unwrap_or(rest);
            (blank.iter().all(u8::is_ascii_whitespace), is_end)
        });
        if is_mark {
            if let Some(start) = begun {
                found.push(start..without_line_end(raw, start, at));
            }
            begun = Some(at + line.len());
            if is_end || found.len() > PARTS_MAX {
                return Some(found);
            }
        }
        at += line.len();
    }
    // Cut off: what has begun goes to the end.
    let start = begun?;
    found.push(start..range.end);
    Some(found)
}

/// The end of a part, whose last line end belongs to the boundary.
fn without_line_end(raw: &[u8], start: usize, end: usize) -> usize {
    let bytes = raw.get(start..end).unwrap_or_default();
    let cut = if bytes.ends_with(b"\r\n") { 2 } else { usize::from(bytes.ends_with(b"\n")) };
    end - cut
}

fn is_encoded(encoding: &str) -> bool {
    matches!(encoding, "base64" | "quoted-printable")
}

/// The bytes before they were encoded; what is no part of the encoding is passed over.
fn decoded(bytes: &[u8], encoding: &str) -> Vec<u8> {
    match encoding {
        "base64" => base64(bytes),
        "quoted-printable" => quoted_printable_decode(bytes).unwrap_or_else(|| bytes.to_vec()),
        _ => bytes.to_vec(),
    }
}

/// Base64 with whatever else passed over (RFC 2045 section 6.8): lines that have anything
/// foreign in them are passed over whole, for a letter of theirs would shift all the rest.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut digits = Vec::with_capacity(bytes.len());
    for line in bytes.split(|byte| *byte == b'\n') {
        let bare = line.trim_ascii();
        let body = bare.strip_suffix(b"==").or(bare.strip_suffix(b"=")).unwrap_or(bare);
        if body.iter().all(is_digit) {
            digits.extend_from_slice(body);
        }
    }
    // A last digit alone holds no byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    let lenient = data_encoding::BASE64_NOPAD.decode(&digits);
    lenient.or_else(|_| loose().decode(&digits)).unwrap_or_default()
}

/// Base64 whose last bits may be anything.
fn loose() -> data_encoding::Encoding {
    let mut spec = data_encoding::BASE64_NOPAD.specification();
    spec.check_trailing_bits = false;
    spec.encoding().unwrap_or(data_encoding::BASE64_NOPAD)
}
