//! `POST /v1/sessions/{id}/otp`: the code comes back, a session opens.
//!
//! Must not know: how the code was sent, nor what the session opens.

use axum::extract::{Path, State};
use axum::response::Response;
use espace_domain::{ChallengeId, OneTimeCode};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Attempt, AttemptKind, ChallengePurpose, ClientKind, KeyName, OtpOutcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::open::open_session;

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
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let login = challenge.login();
    match app.challenges.answer(&challenge, &otp, &mac, now).await? {
        OtpOutcome::Right => {}
        outcome @ (OtpOutcome::Wrong | OtpOutcome::Over) => {
            let kind = AttemptKind::WrongCode;
            let attempt = Attempt::new(&login, kind, now, app.random.as_ref());
            app.attempts.note(&attempt).await?;
            return Err(match outcome {
                OtpOutcome::Over => ProblemKind::OtpOver.into(),
                _ => ProblemKind::OtpWrong.into(),
            });
        }
    }
    let account = app.accounts.find_by_index(&login).await?.ok_or(ProblemKind::OtpOver)?;
    // A code that came back by a login confirms the address it went to.
    app.contacts.confirm_by_login(&challenge.space_id, &challenge.contact_id, now).await?;
    open_session(&app, &account, body.value.client, now).await
}

/// Reads a one-time code.
pub(crate) fn read_otp(text: &str) -> Result<OneTimeCode, Problem> {
    OneTimeCode::parse(text).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })
}
