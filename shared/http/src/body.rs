//! Reading a JSON body: limited, strict, and clear about what is wrong. Must
//! not know what the fields mean.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use http::header;
use serde::de::DeserializeOwned;

use crate::{FieldError, Problem, ProblemKind};

/// Largest JSON body of a route that names no other, bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// A JSON body of the expected fields and no other, at most `BYTES_MAX` long, and the bytes
/// it came in.
#[derive(Debug, Clone)]
pub struct JsonBody<T, const BYTES_MAX: usize = BODY_BYTES_MAX> {
    /// What it says.
    pub value: T,
    /// As it came: what an idempotency key is bound to.
    pub raw: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned, const BYTES_MAX: usize> FromRequest<S>
    for JsonBody<T, BYTES_MAX>
{
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"));
        // The announced length is refused before anything is read.
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<usize>().ok());
        if announced.is_some_and(|length| length > BYTES_MAX) {
            return Err(ProblemKind::BodyTooLarge.into());
        }
        if !is_json {
            return Err(ProblemKind::UnsupportedMediaType.into());
        }
        let raw = to_bytes(request.into_body(), BYTES_MAX)
            .await
            .map_err(|_| ProblemKind::BodyTooLarge)?;
        let value = read(&raw)?;
        Ok(Self { value, raw })
    }
}

/// Reads JSON, turning the parser's complaint into a problem that quotes
/// nothing of what was sent.
pub fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Problem> {
    let mut parser = serde_json::Deserializer::from_slice(raw);
    let value = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let inner = error.inner();
        if !inner.is_data() {
            return Problem::from(ProblemKind::MalformedBody);
        }
        let text = inner.to_string();
        // The quoted name is a field of ours when missing; of the caller's when
        // unknown, and then the path does not hold it either.
        let (code, detail) = if text.starts_with("missing field") {
            ("missing-field", "Un champ obligatoire manque.")
        } else if text.starts_with("unknown field") {
            ("unknown-field", "Un champ n’est pas attendu.")
        } else {
            ("invalid-value", "La valeur n’est pas acceptée.")
        };
        let pointer = pointer(error.path(), &text);
        Problem::invalid(vec![FieldError::new(pointer, code, detail)])
    })?;
    parser.end().map_err(|_| ProblemKind::MalformedBody)?;
    Ok(value)
}

/// The JSON pointer of the value at fault; a missing field is named, since its
/// parent alone would not help.
fn pointer(path: &serde_path_to_error::Path, text: &str) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    if let Some(rest) = text.strip_prefix("missing field `")
        && let Some((field, _)) = rest.split_once('`')
    {
        pointer.push('/');
        pointer.push_str(field);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only its reading matters")]
        serial: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its reading matters")]
        card: Inner,
    }

    fn fault(body: &[u8]) -> (String, String) {
        let problem = read::<Outer>(body).err();
        let document = problem.map(|p| format!("{p:?}")).unwrap_or_default();
        let part = |name: &str| {
            let rest = document.split_once(&format!("{name}: \"")).map_or("", |(_, r)| r);
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        (part("pointer"), part("code"))
    }

    #[test]
    fn a_fault_is_named_by_its_place_and_quotes_nothing() {
        let is = |p: &str, c: &str| (p.to_owned(), c.to_owned());
        assert_eq!(fault(br#"{"card":{}}"#), is("/card/serial", "missing-field"));
        assert_eq!(fault(br#"{"card":{"serial":1}}"#), is("/card/serial", "invalid-value"));
        assert_eq!(fault(br#"{"card":{"serial":"1","x":"secret"}}"#).1, "unknown-field");
        for malformed in [&b"{"[..], b"", b"\xff", b"{\"card\":{\"serial\":\"1\"}} x"] {
            let problem = read::<Outer>(malformed).map(|_| ()).map_err(|p| p.kind());
            assert_eq!(problem, Err(ProblemKind::MalformedBody));
        }
    }
}
