//! `GET /v1/spaces/{spaceId}/documents/{documentId}`: one entry.
//!
//! Must not know: the content.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use espace_access::{Done, Permit, Visit};
use espace_domain::DocumentId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::Document;

use crate::App;
use crate::view::DocumentView;

/// Reads an entry.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents/{documentId}", operation_id = "readDocument",
    tag = "documents", params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 200, body = DocumentView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
) -> Result<([(HeaderName, String); 1], Json<DocumentView>), Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, document) = enter(&app, &bearer, path, Action::ReadDocument).await?;
    let elements = [document.document_id.as_str()];
    app.guard.record(&visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    Ok(([(header::ETAG, entry_tag(&document))], Json(DocumentView::of(document, visit.party))))
}

/// Lets a caller act on a document. One that is hidden from them and one that is not there
/// come to the same.
pub(crate) async fn enter(
    app: &App,
    bearer: &Bearer,
    (space_id, document_id): (&str, &str),
    action: Action,
) -> Result<(Visit, Permit, Document), Problem> {
    let visit = app.guard.visit_document(bearer, space_id, document_id, action).await?;
    // Only what is a name of a document reaches the log.
    let is_name = DocumentId::parse(document_id).is_ok();
    let elements = Vec::from_iter(is_name.then_some(document_id));
    let permit = app.guard.permit(&visit, action, &elements).await?;
    let Some(document) = visit.opened(&permit)?.document.clone() else {
        return Err(app.guard.absent(&visit, action, &elements).await);
    };
    Ok((visit, permit, document))
}

/// The tag of an entry as it stands.
pub(crate) fn entry_tag(document: &Document) -> String {
    format!("\"{}.{}\"", document.details.version, document.write)
}
