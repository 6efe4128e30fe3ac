//! `DELETE /v1/spaces/{spaceId}/documents/{documentId}`: one's own document goes.
//!
//! Must not know: how it came.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};

use crate::App;
use crate::read::enter;

/// Deletes a document that the caller's side deposited: entry first, then content, so that
/// no entry ever leads nowhere.
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
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, document) = enter(&app, &bearer, path, Action::DeleteDocument).await?;
    let mut changes = vec![app.documents.remove(&visit.space_id, &document)?];
    if let Some(unique) = &document.details.unique_id {
        let depositor = match &document.details.author.id {
            Some(rpps) => format!("professional.{rpps}"),
            None => "own-side".to_owned(),
        };
        let parts = ["unique", visit.space_id.as_str(), &depositor, unique];
        let name = visit.names.repetition(&parts);
        changes.push(app.documents.free_unique(&visit.space_id, &name)?);
    }
    let elements = [document_id.as_str()];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    // The entry is gone, and with it the content's key, but for what recovery keeps of the
    // table and the bucket for a month. A content that cannot be removed now is left.
    match app.vault.delete(&document.details.object).await {
        Ok(()) | Err(_) => Ok(StatusCode::NO_CONTENT),
    }
}
