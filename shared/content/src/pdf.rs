//! PDF: active content is refused, by a scan of every byte and of every object stream.
//!
//! No object model: a viewer repairs what is broken in ways of its own, so what a parser
//! believes to be dead may live. Every action that runs, fetches or attaches something
//! must name it (ISO 32000 section 12.6); the names are looked for everywhere, also in
//! object streams, where they are compressed. Must not know who reads the document.

use flate2::{Decompress, FlushDecompress, Status};

use crate::Refused;

/// Names that run, fetch or attach something. `OpenAction`, `AA`, `AcroForm` and `URI`
/// do nothing by themselves: what they point to is judged.
const ACTIVE_NAMES: [&[u8]; 10] = [
    b"JavaScript",
    b"Launch",
    b"RichMedia",
    b"Rendition",
    b"SubmitForm",
    b"ImportData",
    b"GoToR",
    b"GoToE",
    b"EmbeddedFile",
    b"OnInstantiate",
];
/// Short names that count only before a dictionary, an array or a reference: in
/// compressed bytes they occur by chance.
const ACTIVE_BEFORE_VALUE: [&[u8]; 2] = [b"EF", b"XFA"];
/// Longest name looked at.
const NAME_BYTES_MAX: usize = 64;
/// Bytes after a name in which what it leads to must stand.
const LOOKAHEAD_BYTES: usize = 4_096;
/// Bytes before a name in which its dictionary began.
const LOOKBEHIND_BYTES: usize = 2_048;
/// Inflated bytes: this many times the file, and some.
const INFLATED_FACTOR: u64 = 8;
const INFLATED_BYTES: u64 = 16 * 1024 * 1024;
/// Most object streams.
const OBJECT_STREAMS_MAX: u32 = 50_000;
/// Object streams inflated at once: they do not overlap in a good file.
const INFLATING_MAX: usize = 4;
/// Bytes inflated at a time.
const PIECE_BYTES: usize = 32 * 1024;

/// Scans a PDF as it comes.
#[derive(Debug, Default)]
pub(crate) struct PdfScanner {
    buffer: Vec<u8>,
    /// Bytes of the buffer already scanned.
    scanned: usize,
    /// Bytes that came before the buffer.
    dropped: u64,
    fed: u64,
    inflated: u64,
    object_streams: u32,
    is_encrypted: bool,
    inflating: Vec<Inflating>,
}

/// An object stream being inflated.
#[derive(Debug)]
struct Inflating {
    inflater: Decompress,
    /// The next byte it takes, counted in the file.
    next: u64,
    output: Vec<u8>,
    is_filtered: bool,
    has_given: bool,
    is_over: bool,
}

impl PdfScanner {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.fed += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        self.scan(false)?;
        // What may still be looked back at stays.
        let keep_from = self.scanned.saturating_sub(LOOKBEHIND_BYTES);
        self.buffer.drain(..keep_from);
        self.dropped += keep_from as u64;
        self.scanned -= keep_from;
        Ok(())
    }

    /// Judges the end.
    pub(crate) fn finish(mut self) -> Result<(), Refused> {
        self.scan(true)?;
        if self.is_encrypted && self.object_streams > 0 {
            // Its object streams cannot be looked into.
            return Err(Refused::Unreadable);
        }
        Ok(())
    }

    fn scan(&mut self, at_end: bool) -> Result<(), Refused> {
        let end = if at_end {
            self.buffer.len()
        } else {
            self.buffer.len().saturating_sub(LOOKAHEAD_BYTES)
        };
        let buffer = std::mem::take(&mut self.buffer);
        let scanned = self.scan_names(&buffer, end);
        let inflated = scanned.and_then(|()| self.inflate(&buffer));
        self.buffer = buffer;
        self.scanned = self.scanned.max(end);
        inflated
    }

    fn scan_names(&mut self, buffer: &[u8], end: usize) -> Result<(), Refused> {
        let from = self.scanned;
        for slash in memchr::memchr_iter(b'/', buffer.get(from..end).unwrap_or_default()) {
            let at = from + slash;
            let (name, after) = name_at(buffer, at + 1);
            judge(&name, buffer.get(after..).unwrap_or_default())?;
            match name.as_slice() {
                b"Encrypt" if leads_to_value(buffer.get(after..).unwrap_or_default(), false) => {
                    self.is_encrypted = true;
                }
                b"First" => self.begin_object_stream(buffer, at, after)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A dictionary with `/First n` before `stream` is an object stream, whatever its
    /// type says.
    fn begin_object_stream(
        &mut self,
        buffer: &[u8],
        at: usize,
        after: usize,
    ) -> Result<(), Refused> {
        let ahead = buffer.get(after..).unwrap_or_default();
        let ahead = ahead.get(..LOOKAHEAD_BYTES.min(ahead.len())).unwrap_or_default();
        let stream = match end_of_dictionary(ahead) {
            DictionaryEnd::Stream(at) => at,
            // Longer than is looked through: what follows may hide in it.
            DictionaryEnd::Beyond if ahead.len() >= LOOKAHEAD_BYTES => {
                return Err(Refused::Unreadable);
            }
            DictionaryEnd::Object | DictionaryEnd::Beyond => return Ok(()),
        };
        let mut body = after + stream + b"stream".len();
        if buffer.get(body) == Some(&b'\r') {
            body += 1;
        }
        if buffer.get(body) == Some(&b'\n') {
            body += 1;
        }
        let behind = buffer.get(at.saturating_sub(LOOKBEHIND_BYTES)..at).unwrap_or_default();
        let begins = behind.windows(3).rposition(|window| window == b"obj").unwrap_or(0);
        let from = at.saturating_sub(LOOKBEHIND_BYTES) + begins;
        let dictionary = buffer.get(from..after + stream).unwrap_or_default();
        let Some(is_filtered) = filter_of(dictionary) else {
            return Err(Refused::Unreadable);
        };
        self.object_streams += 1;
        if self.object_streams > OBJECT_STREAMS_MAX || self.inflating.len() >= INFLATING_MAX {
            return Err(Refused::TooComplex);
        }
        self.inflating.push(Inflating {
            inflater: Decompress::new(true),
            next: self.dropped + body as u64,
            output: Vec::new(),
            is_filtered,
            has_given: false,
            is_over: false,
        });
        // What is here of it already: short ones are over at once.
        self.inflate(buffer)
    }

    /// Gives the object streams under way the bytes they have not seen.
    fn inflate(&mut self, buffer: &[u8]) -> Result<(), Refused> {
        let limit = self.fed * INFLATED_FACTOR + INFLATED_BYTES;
        for stream in &mut self.inflating {
            let from = usize::try_from(stream.next.saturating_sub(self.dropped));
            let from = from.unwrap_or(usize::MAX);
            let Some(input) = buffer.get(from..) else {
                continue;
            };
            stream.next += input.len() as u64;
            self.inflated += stream.take(input, limit - self.inflated.min(limit))?;
            if self.inflated >= limit {
                return Err(Refused::TooComplex);
            }
        }
        self.inflating.retain(|stream| !stream.is_over);
        Ok(())
    }
}

impl Inflating {
    /// Inflates and judges; how many bytes came out.
    fn take(&mut self, mut input: &[u8], limit: u64) -> Result<u64, Refused> {
        let mut given = 0;
        let first = input.iter().find(|byte| !is_space(**byte));
        let is_plain = first.is_none_or(u8::is_ascii_digit);
        while !self.is_over && !input.is_empty() && given < limit {
            let mut piece = vec![0; PIECE_BYTES];
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self.inflater.decompress(input, &mut piece, FlushDecompress::None);
            let read = usize::try_from(self.inflater.total_in() - read).unwrap_or(usize::MAX);
            let written = self.inflater.total_out() - written;
            given += written;
            input = input.get(read..).unwrap_or_default();
            piece.truncate(usize::try_from(written).unwrap_or(0));
            self.has_given |= written > 0;
            self.judge(&piece)?;
            match status {
                Ok(Status::StreamEnd) => self.is_over = true,
                Ok(_) if read == 0 && written == 0 => break,
                Ok(_) => {}
                // Uncompressed, it begins with numbers and was scanned as it stood.
                Err(_) if !self.is_filtered && is_plain => self.is_over = true,
                Err(_) if self.has_given => self.is_over = true,
                Err(_) => return Err(Refused::Unreadable),
            }
        }
        Ok(given)
    }

    /// Judges what came out, with the end of what came before.
    fn judge(&mut self, piece: &[u8]) -> Result<(), Refused> {
        self.output.extend_from_slice(piece);
        for at in 0..self.output.len() {
            if self.output.get(at) == Some(&b'/') {
                let (name, after) = name_at(&self.output, at + 1);
                judge(&name, self.output.get(after..).unwrap_or_default())?;
            }
        }
        let kept = self.output.len().saturating_sub(2 * NAME_BYTES_MAX);
        self.output.drain(..kept);
        Ok(())
    }
}

/// Judges a name by what follows it.
fn judge(name: &[u8], after: &[u8]) -> Result<(), Refused> {
    let leads = leads_to_value(after, name == b"XFA");
    let short = ACTIVE_BEFORE_VALUE.contains(&name) && leads;
    if short || ACTIVE_NAMES.contains(&name) {
        return Err(Refused::Active);
    }
    Ok(())
}

/// Whether a dictionary, an array (where it may be one) or a reference follows, behind
/// white space and comments.
fn leads_to_value(after: &[u8], may_be_array: bool) -> bool {
    let mut after = after;
    loop {
        let spaces = after.iter().take_while(|byte| is_space(**byte)).count();
        after = after.get(spaces..).unwrap_or_default();
        if after.first() != Some(&b'%') {
            break;
        }
        let end = after.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        after = after.get(end.unwrap_or(after.len())..).unwrap_or_default();
    }
    let mut rest = after.iter().copied().take(40);
    match rest.next() {
        Some(b'[') => may_be_array,
        Some(b'<') => rest.next() == Some(b'<'),
        Some(byte) if byte.is_ascii_digit() => {
            // `n g R`
            let text: Vec<u8> = std::iter::once(byte).chain(rest).collect();
            let mut words = text.split(|byte| is_space(*byte)).filter(|word| !word.is_empty());
            let is_number =
                |word: Option<&[u8]>| word.is_some_and(|word| word.iter().all(u8::is_ascii_digit));
            is_number(words.next())
                && is_number(words.next())
                && words.next().is_some_and(|word| word.first() == Some(&b'R'))
        }
        _ => false,
    }
}

/// Whether a stream is compressed; `None` for a filter that is not looked through.
fn filter_of(dictionary: &[u8]) -> Option<bool> {
    let mut is_filtered = false;
    let mut at = 0;
    while let Some(slash) = dictionary.get(at..).and_then(|rest| find(rest, b"/")) {
        let (name, after) = name_at(dictionary, at + slash + 1);
        let value = dictionary.get(after..).unwrap_or_default();
        let value: Vec<u8> =
            value.iter().copied().filter(|byte| !is_space(*byte)).take(64).collect();
        match name.as_slice() {
            b"Filter" | b"F" => {
                let inner = value.strip_prefix(b"[").unwrap_or(&value);
                let (filter, ends) = name_at(inner, 1);
                let is_flate = inner.first() == Some(&b'/')
                    && [b"FlateDecode".as_slice(), b"Fl"].contains(&filter.as_slice());
                let opens_array = inner.len() < value.len();
                if !is_flate || (opens_array && inner.get(ends) != Some(&b']')) {
                    return None;
                }
                is_filtered = true;
            }
            // Elsewhere than here, parameters are not seen.
            b"DecodeParms" | b"DP" if value.first().is_some_and(u8::is_ascii_digit) => return None,
            b"Predictor" => {
                let is_none =
                    value.first() == Some(&b'1') && !value.get(1).is_some_and(u8::is_ascii_digit);
                if !is_none {
                    return None;
                }
            }
            _ => {}
        }
        at = after;
    }
    Some(is_filtered)
}

/// What follows a dictionary.
enum DictionaryEnd {
    /// A stream, whose keyword stands there.
    Stream(usize),
    /// Nothing: the object ends.
    Object,
    /// It is not seen.
    Beyond,
}

/// Finds the keyword after a dictionary, outside of its strings and comments.
fn end_of_dictionary(bytes: &[u8]) -> DictionaryEnd {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        match byte {
            b'(' => at += string_length(rest),
            b'%' => {
                at += rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
            }
            _ if rest.starts_with(b"stream") => return DictionaryEnd::Stream(at),
            _ if rest.starts_with(b"endobj") => return DictionaryEnd::Object,
            _ => at += 1,
        }
    }
    DictionaryEnd::Beyond
}

/// Bytes of a string in parentheses, which nest and may be escaped.
fn string_length(bytes: &[u8]) -> usize {
    let (mut depth, mut escaped) = (0_u32, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    bytes.len()
}

/// The name that begins at `from`, its `#xx` undone, and where it ends.
fn name_at(buffer: &[u8], from: usize) -> (Vec<u8>, usize) {
    let mut name = Vec::new();
    let mut at = from;
    while let Some(&byte) = buffer.get(at) {
        if is_space(byte) || b"()<>[]{}/%".contains(&byte) || name.len() >= NAME_BYTES_MAX {
            break;
        }
        let digits = buffer.get(at + 1).copied().zip(buffer.get(at + 2).copied());
        let escaped = digits.filter(|_| byte == b'#').and_then(|(high, low)| hex(high, low));
        name.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    (name, at)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
