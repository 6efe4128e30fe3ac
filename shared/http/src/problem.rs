//! Problem documents (RFC 9457). Must not know the routes.
//!
//! A [`Problem`] travels in the response's extensions; the pipeline writes it
//! out, since only the pipeline knows the request's id. What went wrong inside
//! is kept apart for the log and is never sent.

use axum::response::{IntoResponse, Response};
use espace_crypto::PasswordHashError;
use espace_storage::StorageError;
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ProblemKind;

/// Seconds to wait when the cloud asks to slow down.
const UNAVAILABLE_RETRY_S: i64 = 2;

/// A refusal on its way to the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    errors: Vec<FieldError>,
    retry_after_s: Option<i64>,
    content_range: Option<String>,
    members: Option<Box<serde_json::Map<String, serde_json::Value>>>,
    /// For the log only.
    cause: Option<String>,
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What, by a stable name.
    pub code: String,
    /// What, in French.
    pub detail: String,
}

/// A problem document as sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// `urn:espace-sante:problem:` and the problem's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short French title.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What a person can do about it, in French.
    pub detail: String,
    /// The request's id.
    pub instance: String,
    /// The fields at fault, for a body that fails validation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What else this problem says.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

impl FieldError {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &str, detail: &str) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.to_owned() }
    }
}

impl Problem {
    /// A body that fails validation.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::from(ProblemKind::InvalidBody) }
    }

    /// A code was asked for too soon after another.
    pub fn code_too_soon(retry_after_s: i64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::from(ProblemKind::CodeTooSoon) }
    }

    /// Adds a member of its own to the document (RFC 9457 section 3.2).
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: serde_json::Value) -> Self {
        self.members.get_or_insert_default().insert(name.to_owned(), value);
        self
    }

    /// A range that lies beyond a content of `size` bytes.
    pub fn range_not_satisfiable(size: u64) -> Self {
        let range = Some(format!("bytes */{size}"));
        Self { content_range: range, ..Self::from(ProblemKind::RangeNotSatisfiable) }
    }

    /// Too many tries.
    pub fn slow_down(retry_after_s: i64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::from(ProblemKind::TooManyRequests) }
    }

    /// A fault of ours; `cause` reaches the log only.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::from(ProblemKind::Internal) }
    }

    /// Which.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What the log is told.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Writes the document.
    pub(crate) fn write(&self, request_id: &str) -> Response {
        let body = ProblemBody {
            kind: format!("urn:espace-sante:problem:{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.kind.detail().to_owned(),
            instance: request_id.to_owned(),
            errors: self.errors.clone(),
            members: self.members.as_deref().cloned().unwrap_or_default(),
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.kind.status(), json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(range) = self.content_range.as_ref().and_then(|range| range.parse().ok()) {
            headers.insert(header::CONTENT_RANGE, range);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self {
            kind,
            errors: Vec::new(),
            retry_after_s: None,
            content_range: None,
            members: None,
            cause: None,
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        let cause = Some(error.to_string());
        if error.is_throttled() {
            let retry_after_s = Some(UNAVAILABLE_RETRY_S);
            Self { retry_after_s, cause, ..Self::from(ProblemKind::Unavailable) }
        } else {
            Self { cause, ..Self::from(ProblemKind::Internal) }
        }
    }
}

impl From<PasswordHashError> for Problem {
    fn from(error: PasswordHashError) -> Self {
        Self::internal(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
