//! `/v1/sessions`: the devices on which a holder is logged in.
//!
//! Must not know: tokens.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_domain::SessionId;
use espace_http::{Citizen, Problem, ProblemBody, ProblemKind};
use espace_storage::{ClientKind, SessionHolder};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Devices {
    items: Vec<Device>,
    /// There is one page.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    #[schema(value_type = String)]
    session_id: SessionId,
    /// `browser` or `mobile`.
    client: &'static str,
    opened_at: Timestamp,
    renewed_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// Lists the devices whose sessions last.
#[utoipa::path(
    get, path = "/v1/sessions", operation_id = "listSessions", tag = "sessions",
    responses(
        (status = 200, body = Devices),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    citizen: Citizen,
) -> Result<Json<Devices>, Problem> {
    let account = citizen.claims.account_id().ok_or(ProblemKind::Unauthenticated)?;
    let sessions = app.sessions.list(&account, app.clock.now()).await?;
    let mut items: Vec<_> = sessions
        .into_iter()
        .map(|session| Device {
            current: session.session_id == citizen.claims.sid,
            client: match session.holder {
                SessionHolder::Citizen { client: ClientKind::Mobile, .. } => "mobile",
                SessionHolder::Citizen { client: ClientKind::Browser, .. }
                | SessionHolder::Exchanged => "browser",
            },
            session_id: session.session_id,
            opened_at: session.created_at,
            renewed_at: session.renewed_at,
        })
        .collect();
    items.sort_by_key(|device| std::cmp::Reverse(device.renewed_at));
    Ok(Json(Devices { items, next: None }))
}

/// Ends the session of a device; its access tokens are refused from the next
/// request on.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", operation_id = "revokeSession", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    citizen: Citizen,
    Path(session_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let account = citizen.claims.account_id().ok_or(ProblemKind::Unauthenticated)?;
    let session_id = SessionId::parse(&session_id).map_err(|_| ProblemKind::NotFound)?;
    let ended = app.sessions.revoke(account.as_str(), &session_id, app.clock.now()).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(ProblemKind::NotFound.into()) }
}
