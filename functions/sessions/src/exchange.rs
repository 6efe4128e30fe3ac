//! `POST /v1/sessions/exchange`: another provider's token for one of ours
//! (RFC 8693).
//!
//! Must not know: how a foreign token is verified.

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::{Form, Json};
use espace_domain::SessionId;
use espace_http::{ACCESS_TOKEN_VALIDITY_S, FieldError, Problem, ProblemBody, ProblemKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::providers::ForeignTokenRefused;

/// Seconds the session of someone another provider vouches for lasts: as long as
/// the one token it gives, and a little for clocks.
const SESSION_S: i64 = ACCESS_TOKEN_VALIDITY_S + 60;
/// The grant (RFC 8693 section 2.1).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Token types taken and issued (RFC 8693 section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

#[derive(Deserialize, ToSchema)]
pub(crate) struct Exchange {
    grant_type: String,
    subject_token: String,
    subject_token_type: String,
    /// Which of a professional's practices they act in, counted from 0: the first where
    /// none is named.
    #[serde(default)]
    practice: usize,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Exchanged {
    access_token: String,
    issued_token_type: &'static str,
    token_type: &'static str,
    expires_in: i64,
}

/// Exchanges a token of Pro Santé Connect, of the phone line or of the insurer.
#[utoipa::path(
    post, path = "/v1/sessions/exchange", operation_id = "exchangeToken", tag = "sessions",
    request_body(content = Exchange, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Exchanged),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn exchange(
    State(app): State<App>,
    form: Result<Form<Exchange>, FormRejection>,
) -> Result<Json<Exchanged>, Problem> {
    let Form(exchange) = form.map_err(|rejection| match rejection {
        FormRejection::InvalidFormContentType(_) => ProblemKind::UnsupportedMediaType,
        _ => ProblemKind::InvalidBody,
    })?;
    let mut errors = Vec::new();
    if exchange.grant_type != GRANT {
        errors.push(FieldError::new("/grant_type", "invalid-value", "Ce n’est pas un échange."));
    }
    if ![ACCESS_TOKEN, ID_TOKEN, JWT].contains(&exchange.subject_token_type.as_str()) {
        let detail = "Ce type de jeton n’est pas accepté.";
        errors.push(FieldError::new("/subject_token_type", "invalid-value", detail));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let vouched = app.providers.verify(&exchange.subject_token, exchange.practice).await;
    let vouched = vouched.map_err(|refused| match refused {
        ForeignTokenRefused::Invalid => ProblemKind::Unauthenticated,
        ForeignTokenRefused::ProviderUnreachable => ProblemKind::Unavailable,
    })?;
    let now = app.clock.now();
    if !app.sessions.claim_foreign_token(&vouched.token_name, now).await? {
        return Err(ProblemKind::TokenReplayed.into());
    }
    let session_id = SessionId::generate(app.random.as_ref());
    app.sessions.open_exchanged(&session_id, SESSION_S, now).await?;
    let signed = app.signer.sign(&vouched.subject, &session_id, vouched.actor).await?;
    Ok(Json(Exchanged {
        access_token: signed.token,
        issued_token_type: ACCESS_TOKEN,
        token_type: "Bearer",
        expires_in: signed.expires_in_s,
    }))
}
