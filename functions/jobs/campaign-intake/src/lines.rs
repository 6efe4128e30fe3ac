//! Lines of a stream of bytes, with bounded memory: of an over-long line only
//! the fact is kept. Must not know what a line says.

use espace_domain::FEED_LINE_BYTES_MAX;

/// A line without its newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawLine {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It is longer than a line may be; its bytes were let go.
    TooLong,
}

/// Cuts bytes into lines as they come.
#[derive(Debug, Default)]
pub struct LineReader {
    line: Vec<u8>,
    too_long: bool,
    any: bool,
}

impl LineReader {
    /// Takes the next bytes; gives the lines they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<RawLine> {
        let mut lines = Vec::new();
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.any |= !part.is_empty();
            if self.line.len() + part.len() > FEED_LINE_BYTES_MAX {
                self.too_long = true;
                self.line.clear();
            } else if !self.too_long {
                self.line.extend_from_slice(part);
            }
            // Every part but the last ended with a newline.
            if parts.peek().is_some() {
                lines.push(self.take());
            }
        }
        lines
    }

    /// Ends the stream; gives the last line if it had no newline.
    pub fn finish(mut self) -> Option<RawLine> {
        self.any.then(|| self.take())
    }

    fn take(&mut self) -> RawLine {
        self.any = false;
        if std::mem::take(&mut self.too_long) {
            self.line.clear();
            return RawLine::TooLong;
        }
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        RawLine::Bytes(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<RawLine> {
        let mut reader = LineReader::default();
        let mut lines: Vec<_> = pieces.iter().flat_map(|piece| reader.push(piece)).collect();
        lines.extend(reader.finish());
        lines
    }

    fn bytes(text: &str) -> RawLine {
        RawLine::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_come() {
        let expected = vec![bytes("one"), bytes(""), bytes("two"), bytes("three")];
        assert_eq!(cut(&[b"one\n\ntwo\r\nthree"]), expected);
        assert_eq!(cut(&[b"one\n\ntwo\r\nthree\n"]), expected);
        assert_eq!(cut(&[b"o", b"ne", b"\n", b"\ntwo\r", b"\nthr", b"ee"]), expected);
        assert_eq!(cut(&[b""]), Vec::new());
    }

    #[test]
    fn an_over_long_line_costs_no_memory_and_spoils_no_other() {
        let long = vec![b'x'; FEED_LINE_BYTES_MAX];
        let lines = cut(&[b"one\n", &long, &long, &long, b"\ntwo\n", &long, b"\n"]);
        assert_eq!(lines, vec![bytes("one"), RawLine::TooLong, bytes("two"), RawLine::Bytes(long)]);
    }
}
