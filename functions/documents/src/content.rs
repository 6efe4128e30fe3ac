//! `GET /v1/spaces/{spaceId}/documents/{documentId}/content`: the document itself.
//!
//! Must not know: what it says.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use espace_access::{Done, Permit, Visit};
use espace_crypto::{ContentKey, ContentPlace, covering, open_content};
use espace_domain::decision::Action;
use espace_http::{Bearer, Exact, Problem, ProblemBody, ProblemKind};
use espace_storage::PastVersion;

use crate::App;
use crate::disposition::attachment;
use crate::range::{Wanted, wanted};
use crate::read::enter;

/// Characters of the object's drawn name in the tag.
const TAG_CHARS: usize = 16;
/// Most bytes of one answer: what a function may answer, less its envelope.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads a content, whole or a range of it. Above 4 MiB a range must be asked for; one that
/// is longer is answered by its first 4 MiB.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents/{documentId}/content",
    operation_id = "readContent", tag = "documents",
    params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, document) = enter(&app, &bearer, path, Action::ReadDocument).await?;
    let version = document.details.as_past();
    let elements = [document_id.as_str()];
    send(&app, (&visit, &permit), &elements, &version, &headers).await
}

/// Reads the content of one version, as its newest is read.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents/{documentId}/versions/{version}/content",
    operation_id = "readVersionContent", tag = "documents",
    params(
        ("spaceId" = String, Path), ("documentId" = String, Path), ("version" = String, Path),
    ),
    responses(
        (status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn read_version(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id, version)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let action = Action::ReadDocument;
    let (visit, permit, document) = enter(&app, &bearer, path, action).await?;
    let version = version.parse().ok().and_then(|number| document.details.version(number));
    let Some(version) = version else {
        return Err(app.guard.absent(&visit, action, &[&document_id]).await);
    };
    let number = format!("version:{}", version.version);
    let elements = [document_id.as_str(), number.as_str()];
    send(&app, (&visit, &permit), &elements, &version, &headers).await
}

/// Sends the content of a version, once the trace of its reading stands. `elements` begin
/// with the document.
async fn send(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    elements: &[&str],
    details: &PastVersion,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    app.guard.record(visit, permit, Done { elements, ..Done::default() }).await?;
    let tag = content_tag(details);
    let sent = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if sent(header::IF_NONE_MATCH).is_some_and(|tags| tags == "*" || names(tags, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    // Another content than the one that was begun is sent whole.
    let is_same = sent(header::IF_RANGE).is_none_or(|known| known == tag);
    let range = sent(header::RANGE).filter(|_| is_same);
    let (start, end, status) = match wanted(range, details.size) {
        Wanted::Unsatisfiable => {
            return Err(Problem::range_not_satisfiable(details.size));
        }
        Wanted::Whole if details.size > ANSWER_BYTES_MAX => {
            return Err(ProblemKind::RangeRequired.into());
        }
        Wanted::Whole => (0, details.size, StatusCode::OK),
        Wanted::Part(start, end) => {
            (start, end.min(start + ANSWER_BYTES_MAX), StatusCode::PARTIAL_CONTENT)
        }
    };
    let corrupt = |_| Problem::internal("a content does not open");
    let place = ContentPlace {
        space: visit.space_id.as_str(),
        document: elements.first().copied().unwrap_or_default(),
        version: details.version,
    };
    let space_key = &visit.opened(permit)?.content_key;
    let key = ContentKey::open(space_key, place, &details.content_key).map_err(corrupt)?;
    let covered = covering(start, end, details.size)
        .ok_or_else(|| Problem::internal("a range beyond the content"))?;
    let sealed = app.vault.read(&details.object, covered).await?;
    // Deleted at this moment: the entry went first.
    let sealed = sealed.ok_or(ProblemKind::NotFound)?;
    let bytes = open_content(&key, place, (start, end), details.size, &sealed).map_err(corrupt)?;
    let mut response = Exact::answer(status, bytes);
    let mut put = |name: HeaderName, value: String| -> Result<(), Problem> {
        let value = value.parse().map_err(|_| Problem::internal("a header could not be sent"))?;
        response.headers_mut().insert(name, value);
        Ok(())
    };
    put(header::CONTENT_TYPE, details.content_type.clone())?;
    put(header::CONTENT_DISPOSITION, attachment(&details.title, &details.extension))?;
    put(header::ACCEPT_RANGES, "bytes".to_owned())?;
    put(header::ETAG, tag)?;
    if status == StatusCode::PARTIAL_CONTENT {
        put(header::CONTENT_RANGE, format!("bytes {start}-{}/{}", end - 1, details.size))?;
    }
    Ok(response)
}

/// The tag of a content: of this document and version alone, so that two spaces with the
/// same content are not seen to have it.
fn content_tag(version: &PastVersion) -> String {
    let draw = version.object.rsplit('.').next().unwrap_or_default();
    let draw: String = draw.chars().take(TAG_CHARS).collect();
    format!("\"{draw}.{}\"", version.version)
}

/// Whether a list of tags names one.
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').any(|named| named.trim().trim_start_matches("W/") == tag)
}
