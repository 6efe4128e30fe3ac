//! `DELETE /v1/spaces/{spaceId}/threads/{threadId}/draft`: the caller will not send it.
//!
//! Must not know: others' drafts.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};

use crate::App;
use crate::read::enter;
use crate::view::writer;

/// Drops the caller's own draft in a conversation, where there is one.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/threads/{threadId}/draft", operation_id = "dropDraft",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn drop_draft(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    let (visit, permit, stored) = enter(&app, &bearer, path, Action::KeepThread).await?;
    let own = writer(&visit, permit);
    let name = visit.names.draft(&visit.space_id, &stored.thread_id, &own);
    let changes = [app.messages.drop_draft(&visit.space_id, &name)?];
    app.guard.record(&visit, &permit, Done { changes: &changes, ..Done::default() }).await?;
    Ok(StatusCode::NO_CONTENT)
}
