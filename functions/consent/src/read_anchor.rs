//! `GET /v1/anchors/{anchor}`: what a downloaded log is verified against. It names
//! nobody, and is the same for everyone.
//!
//! Must not know: whose chains are anchored.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use espace_http::{Problem, ProblemBody, ProblemKind};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// Longest name of an anchor.
const NAME_CHARS_MAX: usize = 64;

/// An anchor: a tree of trees, one a shard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnchorView {
    /// `espace-anchor/1`.
    format: String,
    anchor: String,
    anchored_at: Timestamp,
    /// The root over the shards' roots.
    root: String,
    shards: Vec<ShardView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShardView {
    shard: u32,
    leaves: u64,
    root: String,
}

/// Reads an anchor.
#[utoipa::path(
    get, path = "/v1/anchors/{anchor}", operation_id = "readAnchor", tag = "consent",
    params(("anchor" = String, Path)),
    responses(
        (status = 200, body = AnchorView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Path(anchor): Path<String>,
) -> Result<Response, Problem> {
    let is_name = anchor.len() <= NAME_CHARS_MAX
        && anchor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name {
        return Err(ProblemKind::NotFound.into());
    }
    let found = app.anchors.find(&anchor).await?.ok_or(ProblemKind::NotFound)?;
    let view = AnchorView {
        format: found.format,
        anchor: found.anchor,
        anchored_at: found.anchored_at,
        root: found.root,
        shards: found
            .shards
            .into_iter()
            .map(|shard| ShardView { shard: shard.shard, leaves: shard.leaves, root: shard.root })
            .collect(),
    };
    // It never changes.
    let cached = [(header::CACHE_CONTROL, "public, max-age=86400")];
    Ok((cached, Json(view)).into_response())
}
