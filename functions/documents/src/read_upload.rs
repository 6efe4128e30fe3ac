//! `GET /v1/spaces/{spaceId}/documents/{documentId}/upload`: how a large content comes
//! along.
//!
//! Must not know: what it is.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Permit, Visit};
use espace_domain::DocumentId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::{Document, Upload, UploadState};

use crate::App;
use crate::upload_view::UploadView;

/// Tells which parts have come and renews the URLs of all; what became of the content once
/// they have. For its depositor.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents/{documentId}/upload", operation_id = "readUpload",
    tag = "documents", params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 200, body = UploadView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "insurer", "support"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
) -> Result<Json<UploadView>, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, found) = enter(&app, &bearer, path, Action::ReadUpload).await?;
    let done = Done { elements: &[document_id.as_str()], ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    let view = match found {
        Found::Upload(upload) => {
            if upload.state_at(visit.now) == UploadState::Checking {
                finish(&app, &visit, &upload).await?;
            }
            UploadView::of(&app, (&visit.space_id, visit.now), *upload).await?
        }
        Found::Document(document) => UploadView::available(document.document_id),
    };
    Ok(Json(view))
}

/// Puts the parts together of a content that was said to be whole: who said it may have been
/// cut off before that was done.
pub(crate) async fn finish(app: &App, visit: &Visit, upload: &Upload) -> Result<(), Problem> {
    let name = upload.inbox_name(&visit.space_id);
    let upload_id = &upload.details.upload_id;
    if let Some(mut arrived) = app.inbox.arrived(&name, upload_id).await? {
        arrived.sort_by_key(|part| part.number);
        app.inbox.complete(&name, upload_id, &arrived).await?;
    }
    Ok(())
}

/// What stands under the name of a content that was sent.
pub(crate) enum Found {
    /// On its way, or refused.
    Upload(Box<Upload>),
    /// Taken in.
    Document(Box<Document>),
}

/// Lets a depositor act on what they are sending. What someone else sends is not there.
pub(crate) async fn enter(
    app: &App,
    bearer: &Bearer,
    (space_id, document_id): (&str, &str),
    action: Action,
) -> Result<(Visit, Permit, Found), Problem> {
    let visit = app.guard.visit_document(bearer, space_id, document_id, action).await?;
    // Only what is a name of a document reaches the log.
    let is_name = DocumentId::parse(document_id).is_ok();
    let elements = Vec::from_iter(is_name.then_some(document_id));
    // Decided first without a document: who may not follow any is told so.
    let permit = app.guard.permit_for(&visit, action, None, &elements).await?;
    let opened = visit.opened(&permit)?;
    let upload = opened
        .upload
        .clone()
        .map(|upload| (visit.facts_of_upload(&upload), Found::Upload(Box::new(upload))));
    let document = opened
        .document
        .clone()
        .map(|document| (visit.facts(&document), Found::Document(Box::new(document))));
    // What came to nothing is told of until something stands in its place.
    let is_past =
        opened.upload.as_ref().zip(opened.document.as_ref()).is_some_and(|(sent, now)| {
            let is_over = sent.state_at(visit.now) == UploadState::Rejected;
            is_over && sent.details.version <= now.details.version
        });
    let upload = upload.filter(|_| !is_past);
    let theirs = upload.into_iter().chain(document).find(|(facts, _)| facts.authored);
    let Some((facts, found)) = theirs else {
        return Err(app.guard.nowhere(&visit, action, &[]).await);
    };
    let permit = app.guard.permit_for(&visit, action, Some(facts), &elements).await?;
    Ok((visit, permit, found))
}
