//! `POST /v1/sessions/{id}/channel`: the code, by another way.
//!
//! Must not know: what the challenge opens.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use espace_domain::{ChallengeId, Channel, OneTimeCode};
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::transitions::resend_challenge;
use espace_storage::{ChallengePurpose, KeyName};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::begin::Begun;
use crate::challenge::{addresses, code_message};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtherChannel {
    /// `email` or `sms`.
    #[schema(value_type = String)]
    channel: Channel,
}

/// Sends a fresh code by another way, or again by the same. Wrong tries so far go
/// on counting. For a step-up, with the token of its session.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/channel", operation_id = "switchChannel",
    tag = "sessions", request_body = OtherChannel, params(("id" = String, Path, description = "The challenge")),
    responses(
        (status = 200, body = Begun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn switch_channel(
    State(app): State<App>,
    Path(challenge_id): Path<String>,
    headers: HeaderMap,
    body: JsonBody<OtherChannel>,
) -> Result<Json<Begun>, Problem> {
    let now = app.clock.now();
    let id = ChallengeId::parse(&challenge_id).map_err(|_| ProblemKind::OtpOver)?;
    let before = app.challenges.find(&id, now).await?;
    // A challenge for an application or a passkey does not fall back to a message.
    let before = before.filter(|before| before.contact_id.is_some()).ok_or(ProblemKind::OtpOver)?;
    match &before.session_id {
        // Whoever began a login knew the password.
        None if before.purpose == ChallengePurpose::Login => {}
        // A reset is asked for by anyone: who may receive codes must not show here.
        None => return Err(ProblemKind::OtpOver.into()),
        // An agent's call: its code is sent by who began it, and by nobody else.
        Some(_) if before.purpose == ChallengePurpose::PhoneClosure => {
            return Err(ProblemKind::OtpOver.into());
        }
        Some(session_id) => {
            let bearer = Bearer::of(&headers).ok_or(ProblemKind::OtpOver)?;
            if app.gate.admit(&bearer).await?.sid != *session_id {
                return Err(ProblemKind::OtpOver.into());
            }
        }
    }
    let limit = app.limits.codes_per_person;
    let who = before.login();
    if let Some(wait_s) = app.throttles.count("code-resent", who.as_str(), limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let key = app.space_keys.content(&before.space_id).await?.ok_or(ProblemKind::OtpOver)?;
    let known = addresses(&app, &before.space_id, &key).await?.confirmed;
    let to = known
        .iter()
        .find(|address| address.contact.channel() == body.value.channel)
        .ok_or(ProblemKind::NoContactOnFile)?;
    let random = app.random.as_ref();
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let after = before.sent_to(&to.contact_id, &otp, &mac, now);
    let message = code_message(to, before.purpose, &otp);
    let delay_s = app.limits.code_delay_s;
    let both = (&before, &after);
    let (challenges, outbox) = (&app.challenges, &app.outbox);
    if !resend_challenge(challenges, outbox, both, &message, delay_s, random, now).await? {
        return Err(Problem::code_too_soon(delay_s));
    }
    let channels = vec![to.contact.channel().as_str()];
    Ok(Json(Begun { challenge_id: id, channels, public_key: None }))
}
