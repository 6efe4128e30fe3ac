//! `GET /v1/push-subscriptions`: the caller's browsers that are told.
//!
//! Must not know: of what.

use axum::Json;
use axum::extract::State;
use espace_domain::PushId;
use espace_http::{Known, Problem, ProblemBody};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The caller's browsers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushList {
    items: Vec<PushView>,
}

/// A browser that is told. Where, is not shown again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushView {
    #[schema(value_type = String)]
    push_id: PushId,
    since: Timestamp,
}

/// Lists the caller's browsers that are told.
#[utoipa::path(
    get, path = "/v1/push-subscriptions", operation_id = "listPush", tag = "notifications",
    responses(
        (status = 200, body = PushList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Known(claims): Known,
) -> Result<Json<PushList>, Problem> {
    let owner = app.push_owner(&claims).await?;
    let found = app.pushes.of(&owner).await?;
    let view = |found: espace_storage::PushSubscription| PushView {
        push_id: found.push_id,
        since: found.since,
    };
    Ok(Json(PushList { items: found.into_iter().map(view).collect() }))
}
