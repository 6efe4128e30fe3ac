//! `POST /v1/sessions/{id}/passkey`: a passkey signs the challenge, a session opens.
//!
//! Must not know: how a signature is verified, nor what the session opens.

use axum::extract::{Path, State};
use axum::response::Response;
use espace_crypto::verify_assertion;
use espace_domain::ChallengeId;
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Attempt, AttemptKind, ChallengePurpose, ClientKind, OtpOutcome};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::factors::{ceremony, decode};
use crate::open::open_session;

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
        .filter(|c| c.purpose == ChallengePurpose::Login && c.contact_id.is_none())
        .ok_or_else(refused)?;
    let login = challenge.login();
    let account = app.accounts.find_by_index(&login).await?.ok_or_else(refused)?;
    let mut secrets = app.accounts.open(&account).await?;
    let input = &body.value;
    let parts = decode(&input.credential_id)
        .zip(decode(&input.client_data))
        .zip(decode(&input.authenticator_data).zip(decode(&input.signature)));
    let ((credential_id, client_data), (data, signature)) = parts.ok_or_else(refused)?;
    let known = secrets.passkeys.iter_mut().find(|k| k.passkey().credential_id == credential_id);
    let counter = known.as_ref().and_then(|known| {
        let about = ceremony(&app, &challenge);
        verify_assertion(&known.passkey(), about, &client_data, &data, &signature).ok()
    });
    let settled = app.challenges.settle(&challenge, counter.is_some(), now).await?;
    let (Some(known), Some(counter), OtpOutcome::Right) = (known, counter, settled) else {
        let attempt = Attempt::new(&login, AttemptKind::WrongCode, now, app.random.as_ref());
        app.attempts.note(&attempt).await?;
        return Err(refused());
    };
    known.count(counter);
    app.accounts.replace_secrets(&account, &secrets, app.random.as_ref()).await?;
    open_session(&app, &account, input.client, now).await
}
