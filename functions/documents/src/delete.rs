//! `DELETE /v1/spaces/{spaceId}/documents/{documentId}`: one's own document goes.
//!
//! Must not know: how it came.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{Change, Document, Placing, Upload, UploadState};

use crate::App;
use crate::announce::{give_up, names_of};
use crate::read::{entry_tag, visit};
use crate::read_upload::Found;

/// Deletes a document that the caller's side deposited, with its earlier versions: entry
/// first, then contents, so that no entry ever leads nowhere. `If-Match`, where sent, is
/// enforced.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/documents/{documentId}", operation_id = "deleteDocument",
    tag = "documents", params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, found) = visit(&app, &bearer, path, Action::DeleteDocument).await?;
    let document = match found {
        Found::Document(document) => *document,
        Found::Upload(upload) => return cancel(&app, (&visit, &permit), &upload).await,
    };
    if let Some(expected) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok())
        && expected != "*"
        && expected != entry_tag(&document)
    {
        return Err(ProblemKind::PreconditionFailed.into());
    }
    let sent = visit.opened(&permit)?.upload.as_ref();
    let changes = removal(&app, (&visit, &permit), &document, sent)?;
    let elements = [document_id.as_str()];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    clear(&app, &document).await;
    if let Some(upload) = sent {
        give_up(&app, &visit.space_id, upload).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Gives up a content on its way, or what is told of one that came to nothing.
async fn cancel(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    upload: &Upload,
) -> Result<StatusCode, Problem> {
    let mut changes = vec![app.uploads.remove(&visit.space_id, upload)?];
    if upload.state_at(visit.now) != UploadState::Rejected {
        for name in names_of(visit, upload) {
            changes.push(app.documents.free_unique(&visit.space_id, &name)?);
        }
    }
    let elements = [upload.document_id.as_str(), "upload:cancelled"];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    app.guard.record(visit, permit, done).await?;
    give_up(app, &visit.space_id, upload).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The writes that remove a document, every name that leads to it, and what is on its way to
/// be its next version.
pub(crate) fn removal(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    document: &Document,
    sent: Option<&Upload>,
) -> Result<Vec<Change>, Problem> {
    let placing = Placing {
        documents: &app.documents,
        space_id: &visit.space_id,
        key: &visit.opened(permit)?.content_key,
        names: &visit.names,
        random: app.random.as_ref(),
    };
    let mut changes = vec![app.documents.remove(&visit.space_id, document)?];
    let mut freed = placing.names_ever(&document.details);
    if let Some(upload) = sent {
        changes.push(app.uploads.remove(&visit.space_id, upload)?);
        // Of one that came to nothing they were freed with it.
        if upload.state_at(visit.now) != UploadState::Rejected {
            freed.extend(names_of(visit, upload));
        }
    }
    freed.sort_unstable();
    freed.dedup();
    for name in freed {
        changes.push(app.documents.free_unique(&visit.space_id, &name)?);
    }
    Ok(changes)
}

/// Removes what an entry that is gone led to. With the entry went the contents' keys, but
/// for what recovery keeps of the table for a month; a content that cannot be removed now
/// is left for the sweep.
pub(crate) async fn clear(app: &App, document: &Document) {
    for object in document.details.objects() {
        if app.vault.delete(object).await.is_err() {
            // Left for the sweep.
            return;
        }
    }
}
