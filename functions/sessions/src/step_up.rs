//! `/v1/sessions/current/step-up`: a fresh second factor for a grave act. Who enrolled
//! an application or a passkey gives that one: an act is guarded no less than a login.
//!
//! Must not know: how the act is done.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::{ChallengeId, OneTimeCode};
use espace_http::{AnyCitizen, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{AttemptKind, Challenge, ChallengePurpose, KeyName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::answer_otp::read_otp;
use crate::begin::{Begun, note};
use crate::challenge::{About, addresses, send_challenge};
use crate::factors::own_account;
use crate::strong::{
    PasskeyAnswer, begin_strong, is_strong, too_many, uses_application, uses_passkey,
};

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

/// Sends a code that confirms one act of this session, within ten minutes. With an
/// application or a passkey nothing is sent: the proof is given at `…/proof`.
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
    any: AnyCitizen,
    body: JsonBody<StepUp>,
) -> Result<Json<Begun>, Problem> {
    let now = app.clock.now();
    let citizen = any.citizen;
    if any.archived && !matches!(body.value.purpose, Purpose::Reopening | Purpose::Export) {
        return Err(ProblemKind::SpaceClosed.into());
    }
    let limit = app.limits.codes_per_person;
    let who = citizen.claims.sub.as_str();
    if let Some(wait_s) = app.throttles.count("step-up", who, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let (account, secrets) = own_account(&app, &citizen).await?;
    let purpose = body.value.purpose.into();
    let session = &citizen.claims.sid;
    if secrets.has_strong_factor() {
        let act = |challenge: Challenge| challenge.for_act(purpose, session);
        return Ok(Json(begin_strong(&app, &account, &secrets, None, act, now).await?));
    }
    let key = app.space_keys.content(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let known = addresses(&app, &citizen.space_id, &key).await?.confirmed;
    let first = known.first().ok_or(ProblemKind::ContactUnconfirmed)?;
    let about =
        About { login: &account.login, space_id: &citizen.space_id, purpose, made_for: None };
    let challenge_id = send_challenge(&app, about, Some(session), first, now).await?;
    let mut channels: Vec<_> = known.iter().map(|c| c.contact.channel().as_str()).collect();
    channels.dedup();
    Ok(Json(Begun { challenge_id, channels, public_key: None }))
}

impl From<Purpose> for ChallengePurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Closure => Self::Closure,
            Purpose::Reopening => Self::Reopening,
            Purpose::Export => Self::Export,
            Purpose::Contacts => Self::Contacts,
            Purpose::Factors => Self::Factors,
        }
    }
}

/// One of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUpProof {
    /// The six digits that the application shows.
    #[serde(default)]
    otp: Option<String>,
    /// What the passkey answered.
    #[serde(default)]
    passkey: Option<PasskeyAnswer>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepUpProven {
    /// The same challenge.
    #[schema(value_type = String)]
    challenge_id: ChallengeId,
    /// The digits that the act carries.
    otp: String,
}

/// Proves a step-up by application or passkey; the answer holds what the act carries.
#[utoipa::path(
    post, path = "/v1/sessions/current/step-up/{id}/proof", operation_id = "proveStepUp",
    tag = "sessions", request_body = StepUpProof,
    params(("id" = String, Path, description = "The challenge")),
    responses(
        (status = 200, body = StepUpProven),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn prove(
    State(app): State<App>,
    any: AnyCitizen,
    Path(id): Path<String>,
    body: JsonBody<StepUpProof>,
) -> Result<Json<StepUpProven>, Problem> {
    let now = app.clock.now();
    let citizen = any.citizen;
    let over = || Problem::from(ProblemKind::OtpOver);
    let id = ChallengeId::parse(&id).map_err(|_| over())?;
    let found = app.challenges.find(&id, now).await?;
    let challenge = found
        .filter(|found| is_strong(found) && found.session_id.as_ref() == Some(&citizen.claims.sid))
        .filter(|found| found.purpose != ChallengePurpose::Passkey)
        .ok_or_else(over)?;
    let (account, _) = own_account(&app, &citizen).await?;
    if too_many(&app, &account, now).await? {
        note(&app, &account.login, AttemptKind::SlowedDown, now).await?;
        return Err(over());
    }
    let right = match (&body.value.otp, &body.value.passkey) {
        (Some(otp), None) => uses_application(&app, &account, &read_otp(otp)?, now).await?,
        (None, Some(answer)) => uses_passkey(&app, &account, &challenge, answer).await?,
        _ => {
            let detail = "Donnez un code ou une clé d’accès.";
            return Err(Problem::invalid(vec![FieldError::new("/otp", "one-of", detail)]));
        }
    };
    if !right {
        // Counted; whether any try is left shows at the next.
        let _outcome = app.challenges.settle(&challenge, false, now).await?;
        note(&app, &account.login, AttemptKind::WrongStepUp, now).await?;
        return Err(ProblemKind::OtpWrong.into());
    }
    let otp = OneTimeCode::generate(app.random.as_ref());
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    if !app.challenges.carry(&challenge, &otp, &mac).await? {
        return Err(over());
    }
    Ok(Json(StepUpProven { challenge_id: challenge.challenge_id, otp: otp.expose().to_owned() }))
}
