//! `DELETE /v1/push-subscriptions/{pushId}`: a browser of the caller's is told no more.
//!
//! Must not know: of what.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_domain::PushId;
use espace_http::{Known, Problem, ProblemBody, ProblemKind};

use crate::App;

/// Forgets a browser of the caller's.
#[utoipa::path(
    delete, path = "/v1/push-subscriptions/{pushId}", operation_id = "removePush",
    tag = "notifications", params(("pushId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    Known(claims): Known,
    Path(push_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let owner = app.push_owner(&claims).await?;
    let push_id = PushId::parse(&push_id).map_err(|_| ProblemKind::NotFound)?;
    app.pushes.remove(&owner, &push_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
