//! `POST /v1/support/assistance`: a helper by profession comes in with the code that a person
//! tells them, for an hour.
//!
//! Must not know: what such a helper may do.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{ASSISTANCE_S, Actor, AlertCode, Assistance, SpaceId};
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Choice, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::offer_assistance::after;

/// Helps that are over, removed with one that begins.
const OVER_MAX: usize = 20;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct GivenCode {
    /// What the person tells.
    code: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssistanceBegun {
    #[schema(value_type = String)]
    space_id: SpaceId,
    /// When the help ends by itself.
    until: Timestamp,
}

/// Begins to help, with the code that the person tells: for an hour the helper sees and
/// deposits documents as a caregiver does, and nothing else.
#[utoipa::path(
    post, path = "/v1/support/assistance", operation_id = "beginAssistance",
    tag = "caregivers", request_body = GivenCode,
    responses(
        (status = 201, body = AssistanceBegun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn begin(
    State(app): State<App>,
    bearer: Bearer,
    body: Result<JsonBody<GivenCode>, Problem>,
) -> Result<(StatusCode, Json<AssistanceBegun>), Problem> {
    let claims = app.guard.claims(&bearer).await?;
    let Actor::Support { agent } = claims.actor.clone() else {
        return Err(ProblemKind::Forbidden.into());
    };
    let typed = AlertCode::parse(&body?.value.code);
    let now = app.guard.now();
    let limit = app.acts_per_agent;
    if let Some(wait_s) = app.throttles.count("assistance", &agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let names = app.guard.names().await?;
    let name = typed.ok().map(|code| names.assistance_code(&code));
    let space = match &name {
        Some(name) => app.codes.find(name, now).await?,
        None => None,
    };
    let (Some(name), Some((space, epoch))) = (name, space) else {
        return Err(ProblemKind::AssistanceCodeWrong.into());
    };
    let action = Action::BeginAssistance;
    let mut visit = app.guard.arrive(claims, space, action, &[]).await?;
    visit.situation.present = true;
    let permit = app.guard.permit(&visit, action, &[]).await?;
    let opened = visit.opened(&permit)?;
    if opened.space.epoch != epoch {
        // Something was taken away since: the holder ended it, or it is another's space now.
        return Err(ProblemKind::AssistanceCodeWrong.into());
    }
    let until = after(visit.now, ASSISTANCE_S);
    let account = opened.space.account.as_ref().map(|account| account.account_id.clone());
    let help = Assistance { agent: agent.clone(), since: visit.now, until, account };
    let entry = visit.names.assistance(&visit.space_id, &agent);
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let version = known.iter().find(|(name, _)| *name == entry).and_then(|(_, help)| help.version);
    let choice = Versioned { value: Choice::Assistance(help), version };
    let random = app.random.as_ref();
    let key = &opened.content_key;
    let mut changes = vec![
        app.codes.use_up(&name, visit.now)?,
        app.consents.put(&visit.space_id, &entry, &choice, key, random)?,
    ];
    // Help that is over leaves with the next, a few at a time.
    let is_over = |found: &Choice| matches!(found, Choice::Assistance(h) if h.until <= visit.now);
    let over = known.iter().filter(|(name, found)| *name != entry && is_over(&found.value));
    for (name, _) in over.take(OVER_MAX) {
        changes.push(app.consents.remove(&visit.space_id, name)?);
    }
    // The epoch moves: the holder who ends all help at this moment ends this one too.
    let done = Done { changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::CREATED, Json(AssistanceBegun { space_id: visit.space_id, until })))
}
