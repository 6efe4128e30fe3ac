//! `DELETE /v1/spaces/{spaceId}/blocks/{blockId}`: a professional is kept out no more.
//!
//! Must not know: who blocked them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::Tie;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{Choice, Versioned};

use crate::App;
use crate::give::put;

/// Lifts a block. Consent must be given again, in the holder's presence.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/blocks/{blockId}", operation_id = "unblockProfessional",
    tag = "consent", params(("spaceId" = String, Path), ("blockId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn unblock(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, block_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::BlockProfessional).await?;
    let opened = visit.opened()?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let found = known.iter().find_map(|(entry, found)| match &found.value {
        Choice::Block(block) if block.block_id.as_str() == block_id => Some((entry, block)),
        _ => None,
    });
    let (entry, block) = found.ok_or(ProblemKind::NotFound)?;
    let mut changes = vec![app.consents.remove(&visit.space_id, entry)?];
    // Who was never let in before the block stays apart from their colleagues, too.
    let is_theirs = |choice: &Choice| matches!(choice, Choice::Tie(tie) if tie.rpps == block.rpps);
    if !known.iter().any(|(_, found)| is_theirs(&found.value)) {
        let mut tie = Tie::new(&block.rpps);
        tie.withdraw();
        let name = visit.names.tie(&visit.space_id, &block.rpps);
        let choice = Versioned { value: Choice::Tie(tie), version: None };
        changes.push(put(&app, &visit, &name, &choice)?);
    }
    let elements = [block_id.as_str()];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
