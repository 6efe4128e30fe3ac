//! `GET /v1/sessions/attempts`: what was tried on one's account.
//!
//! Must not know: how a try is refused.

use axum::Json;
use axum::extract::State;
use espace_http::{Citizen, Problem, ProblemBody, ProblemKind};
use espace_storage::AttemptKind;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attempts {
    /// The latest first.
    items: Vec<AttemptView>,
    /// There is one page: the last 200.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    at: Timestamp,
    /// `loggedIn`, `wrongPassword`, `wrongCode`, `refreshReused`, `passwordReset`,
    /// `passwordResetRefused`.
    #[schema(value_type = String)]
    kind: AttemptKind,
}

/// Lists the last tries on the account, right and wrong.
#[utoipa::path(
    get, path = "/v1/sessions/attempts", operation_id = "listAttempts", tag = "sessions",
    responses(
        (status = 200, body = Attempts),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn attempts(
    State(app): State<App>,
    citizen: Citizen,
) -> Result<Json<Attempts>, Problem> {
    let space = app.spaces.find(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let login = space.account.map(|account| account.login()).ok_or(ProblemKind::NotFound)?;
    let found = app.attempts.latest(&login).await?;
    let items = found.into_iter().map(|(at, kind)| AttemptView { at, kind }).collect();
    Ok(Json(Attempts { items, next: None }))
}
