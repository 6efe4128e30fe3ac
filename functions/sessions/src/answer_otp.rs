//! `POST /v1/sessions/{id}/otp`: the code comes back, a session opens.
//!
//! Must not know: how the code was sent, nor what the session opens.

use axum::extract::{Path, State};
use axum::response::Response;
use espace_domain::{ChallengeId, OneTimeCode};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{AttemptKind, ChallengePurpose, ClientKind, KeyName, OtpOutcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::begin::note;
use crate::open::open_session;
use crate::strong::{is_of, too_many, uses_application};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtpAnswer {
    /// The six digits received.
    otp: String,
    /// `browser` (the default): the refresh token is a cookie; `mobile`: it is in
    /// the body.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    client: ClientKind,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened {
    pub(crate) access_token: String,
    pub(crate) expires_in_s: i64,
    /// For `mobile` clients only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
}

/// Opens a session.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/otp", operation_id = "answerOtp", tag = "sessions",
    request_body = OtpAnswer, params(("id" = String, Path, description = "The challenge")),
    responses(
        (status = 200, body = Opened),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn answer_otp(
    State(app): State<App>,
    Path(challenge_id): Path<String>,
    body: JsonBody<OtpAnswer>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let otp = read_otp(&body.value.otp)?;
    // An unknown challenge and one that is over are the same.
    let challenge_id = ChallengeId::parse(&challenge_id).map_err(|_| ProblemKind::OtpOver)?;
    let challenge = app.challenges.find(&challenge_id, now).await?;
    let challenge = challenge
        .filter(|challenge| challenge.purpose == ChallengePurpose::Login)
        .ok_or(ProblemKind::OtpOver)?;
    let login = challenge.login();
    let account = app.accounts.find_by_index(&login).await?.ok_or(ProblemKind::OtpOver)?;
    // Another account took the login since, or its holder enrolled something better
    // than a code by message since: the login must begin again.
    let is_weak = challenge.contact_id.is_some();
    let outgrown = is_weak && app.accounts.open(&account).await?.has_strong_factor();
    if !is_of(&challenge, &account) || outgrown {
        return Err(ProblemKind::OtpOver.into());
    }
    if too_many(&app, &account, now).await? {
        note(&app, &login, AttemptKind::SlowedDown, now).await?;
        return Err(ProblemKind::OtpOver.into());
    }
    let right = if is_weak {
        challenge.is_code(&otp, &app.keys.mac(KeyName::LoginIndex).await?)
    } else {
        uses_application(&app, &account, &otp, now).await?
    };
    match app.challenges.settle(&challenge, right, now).await? {
        OtpOutcome::Right => {}
        outcome @ (OtpOutcome::Wrong | OtpOutcome::Over) => {
            note(&app, &login, AttemptKind::WrongCode, now).await?;
            return Err(match outcome {
                OtpOutcome::Over => ProblemKind::OtpOver.into(),
                _ => ProblemKind::OtpWrong.into(),
            });
        }
    }
    // A code that came back by a login confirms the address it went to.
    if let Some(contact_id) = &challenge.contact_id {
        app.contacts.confirm_by_login(&challenge.space_id, contact_id, now).await?;
    }
    open_session(&app, &account, &challenge, body.value.client, now).await
}

/// Reads a one-time code.
pub(crate) fn read_otp(text: &str) -> Result<OneTimeCode, Problem> {
    OneTimeCode::parse(text).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })
}
