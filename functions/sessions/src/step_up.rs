//! `POST /v1/sessions/current/step-up`: a fresh second factor for a grave act.
//!
//! Must not know: how the act is done.

use axum::Json;
use axum::extract::State;
use espace_http::{Citizen, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::ChallengePurpose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::begin::Begun;
use crate::challenge::{addresses, send_challenge};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUp {
    /// `closure`, `reopening`, `export`, `contacts` or `factors`.
    #[schema(value_type = String)]
    purpose: Purpose,
}

/// The acts that ask for a fresh second factor.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Purpose {
    Closure,
    Reopening,
    Export,
    Contacts,
    Factors,
}

/// Sends a code that confirms one act of this session, within ten minutes.
#[utoipa::path(
    post, path = "/v1/sessions/current/step-up", operation_id = "stepUp", tag = "sessions",
    request_body = StepUp,
    responses(
        (status = 200, body = Begun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn step_up(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<StepUp>,
) -> Result<Json<Begun>, Problem> {
    let now = app.clock.now();
    let limit = app.limits.codes_per_person;
    let who = citizen.claims.sub.as_str();
    if let Some(wait_s) = app.throttles.count("step-up", who, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let space = app.spaces.find(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let login = space.account.map(|account| account.login()).ok_or(ProblemKind::NotFound)?;
    let key = app.space_keys.content(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let known = addresses(&app, &citizen.space_id, &key).await?.confirmed;
    let first = known.first().ok_or(ProblemKind::ContactUnconfirmed)?;
    let purpose = match body.value.purpose {
        Purpose::Closure => ChallengePurpose::Closure,
        Purpose::Reopening => ChallengePurpose::Reopening,
        Purpose::Export => ChallengePurpose::Export,
        Purpose::Contacts => ChallengePurpose::Contacts,
        Purpose::Factors => ChallengePurpose::Factors,
    };
    let session = Some(&citizen.claims.sid);
    let challenge_id =
        send_challenge(&app, &login, &citizen.space_id, purpose, session, first, now).await?;
    let mut channels: Vec<_> = known.iter().map(|c| c.contact.channel().as_str()).collect();
    channels.dedup();
    Ok(Json(Begun { challenge_id, channels, public_key: None }))
}
