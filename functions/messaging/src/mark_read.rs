//! `PUT /v1/spaces/{spaceId}/threads/{threadId}/read`: the caller has read up to a message.
//! Both sides see it, as an acknowledgement.
//!
//! Must not know: what its messages say.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind, read_json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::compose::{RACES_MAX, wait};
use crate::read::enter;
use crate::view::reader;

/// Up to where.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ReadUpto {
    /// The number of the last message that was read; the newest where none is named. What
    /// came meanwhile is not read by that.
    #[serde(default)]
    number: Option<u32>,
}

/// Says that the caller has read. A professional reads for the team the conversation is
/// shared in.
#[utoipa::path(
    put, path = "/v1/spaces/{spaceId}/threads/{threadId}/read", operation_id = "markThreadRead",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path)),
    request_body(content = Option<ReadUpto>),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn mark(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    let mut body = Some(body);
    let mut upto = None;
    for attempt in 0..RACES_MAX {
        let (visit, permit, mut stored) = enter(&app, &bearer, path, Action::KeepThread).await?;
        if let Some(body) = body.take() {
            upto = read_upto(body)?;
        }
        let (reader, _) = reader(&visit, permit, &stored.thread);
        let number = upto.unwrap_or_else(|| stored.thread.messages());
        if !stored.thread.read_by(&reader, number, visit.now) {
            return Ok(StatusCode::NO_CONTENT);
        }
        let key = &visit.opened(&permit)?.content_key;
        let random = app.random.as_ref();
        let changes = [app.messages.replace(&visit.space_id, &stored, key, random)?];
        let done = Done { changes: &changes, ..Done::default() };
        match app.guard.record(&visit, &permit, done).await {
            Ok(_) => return Ok(StatusCode::NO_CONTENT),
            Err(problem) if problem.kind() == ProblemKind::ChangedMeanwhile => {}
            Err(problem) => return Err(problem),
        }
        wait(&app, attempt).await;
    }
    Err(ProblemKind::ChangedMeanwhile.into())
}

/// The message named, where one is; a request without a body names none.
fn read_upto(body: Result<Bytes, BytesRejection>) -> Result<Option<u32>, Problem> {
    let body = body.map_err(|_| ProblemKind::BodyTooLarge)?;
    if body.is_empty() {
        return Ok(None);
    }
    Ok(read_json::<ReadUpto>(&body)?.number)
}
