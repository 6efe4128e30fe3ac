//! `DELETE /v1/sessions/current`: the session ends, and its tokens with it.
//!
//! Must not know: tokens: the session is what ends.

use axum::extract::State;
use axum::http::StatusCode;
use espace_http::{Known, Problem, ProblemBody};

use crate::App;

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
) -> Result<StatusCode, Problem> {
    app.sessions.revoke(&claims.sid, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
