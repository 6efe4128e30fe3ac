//! `GET /v1/spaces/{spaceId}/documents/{documentId}/content`: the document itself.
//!
//! Must not know: what it says.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use espace_access::{Done, Permit, Visit};
use espace_crypto::ContentPlace;
use espace_domain::decision::Action;
use espace_http::{Asked, Bearer, Download, Problem, ProblemBody, ProblemKind};
use espace_storage::{PastVersion, StoredContent};

use crate::App;
use crate::read::enter;

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
    let content = StoredContent {
        place: ContentPlace {
            space: visit.space_id.as_str(),
            document: elements.first().copied().unwrap_or_default(),
            version: details.version,
        },
        object: &details.object,
        content_key: &details.content_key,
        size: details.size,
    };
    let tag = content.tag();
    let download = Download {
        tag: &tag,
        size: details.size,
        content_type: &details.content_type,
        title: &details.title,
        extension: &details.extension,
    };
    let piece = match download.asked(headers)? {
        Asked::Known(answer) => return Ok(answer),
        Asked::Piece(piece) => piece,
    };
    let space_key = &visit.opened(permit)?.content_key;
    let bytes = content.read(&app.vault, space_key, (piece.start, piece.end)).await?;
    // Deleted at this moment: the entry went first.
    download.answer(piece, bytes.ok_or(ProblemKind::NotFound)?)
}
