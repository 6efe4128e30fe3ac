//! Opening a session and answering with its tokens, by cookie or in the body.
//! Must not know how the holder proved who they are.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use espace_domain::{Actor, SessionId};
use espace_http::{Problem, ProblemKind};
use espace_storage::{Account, Attempt, AttemptKind, Challenge, ClientKind, NewSession};
use jiff::Timestamp;

use crate::App;
use crate::answer_otp::Opened;
use crate::begin::note;
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
    challenge: &Challenge,
    client: ClientKind,
    now: Timestamp,
) -> Result<Response, Problem> {
    let made_for = challenge.account.as_ref().ok_or(ProblemKind::OtpOver)?;
    let random = app.random.as_ref();
    let session_id = SessionId::generate(random);
    let refresh = RefreshToken::generate(account.account_id.clone(), session_id.clone(), random);
    let (idle_s, lifetime_s) = lifetimes(client);
    let archived = made_for.archived;
    let new = NewSession {
        epoch: made_for.session_epoch,
        archived,
        session_id: &session_id,
        account_id: &account.account_id,
        space_id: &account.space_id,
        client,
        refresh: &refresh.secret,
        idle_s,
        lifetime_s,
    };
    let attempt = Attempt::new(&account.login, AttemptKind::LoggedIn, now, random);
    if !app.sessions.open(&app.spaces, &app.attempts, (&new, &attempt), now).await? {
        // Frozen, closed or given another password while the code travelled.
        note(app, &account.login, AttemptKind::Suspended, now).await?;
        return Err(ProblemKind::OtpOver.into());
    }
    let actor = Actor::Citizen { space_id: account.space_id.clone(), archived };
    tokens(app, actor, &refresh, client).await
}

/// Answers with an access token and the refresh token.
pub(crate) async fn tokens(
    app: &App,
    actor: Actor,
    refresh: &RefreshToken,
    client: ClientKind,
) -> Result<Response, Problem> {
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
