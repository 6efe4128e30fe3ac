//! `GET /v1/push-key`: the key to which a browser binds its subscription (RFC 8292).
//!
//! Must not know: who subscribes.

use axum::Json;
use axum::extract::State;
use espace_http::{Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The key by which push services know us.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushKeyView {
    /// An uncompressed point of P-256, in base64url.
    public_key: String,
}

/// The public key by which push services know us.
#[utoipa::path(
    get, path = "/v1/push-key", operation_id = "readPushKey", tag = "notifications",
    responses(
        (status = 200, body = PushKeyView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<PushKeyView>, Problem> {
    let public_key = app.pushes.key().await?.public().to_owned();
    Ok(Json(PushKeyView { public_key }))
}
