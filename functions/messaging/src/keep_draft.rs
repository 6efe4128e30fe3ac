//! `PUT /v1/spaces/{spaceId}/threads/{threadId}/draft`: what the caller has not sent yet is
//! kept. It is gone once they send a message there.
//!
//! Must not know: others' drafts.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{ATTACHMENTS_MAX, BODY_BYTES_MAX, DocumentId};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody};
use espace_storage::Draft;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::compose::REQUEST_BYTES_MAX;
use crate::read::enter;
use crate::view::writer;

/// A message that is not sent yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewDraft {
    /// Up to 100,000 bytes of UTF-8.
    body: String,
    /// Documents, at most ten; whether they may be joined is looked at when it is sent.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 10)]
    attachments: Vec<DocumentId>,
}

/// Keeps the caller's own draft in a conversation, in place of the one before.
#[utoipa::path(
    put, path = "/v1/spaces/{spaceId}/threads/{threadId}/draft", operation_id = "keepDraft",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path)),
    request_body = NewDraft,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn keep(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
    body: Result<JsonBody<NewDraft, REQUEST_BYTES_MAX>, Problem>,
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    let (visit, permit, stored) = enter(&app, &bearer, path, Action::KeepThread).await?;
    let NewDraft { body, attachments } = body?.value;
    if body.len() > BODY_BYTES_MAX || attachments.len() > ATTACHMENTS_MAX {
        let detail = "Un message a 100 000 octets et dix pièces jointes au plus.";
        return Err(Problem::invalid(vec![FieldError::new("/body", "too-long", detail)]));
    }
    let own = writer(&visit, permit);
    let name = visit.names.draft(&visit.space_id, &stored.thread_id, &own);
    let draft = Draft { body, attachments, at: visit.now };
    let key = &visit.opened(&permit)?.content_key;
    let random = app.random.as_ref();
    let changes = [app.messages.keep_draft(&visit.space_id, &name, &draft, key, random)?];
    app.guard.record(&visit, &permit, Done { changes: &changes, ..Done::default() }).await?;
    Ok(StatusCode::NO_CONTENT)
}
