//! `GET /v1/spaces/{spaceId}/threads/{threadId}/draft`: what the caller has not sent yet.
//!
//! Must not know: others' drafts.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::DocumentId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::Draft;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::read::enter;
use crate::view::writer;

/// A message that is not sent yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DraftView {
    body: String,
    #[schema(value_type = Vec<String>)]
    attachments: Vec<DocumentId>,
    at: Timestamp,
}

/// Reads the caller's own draft in a conversation.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/threads/{threadId}/draft", operation_id = "readDraft",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path)),
    responses(
        (status = 200, body = DraftView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
) -> Result<Json<DraftView>, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    let (visit, permit, stored) = enter(&app, &bearer, path, Action::KeepThread).await?;
    let own = writer(&visit, permit);
    let name = visit.names.draft(&visit.space_id, &stored.thread_id, &own);
    let key = &visit.opened(&permit)?.content_key;
    let found = app.messages.draft(&visit.space_id, &name, key).await?;
    let Draft { body, attachments, at } = found.ok_or(ProblemKind::NotFound)?;
    Ok(Json(DraftView { body, attachments, at }))
}
