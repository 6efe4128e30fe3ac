//! `POST /v1/spaces/{spaceId}/threads/{threadId}/closure`: a professional ends a conversation.
//!
//! Must not know: what its messages say.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::ThreadState;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};

use crate::App;
use crate::compose::{RACES_MAX, wait};
use crate::read::enter;

/// Ends a conversation: it can be read, and no longer answered.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/threads/{threadId}/closure", operation_id = "closeThread",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["professional"]))),
)]
pub(crate) async fn close(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    for attempt in 0..RACES_MAX {
        let (visit, permit, mut stored) = enter(&app, &bearer, path, Action::CloseThread).await?;
        stored.thread.state = ThreadState::Closed;
        let key = &visit.opened(&permit)?.content_key;
        let random = app.random.as_ref();
        let changes = [app.messages.replace(&visit.space_id, &stored, key, random)?];
        let elements = [thread_id.as_str()];
        let done = Done { elements: &elements, changes: &changes, ..Done::default() };
        match app.guard.record(&visit, &permit, done).await {
            Ok(_) => return Ok(StatusCode::NO_CONTENT),
            Err(problem) if problem.kind() == ProblemKind::ChangedMeanwhile => {}
            Err(problem) => return Err(problem),
        }
        wait(&app, attempt).await;
    }
    Err(ProblemKind::ChangedMeanwhile.into())
}
