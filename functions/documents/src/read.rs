//! `GET /v1/spaces/{spaceId}/documents/{documentId}`: one entry.
//!
//! Must not know: the content.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use espace_access::{Done, Permit, Visit};
use espace_domain::DocumentId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::Document;

use crate::App;
use crate::read_upload::Found;
use crate::view::DocumentView;

/// Reads an entry.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents/{documentId}", operation_id = "readDocument",
    tag = "documents", params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 200, body = DocumentView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
) -> Result<([(HeaderName, String); 1], Json<DocumentView>), Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, found) = visit(&app, &bearer, path, Action::ReadDocument).await?;
    let elements = [document_id.as_str()];
    app.guard.record(&visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    let (tag, view) = match found {
        Found::Document(document) => {
            (entry_tag(&document), DocumentView::of(*document, visit.party))
        }
        Found::Upload(upload) => {
            let tag = format!("\"0.{}\"", upload.write);
            (tag, DocumentView::of_upload(*upload, visit.party, visit.now))
        }
    };
    Ok(([(header::ETAG, tag)], Json(view)))
}

/// Lets a caller act on a document that is there.
pub(crate) async fn enter(
    app: &App,
    bearer: &Bearer,
    path: (&str, &str),
    action: Action,
) -> Result<(Visit, Permit, Document), Problem> {
    match visit(app, bearer, path, action).await? {
        (visit, permit, Found::Document(document)) => Ok((visit, permit, *document)),
        // To whom it is sent it is not a document yet.
        (_, _, Found::Upload(_)) => Err(ProblemKind::NotFound.into()),
    }
}

/// Lets a caller act on a document, or on one of their own on its way. One that is hidden
/// from them and one that is not there come to the same.
pub(crate) async fn visit(
    app: &App,
    bearer: &Bearer,
    (space_id, document_id): (&str, &str),
    action: Action,
) -> Result<(Visit, Permit, Found), Problem> {
    let visit = app.guard.visit_document(bearer, space_id, document_id, action).await?;
    // Only what is a name of a document reaches the log.
    let is_name = DocumentId::parse(document_id).is_ok();
    let elements = Vec::from_iter(is_name.then_some(document_id));
    let permit = app.guard.permit(&visit, action, &elements).await?;
    let opened = visit.opened(&permit)?;
    if let Some(document) = opened.document.clone() {
        return Ok((visit, permit, Found::Document(Box::new(document))));
    }
    let theirs = opened.upload.clone().filter(|sent| visit.facts_of_upload(sent).authored);
    let Some(upload) = theirs else {
        return Err(app.guard.absent(&visit, action, &elements).await);
    };
    // Its trace goes where those of the document will go.
    let facts = Some(visit.facts_of_upload(&upload));
    let permit = app.guard.permit_for(&visit, action, facts, &elements).await?;
    Ok((visit, permit, Found::Upload(Box::new(upload))))
}

/// The tag of an entry as it stands.
pub(crate) fn entry_tag(document: &Document) -> String {
    format!("\"{}.{}\"", document.details.version, document.write)
}
