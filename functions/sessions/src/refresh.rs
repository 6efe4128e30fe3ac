//! `POST /v1/sessions/refresh`: a new access token, and the refresh token
//! replaced.
//!
//! Must not know: how the session was opened.

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use espace_domain::Actor;
use espace_http::{BODY_BYTES_MAX, Problem, ProblemBody, ProblemKind};
use espace_storage::{Attempt, AttemptKind, KeyName, Refreshed, SessionHolder};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::open::{lifetimes, tokens};
use crate::refresh_token::RefreshToken;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Renewal {
    /// The refresh token, from an application; a browser sends its cookie and no
    /// body.
    refresh_token: String,
}

/// Renews a session. The refresh token serves once: using one that had been
/// replaced more than 20 seconds ago ends the session, since one of the two who
/// have it stole it.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", operation_id = "refreshSession", tag = "sessions",
    request_body(content = Option<Renewal>),
    responses(
        (status = 200, body = crate::answer_otp::Opened),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn refresh(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let now = app.clock.now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| ProblemKind::BodyTooLarge)?;
    let shown = match in_body(&body)? {
        Some(token) => Some(token),
        None => RefreshToken::in_cookie(&parts.headers),
    };
    let shown = shown.ok_or(ProblemKind::Unauthenticated)?;
    let random = app.random.as_ref();
    let next = shown.successor(&app.keys.mac(KeyName::LoginIndex).await?);
    // How long it lasts without being renewed depends on the client; the store
    // caps it at the session's own end.
    let idle_s = |holder: &SessionHolder| match holder {
        SessionHolder::Citizen { client, .. } => lifetimes(*client).0,
        SessionHolder::Exchanged => 0,
    };
    let (account_id, session_id) = (&shown.account_id, &shown.session_id);
    let refreshed = app
        .sessions
        .refresh(account_id, session_id, &shown.secret, &next.secret, idle_s, now)
        .await?;
    match refreshed {
        Refreshed::Yes(SessionHolder::Citizen { space_id, client, archived }) => {
            tokens(&app, Actor::Citizen { space_id, archived }, &next, client).await
        }
        Refreshed::Reused(SessionHolder::Citizen { space_id, .. }) => {
            let space = app.spaces.find(&space_id).await?;
            if let Some(account) = space.and_then(|space| space.account) {
                let kind = AttemptKind::RefreshReused;
                app.attempts.note(&Attempt::new(&account.login(), kind, now, random)).await?;
            }
            Err(ProblemKind::Unauthenticated.into())
        }
        Refreshed::Yes(SessionHolder::Exchanged) | Refreshed::Reused(_) | Refreshed::Over => {
            Err(ProblemKind::Unauthenticated.into())
        }
    }
}

/// The token in a body, where there is a body.
fn in_body(body: &Bytes) -> Result<Option<RefreshToken>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let renewal: Renewal = serde_json::from_slice(body).map_err(|_| ProblemKind::MalformedBody)?;
    RefreshToken::parse(&renewal.refresh_token)
        .map(Some)
        .ok_or_else(|| ProblemKind::Unauthenticated.into())
}
