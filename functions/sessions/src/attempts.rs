//! `GET /v1/sessions/attempts`: what was tried on one's account.
//!
//! Must not know: how a try is refused.

use axum::Json;
use axum::extract::State;
use espace_http::{AnyCitizen, Page, Problem, ProblemBody, ProblemKind};
use espace_storage::AttemptKind;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// What a cursor of this list is sealed to.
const LIST: &str = "attempts";

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attempts {
    /// The latest first.
    items: Vec<AttemptView>,
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    at: Timestamp,
    /// `loggedIn`, `passwordAccepted`, `suspended`, `wrongPassword`, `wrongCode`,
    /// `slowedDown`, `wrongStepUp`, `refreshReused`, `passwordReset`,
    /// `passwordResetRefused`.
    #[schema(value_type = String)]
    kind: AttemptKind,
}

/// Lists the tries on the account, right and wrong.
#[utoipa::path(
    get, path = "/v1/sessions/attempts", operation_id = "listAttempts", tag = "sessions",
    params(Page),
    responses(
        (status = 200, body = Attempts),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn attempts(
    State(app): State<App>,
    any: AnyCitizen,
    page: Page,
) -> Result<Json<Attempts>, Problem> {
    let citizen = any.citizen;
    let space = app.spaces.find(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let login = space.account.map(|account| account.login()).ok_or(ProblemKind::NotFound)?;
    let key = app.space_keys.content(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let before: Option<String> = page.start(&key, LIST)?;
    let (found, next) = app.attempts.latest(&login, before.as_deref(), page.limit()).await?;
    let items = found.into_iter().map(|try_| AttemptView { at: try_.at, kind: try_.kind });
    let next = next.map(|next| Page::cursor(&key, LIST, &next, app.random.as_ref())).transpose()?;
    Ok(Json(Attempts { items: items.collect(), next }))
}
