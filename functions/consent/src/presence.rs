//! `POST /v1/spaces/{spaceId}/presence-codes`: six digits that the patient shows the
//! professional before them.
//!
//! Must not know: who will type them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{ONE_TIME_CODE_VALIDITY_S, OneTimeCode};
use espace_http::{Bearer, Problem, ProblemBody};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PresenceCode {
    /// Six digits, for one professional, once.
    presence_code: String,
    expires_at: Timestamp,
}

/// Draws a presence code, in place of the one before. It lives ten minutes, serves once,
/// and stands five wrong tries.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/presence-codes", operation_id = "issuePresenceCode",
    tag = "consent", params(("spaceId" = String, Path)),
    responses(
        (status = 201, body = PresenceCode),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn issue(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<(StatusCode, Json<PresenceCode>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::IssuePresenceCode).await?;
    let code = OneTimeCode::generate(app.random.as_ref());
    let expires_at = Timestamp::from_second(visit.now.as_second() + ONE_TIME_CODE_VALIDITY_S)
        .unwrap_or(visit.now);
    let tag = visit.names.presence_code(&visit.space_id, code.expose());
    let changes = [app.consents.put_presence(&visit.space_id, &tag, expires_at)?];
    let done = Done { changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    let presence_code = code.expose().to_owned();
    Ok((StatusCode::CREATED, Json(PresenceCode { presence_code, expires_at })))
}
