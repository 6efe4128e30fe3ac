//! `POST /v1/sessions/{challengeId}/otp`: the code comes back, a session opens.
//!
//! Must not know: how the code was sent, nor what the session opens.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::{Actor, ChallengeId, OneTimeCode, SessionId};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{KeyName, OtpOutcome, SessionOwner};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// Seconds a session lasts.
pub(crate) const SESSION_S: i64 = 12 * 3_600;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtpAnswer {
    /// The six digits received.
    otp: String,
    /// `browser` (the default) or `mobile`. Both get an access token only until
    /// refresh tokens are built.
    #[serde(default, rename = "client")]
    #[schema(value_type = Option<String>)]
    _client: Client,
}

/// What kind of client logs in.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Client {
    #[default]
    Browser,
    Mobile,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened {
    access_token: String,
    expires_in_s: i64,
}

/// Opens a session.
#[utoipa::path(
    post, path = "/v1/sessions/{challengeId}/otp", operation_id = "answerOtp", tag = "sessions",
    request_body = OtpAnswer, params(("challengeId" = String, Path)),
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
) -> Result<Json<Opened>, Problem> {
    let now = app.clock.now();
    let otp = OneTimeCode::parse(&body.value.otp).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })?;
    // An unknown challenge and one that is over are the same.
    let challenge_id = ChallengeId::parse(&challenge_id).map_err(|_| ProblemKind::OtpOver)?;
    let challenge = app.challenges.find(&challenge_id, now).await?.ok_or(ProblemKind::OtpOver)?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    match app.challenges.answer(&challenge, &otp, &mac, now).await? {
        OtpOutcome::Right => {}
        OtpOutcome::Wrong => return Err(ProblemKind::OtpWrong.into()),
        OtpOutcome::Over => return Err(ProblemKind::OtpOver.into()),
    }
    let login = challenge.login();
    let account = app.accounts.find_by_index(&login).await?.ok_or(ProblemKind::OtpOver)?;
    let session_id = SessionId::generate(app.random.as_ref());
    let owner = SessionOwner::citizen(&login, account.space_id.clone());
    app.sessions.open(session_id.clone(), owner, SESSION_S, now).await?;
    let actor = Actor::Citizen { space_id: account.space_id };
    let signed = app.signer.sign(account.account_id.as_str(), &session_id, actor).await?;
    Ok(Json(Opened { access_token: signed.token, expires_in_s: signed.expires_in_s }))
}
