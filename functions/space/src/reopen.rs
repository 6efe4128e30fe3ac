//! `POST /v1/spaces/{spaceId}/reopening`: the holder of a closed space takes it back.
//!
//! Must not know: how it was closed.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::AlertCode;
use espace_domain::decision::{Action, Party};
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::ChallengePurpose;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::close::account_of;
use crate::confirm::{Factor, second_factor};
use crate::word::word;

/// What reopening takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Reopening {
    /// From `POST /v1/sessions/current/step-up` for `reopening`.
    challenge_id: String,
    /// The six digits received.
    otp: String,
}

/// What reopening came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reopened {
    /// `active`.
    state: &'static str,
}

/// Reopens the space as it was when it was closed. The access token shown opens what a
/// closed space leaves; the next one of the session, from `POST /v1/sessions/refresh`,
/// opens everything.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/reopening", operation_id = "reopenSpace", tag = "space",
    params(("spaceId" = String, Path)), request_body = Reopening,
    responses(
        (status = 200, body = Reopened),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn reopen(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<Reopening>, Problem>,
) -> Result<Json<Reopened>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ReopenSpace).await?;
    let input = body?.value;
    let opened = visit.opened(&permit)?;
    // A child's space is taken back by either representative: nothing is lost by it.
    let account = account_of(&visit, opened)?;
    let factor = Factor { challenge_id: &input.challenge_id, otp: &input.otp };
    let challenge = second_factor(&app, &visit, ChallengePurpose::Reopening, factor).await?;
    // Once its ten years are over it is the purge's.
    let state = opened.space.state.clone();
    let becomes = state.reopen(visit.now).map_err(|_| ProblemKind::SpaceClosed)?;
    let alert = AlertCode::generate(app.random.as_ref());
    let first_name = opened.holder.first_name().to_owned();
    let notice = Notice::SpaceReopened { first_name, alert: alert.grouped() };
    let mut changes = word(&app, &visit, opened, &notice).await?;
    changes.push(app.alerts.alert(&alert, &visit.space_id, visit.now).await?);
    if visit.party == Party::Holder {
        changes.push(app.erasure.sessions.unarchived(&account.account_id, &visit.claims.sid)?);
    }
    changes.push(app.challenges.used_up(&challenge, visit.now)?);
    let done = Done { changes: &changes, becomes: Some(&becomes), ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(Json(Reopened { state: becomes.name() }))
}
