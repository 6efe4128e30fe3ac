//! `DELETE /v1/sessions/current`: the session ends, and its tokens with it.
//!
//! Must not know: how the session was opened.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use espace_domain::Actor;
use espace_http::{Known, Problem, ProblemBody};

use crate::App;
use crate::refresh_token::forgotten;

/// Ends the session; its access tokens are refused from the next request on.
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
    Known(claims): Known,
) -> Result<Response, Problem> {
    let owner = match claims.actor {
        Actor::Citizen { .. } => claims.sub.as_str(),
        _ => claims.sid.as_str(),
    };
    app.sessions.revoke(owner, &claims.sid, app.clock.now()).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, forgotten()?);
    Ok(response)
}
