//! `DELETE /v1/spaces/{spaceId}/blocks/{blockId}`: a professional is kept out no more.
//!
//! Must not know: who blocked them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::Choice;

use crate::App;

/// Lifts a block. Blocking took all consent away: it must be given again, in the
/// holder's presence.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/blocks/{blockId}", operation_id = "unblockProfessional",
    tag = "consent", params(("spaceId" = String, Path), ("blockId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn unblock(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, block_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::UnblockProfessional).await?;
    let opened = visit.opened(&permit)?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let found = known.iter().find_map(|(entry, found)| match &found.value {
        Choice::Block(block) if block.block_id.as_str() == block_id => Some((entry, block)),
        _ => None,
    });
    let (entry, block) = found.ok_or(ProblemKind::NotFound)?;
    let whom = format!("professional:{}", block.rpps);
    let changes = [app.consents.remove(&visit.space_id, entry)?];
    let elements = [block_id.as_str(), &whom];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
