//! The form of a small deposit: `entry` and `content`, each once, in any order.
//!
//! Must not know: what they mean.

use std::convert::Infallible;

use axum::body::Bytes;
use espace_http::{Problem, ProblemKind};
use multer::{Constraints, Multipart, SizeLimit};

/// Largest content that comes in one request.
pub(crate) const CONTENT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Largest entry.
const ENTRY_BYTES_MAX: u64 = 64 * 1024;
/// Largest form: the content, the entry, and what a form puts around them.
pub(crate) const FORM_BYTES_MAX: usize = 4 * 1024 * 1024 + 128 * 1024;

/// What was sent.
#[derive(Debug)]
pub(crate) struct Form {
    /// The entry's JSON.
    pub(crate) entry: Bytes,
    /// The content.
    pub(crate) content: Bytes,
}

/// Reads a form.
pub(crate) async fn read(content_type: &str, body: Bytes) -> Result<Form, Problem> {
    let boundary =
        multer::parse_boundary(content_type).map_err(|_| ProblemKind::UnsupportedMediaType)?;
    let limits = Constraints::new().allowed_fields(vec!["entry", "content"]).size_limit(
        SizeLimit::new()
            .whole_stream(FORM_BYTES_MAX as u64)
            .for_field("entry", ENTRY_BYTES_MAX)
            .for_field("content", CONTENT_BYTES_MAX),
    );
    let stream = futures_util::stream::once(async { Ok::<_, Infallible>(body) });
    let mut form = Multipart::with_constraints(stream, boundary, limits);
    let (mut entry, mut content) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|e| problem(&e))? {
        let slot = match field.name() {
            Some("entry") => &mut entry,
            Some("content") => &mut content,
            _ => return Err(ProblemKind::MalformedBody.into()),
        };
        // A part that comes twice is two claims: neither is believed.
        if slot.is_some() {
            return Err(ProblemKind::MalformedBody.into());
        }
        *slot = Some(field.bytes().await.map_err(|e| problem(&e))?);
    }
    match (entry, content) {
        (Some(entry), Some(content)) => Ok(Form { entry, content }),
        _ => Err(ProblemKind::MalformedBody.into()),
    }
}

fn problem(error: &multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            ProblemKind::BodyTooLarge.into()
        }
        _ => ProblemKind::MalformedBody.into(),
    }
}
