//! `DELETE /v1/spaces/{spaceId}/documents/{documentId}`: one's own document goes.
//!
//! Must not know: how it came.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{Change, Document, Placing};

use crate::App;
use crate::read::{enter, entry_tag};

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
    let (visit, permit, document) = enter(&app, &bearer, path, Action::DeleteDocument).await?;
    if let Some(expected) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok())
        && expected != "*"
        && expected != entry_tag(&document)
    {
        return Err(ProblemKind::PreconditionFailed.into());
    }
    let changes = removal(&app, (&visit, &permit), &document)?;
    let elements = [document_id.as_str()];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    clear(&app, &document).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The writes that remove a document and every name that leads to it.
pub(crate) fn removal(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    document: &Document,
) -> Result<Vec<Change>, Problem> {
    let placing = Placing {
        documents: &app.documents,
        space_id: &visit.space_id,
        key: &visit.opened(permit)?.content_key,
        names: &visit.names,
        random: app.random.as_ref(),
    };
    let mut changes = vec![app.documents.remove(&visit.space_id, document)?];
    changes.extend(placing.free(document)?);
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
