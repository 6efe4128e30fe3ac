//! Opening a session and answering with its tokens, by cookie or in the body.
//! Must not know how the holder proved who they are.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use espace_domain::{Actor, SessionId, SpaceId};
use espace_http::{Problem, ProblemKind};
use espace_storage::{Account, Attempt, AttemptKind, ClientKind, NewSession};
use jiff::Timestamp;

use crate::App;
use crate::answer_otp::Opened;
use crate::refresh_token::RefreshToken;

/// Seconds a session lasts without being renewed, and in all. A browser may be
/// shared; an application is behind the telephone's own lock.
pub(crate) const fn lifetimes(client: ClientKind) -> (i64, i64) {
    match client {
        ClientKind::Browser => (3_600, 12 * 3_600),
        ClientKind::Mobile => (30 * 86_400, 180 * 86_400),
    }
}

/// Opens a session of an account.
pub(crate) async fn open_session(
    app: &App,
    account: &Account,
    client: ClientKind,
    now: Timestamp,
) -> Result<Response, Problem> {
    let random = app.random.as_ref();
    let session_id = SessionId::generate(random);
    let refresh = RefreshToken::generate(account.account_id.clone(), session_id.clone(), random);
    let (idle_s, lifetime_s) = lifetimes(client);
    let new = NewSession {
        session_id: &session_id,
        account_id: &account.account_id,
        space_id: &account.space_id,
        client,
        refresh: &refresh.secret,
        idle_s,
        lifetime_s,
    };
    if !app.sessions.open(&app.spaces, &new, now).await? {
        return Err(ProblemKind::SpaceFrozen.into());
    }
    let attempt = Attempt::new(&account.login, AttemptKind::LoggedIn, now, random);
    app.attempts.note(&attempt).await?;
    tokens(app, account.space_id.clone(), &refresh, client).await
}

/// Answers with an access token and the refresh token.
pub(crate) async fn tokens(
    app: &App,
    space_id: SpaceId,
    refresh: &RefreshToken,
    client: ClientKind,
) -> Result<Response, Problem> {
    let actor = Actor::Citizen { space_id };
    let account = refresh.account_id.as_str();
    let signed = app.signer.sign(account, &refresh.session_id, actor).await?;
    let opened = Opened {
        access_token: signed.token,
        expires_in_s: signed.expires_in_s,
        refresh_token: (client == ClientKind::Mobile).then(|| refresh.expose()),
    };
    let mut response = Json(opened).into_response();
    if client == ClientKind::Browser {
        let (idle_s, _) = lifetimes(client);
        response.headers_mut().insert(header::SET_COOKIE, refresh.cookie(idle_s)?);
    }
    let no_store = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}
