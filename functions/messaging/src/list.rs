//! `GET /v1/spaces/{spaceId}/threads`: the conversations a caller takes part in, that with
//! the newest message first.
//!
//! Must not know: what a search asks for.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Visit};
use espace_domain::decision::{Action, Situation, decide};
use espace_http::{Bearer, Page, Problem, ProblemBody};
use espace_storage::{StoredThread, ThreadsAfter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::view::ThreadView;

/// The list that cursors are of.
const LIST: &str = "threads";
/// Conversations opened at once.
const BATCH: i32 = 100;
/// Conversations opened for one page, hidden ones included.
const OPENED_MAX: usize = 500;

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadList {
    items: Vec<ThreadView>,
    next: Option<String>,
}

/// Lists conversations, that with the newest message first. What is hidden from the caller
/// shortens no page.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/threads", operation_id = "listThreads", tag = "messaging",
    params(("spaceId" = String, Path), Page),
    responses(
        (status = 200, body = ThreadList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    page: Result<Page, Problem>,
) -> Result<Json<ThreadList>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ListThreads).await?;
    let page = page?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    let key = &visit.opened(&permit)?.content_key;
    let limit = usize::try_from(page.limit()).unwrap_or(0);
    let mut after: Option<ThreadsAfter> = page.start(key, LIST)?;
    let mut items = Vec::new();
    let (mut opened, mut more, mut has_another) = (0, true, false);
    while more && !has_another && opened < OPENED_MAX {
        let found = app.messages.recent(&visit.space_id, after.as_ref(), BATCH, key).await?;
        more = found.1;
        for stored in found.0 {
            opened += 1;
            let is_shown = is_shown(&visit, &stored);
            if is_shown && items.len() >= limit {
                has_another = true;
                break;
            }
            after = Some(stored.after());
            if is_shown {
                items.push(ThreadView::of((&visit, &permit), &stored));
            }
        }
    }
    let next = match after.filter(|_| has_another || (more && opened >= OPENED_MAX)) {
        Some(after) => Some(Page::cursor(key, LIST, &after, app.random.as_ref())?),
        None => None,
    };
    Ok(Json(ThreadList { items, next }))
}

/// Whether a conversation is shown to a visitor.
pub(crate) fn is_shown(visit: &Visit, stored: &StoredThread) -> bool {
    let facts = Some(visit.thread_facts(&stored.thread));
    let situation = Situation { thread: facts, ..visit.situation };
    decide(visit.party, Action::ReadThread, &situation).is_allowed()
}
