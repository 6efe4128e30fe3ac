//! `DELETE /v1/sessions/current`: the session ends, and its tokens with it.
//!
//! Must not know: how the session was opened.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use espace_domain::Actor;
use espace_http::{Known, Problem, ProblemBody};

use crate::App;
use crate::refresh_token::{RefreshToken, forgotten};

/// Ends the session; its access tokens are refused from the next request on. A browser whose access
/// token is over shows its cookie: whoever is told that they are logged out is.
#[utoipa::path(
    delete, path = "/v1/sessions/current", operation_id = "logOut", tag = "sessions",
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "support", "insurer"]))),
)]
pub(crate) async fn log_out(
    State(app): State<App>,
    known: Result<Known, Problem>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    match (known, RefreshToken::in_cookie(&headers)) {
        (Ok(Known(claims)), _) => {
            let owner = match claims.actor {
                Actor::Citizen { .. } => claims.sub.as_str(),
                _ => claims.sid.as_str(),
            };
            app.sessions.revoke(owner, &claims.sid, now).await?;
        }
        (Err(_), Some(shown)) => {
            let RefreshToken { account_id, session_id, secret } = &shown;
            app.sessions.revoke_by(account_id, session_id, secret, now).await?;
        }
        (Err(problem), None) => return Err(problem),
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, forgotten()?);
    Ok(response)
}
