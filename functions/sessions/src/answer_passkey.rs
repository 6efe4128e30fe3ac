//! `POST /v1/sessions/{id}/passkey`: a passkey signs the challenge, a session opens.
//!
//! Must not know: how a signature is verified, nor what the session opens.

use axum::extract::{Path, State};
use axum::response::Response;
use espace_domain::ChallengeId;
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{AttemptKind, ChallengePurpose, ClientKind, OtpOutcome};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::begin::note;
use crate::open::open_session;
use crate::strong::{PasskeyAnswer, is_of, is_strong, too_many, uses_passkey};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Assertion {
    /// The credential's id, base64url.
    credential_id: String,
    /// `response.clientDataJSON`, base64url.
    client_data: String,
    /// `response.authenticatorData`, base64url.
    authenticator_data: String,
    /// `response.signature`, base64url.
    signature: String,
    /// `browser` (the default) or `mobile`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    client: ClientKind,
}

/// Opens a session by a passkey.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/passkey", operation_id = "answerPasskey", tag = "sessions",
    request_body = Assertion, params(("id" = String, Path, description = "The challenge")),
    responses(
        (status = 200, body = crate::answer_otp::Opened),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn answer_passkey(
    State(app): State<App>,
    Path(challenge_id): Path<String>,
    body: JsonBody<Assertion>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let refused = || Problem::from(ProblemKind::PasskeyRefused);
    let id = ChallengeId::parse(&challenge_id).map_err(|_| refused())?;
    let challenge = app.challenges.find(&id, now).await?;
    let challenge = challenge
        .filter(|c| c.purpose == ChallengePurpose::Login && is_strong(c))
        .ok_or_else(refused)?;
    let login = challenge.login();
    let account = app.accounts.find_by_index(&login).await?.ok_or_else(refused)?;
    if !is_of(&challenge, &account) {
        return Err(refused());
    }
    if too_many(&app, &account, now).await? {
        note(&app, &login, AttemptKind::SlowedDown, now).await?;
        return Err(refused());
    }
    let Assertion { credential_id, client_data, authenticator_data, signature, client } =
        body.value;
    let answer = PasskeyAnswer { credential_id, client_data, authenticator_data, signature };
    let right = uses_passkey(&app, &account, &challenge, &answer).await?;
    if app.challenges.settle(&challenge, right, now).await? != OtpOutcome::Right {
        note(&app, &login, AttemptKind::WrongCode, now).await?;
        return Err(refused());
    }
    open_session(&app, &account, &challenge, client, now).await
}
