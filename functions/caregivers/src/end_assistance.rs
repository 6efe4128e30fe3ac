//! `DELETE /v1/spaces/{spaceId}/assistance`: help ends before its hour.
//!
//! Must not know: how it began.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::Actor;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::Choice;

use crate::App;

/// Ends the help at once: the holder that of everyone, a helper their own.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/assistance", operation_id = "endAssistance",
    tag = "caregivers", params(("spaceId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "support"]))),
)]
pub(crate) async fn end(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::EndAssistance).await?;
    let key = &visit.opened(&permit)?.content_key;
    let mut changes = Vec::new();
    for (entry, found) in app.consents.list(&visit.space_id, key).await? {
        let Choice::Assistance(help) = &found.value else { continue };
        if help.until <= visit.now {
            continue;
        }
        let is_theirs = match &visit.claims.actor {
            Actor::Support { agent } => help.agent == *agent,
            _ => true,
        };
        if is_theirs {
            changes.push(app.consents.remove(&visit.space_id, &entry)?);
        }
    }
    let done = Done { changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
