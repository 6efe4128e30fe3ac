//! `DELETE /v1/support/oppositions/{oppositionId}`: a refusal taken by phone is
//! undone within two weeks.
//!
//! Must not know: how a reversal is written.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_domain::{OppositionChannel, OppositionId};
use espace_http::{Problem, ProblemBody, ProblemKind, Support};
use espace_storage::transitions::RefusedBy;
use espace_storage::{SupportAct, SupportActKind};

use crate::App;
use crate::oppose::RACES_MAX;
use crate::reverse::undo_one;

/// Undoes a refusal that was taken by phone; the six weeks go on.
#[utoipa::path(
    delete, path = "/v1/support/oppositions/{oppositionId}", operation_id = "undoOpposition",
    tag = "support", params(("oppositionId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn support_undo(
    State(app): State<App>,
    support: Support,
    Path(opposition_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let id = OppositionId::parse(&opposition_id).map_err(|_| ProblemKind::NotFound)?;
    if !app.settings.phone_line_is_open(now) {
        return Err(ProblemKind::PhoneLineClosed.into());
    }
    let limit = app.settings.acts_per_agent;
    if let Some(wait_s) = app.throttles.count("agent-undo", &support.agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let receipt = app.stores.oppositions.find(&id).await?;
    let receipt = receipt
        .filter(|receipt| receipt.channel == OppositionChannel::PhoneLine)
        .ok_or(ProblemKind::NotFound)?;
    if receipt.undone_at.is_some() {
        // Undoing it twice is undoing it.
        return Ok(StatusCode::NO_CONTENT);
    }
    let random = app.random.as_ref();
    let kind = SupportActKind::OppositionUndone;
    let act = SupportAct::new(&support.agent, kind, id.as_str(), now, random);
    for _ in 0..RACES_MAX {
        let found = app.stores.registry.find_by_index(&receipt.person()).await?;
        let entry = found.ok_or(ProblemKind::NotReversible)?;
        if undo_one(&app, RefusedBy::Agent(&act), &entry, &receipt, now).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(ProblemKind::Unavailable.into())
}
