//! `PATCH /v1/spaces/{spaceId}/threads/{threadId}`: put away, or back, in the caller's view.
//!
//! Must not know: what its messages say.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::compose::{RACES_MAX, wait};
use crate::read::enter;
use crate::view::reader;

/// What changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Arrangement {
    /// Whether it is put away. A new message brings it back.
    archived: bool,
}

/// Puts a conversation away, or back, for the caller alone; for a professional, for the team
/// it is shared in.
#[utoipa::path(
    patch, path = "/v1/spaces/{spaceId}/threads/{threadId}", operation_id = "arrangeThread",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path)),
    request_body = Arrangement,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn arrange(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
    body: Result<JsonBody<Arrangement>, Problem>,
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    let mut body = Some(body);
    let mut away = false;
    for attempt in 0..RACES_MAX {
        let (visit, permit, mut stored) = enter(&app, &bearer, path, Action::KeepThread).await?;
        if let Some(body) = body.take() {
            away = body?.value.archived;
        }
        let (reader, _) = reader(&visit, permit, &stored.thread);
        if stored.thread.is_archived_by(&reader) == away {
            return Ok(StatusCode::NO_CONTENT);
        }
        stored.thread.archive(&reader, away);
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
