//! A content that is read over HTTP, whole or a range of it (RFC 9110 sections 13 and 14).
//! Must not know: what it says, nor where it lies.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};

use crate::disposition::attachment;
use crate::range::{Wanted, wanted};
use crate::{Exact, Problem, ProblemKind};

/// Most bytes of one answer: what a function may answer, less its envelope.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A content as it is offered.
#[derive(Debug, Clone, Copy)]
pub struct Download<'a> {
    /// Its tag, quotes included: of this content alone.
    pub tag: &'a str,
    /// Bytes.
    pub size: u64,
    /// The media type.
    pub content_type: &'a str,
    /// The name it is saved under.
    pub title: &'a str,
    /// The ending of that name.
    pub extension: &'a str,
}

/// What a request asks of a content.
#[derive(Debug)]
pub enum Asked {
    /// Nothing: the caller has it.
    Known(Response),
    /// These bytes.
    Piece(Piece),
}

/// Some bytes of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The first.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    status: StatusCode,
}

impl Download<'_> {
    /// Reads what a request asks for. Above 4 MiB a range must be asked for; of one that is
    /// longer, the first 4 MiB are given.
    pub fn asked(&self, headers: &HeaderMap) -> Result<Asked, Problem> {
        let sent = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if sent(header::IF_NONE_MATCH).is_some_and(|tags| tags == "*" || names(tags, self.tag)) {
            let known = (StatusCode::NOT_MODIFIED, [(header::ETAG, self.tag.to_owned())]);
            return Ok(Asked::Known(known.into_response()));
        }
        // Another content than the one that was begun is sent whole.
        let is_same = sent(header::IF_RANGE).is_none_or(|known| known == self.tag);
        let range = sent(header::RANGE).filter(|_| is_same);
        let (start, end, status) = match wanted(range, self.size) {
            Wanted::Unsatisfiable => return Err(Problem::range_not_satisfiable(self.size)),
            Wanted::Whole if self.size > ANSWER_BYTES_MAX => {
                return Err(ProblemKind::RangeRequired.into());
            }
            Wanted::Whole => (0, self.size, StatusCode::OK),
            Wanted::Part(start, end) => {
                (start, end.min(start + ANSWER_BYTES_MAX), StatusCode::PARTIAL_CONTENT)
            }
        };
        Ok(Asked::Piece(Piece { start, end, status }))
    }

    /// Sends a piece.
    pub fn answer(&self, piece: Piece, bytes: Vec<u8>) -> Result<Response, Problem> {
        let mut response = Exact::answer(piece.status, bytes);
        let mut put = |name: HeaderName, value: String| -> Result<(), Problem> {
            let value =
                value.parse().map_err(|_| Problem::internal("a header could not be sent"))?;
            response.headers_mut().insert(name, value);
            Ok(())
        };
        put(header::CONTENT_TYPE, self.content_type.to_owned())?;
        put(header::CONTENT_DISPOSITION, attachment(self.title, self.extension))?;
        put(header::ACCEPT_RANGES, "bytes".to_owned())?;
        put(header::ETAG, self.tag.to_owned())?;
        if piece.status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {}-{}/{}", piece.start, piece.end - 1, self.size);
            put(header::CONTENT_RANGE, range)?;
        }
        Ok(response)
    }
}

/// Whether a list of tags names one.
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').any(|named| named.trim().trim_start_matches("W/") == tag)
}
