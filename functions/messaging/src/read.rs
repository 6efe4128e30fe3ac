//! `GET /v1/spaces/{spaceId}/threads/{threadId}`: a conversation, its oldest message first.
//!
//! Must not know: what its messages say.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Permit, Visit};
use espace_domain::ThreadId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Page, Problem, ProblemBody};
use espace_storage::StoredThread;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::view::{MessageView, PatientView, ThreadView, messages};

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeThread {
    #[serde(flatten)]
    thread: ThreadView,
    /// Whose space it is in, for professionals.
    patient: Option<PatientView>,
    messages: MessagePage,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePage {
    items: Vec<MessageView>,
    next: Option<String>,
}

/// Reads a conversation: 50 messages where none are asked for, at most 200, oldest first. It
/// does not count as read until the caller says so.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/threads/{threadId}", operation_id = "readThread",
    tag = "messaging", params(("spaceId" = String, Path), ("threadId" = String, Path), Page),
    responses(
        (status = 200, body = WholeThread),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
    page: Result<Page, Problem>,
) -> Result<Json<WholeThread>, Problem> {
    let path = (space_id.as_str(), thread_id.as_str());
    let (visit, permit, stored) = enter(&app, &bearer, path, Action::ReadThread).await?;
    let asked = page?;
    let elements = [thread_id.as_str()];
    app.guard.record(&visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    let key = &visit.opened(&permit)?.content_key;
    let pages = format!("thread.{thread_id}");
    let after: Option<u32> = asked.start(key, &pages)?;
    let after = after.unwrap_or(0);
    let space_id = &visit.space_id;
    let (found, more) =
        app.messages.messages(space_id, &stored.thread_id, after, asked.limit(), key).await?;
    let last = found.last().map_or(after, |message| message.number);
    let next = more.then(|| Page::cursor(key, &pages, &last, app.random.as_ref())).transpose()?;
    let items = messages(&app, (&visit, &permit), &stored.thread, found).await?;
    Ok(Json(WholeThread {
        thread: ThreadView::of((&visit, &permit), &stored),
        patient: PatientView::of(&visit, permit),
        messages: MessagePage { items, next },
    }))
}

/// Lets a caller into a conversation; one that is hidden from them is not there.
pub(crate) async fn enter(
    app: &App,
    bearer: &Bearer,
    (space_id, thread_id): (&str, &str),
    action: Action,
) -> Result<(Visit, Permit, StoredThread), Problem> {
    let visit = app.guard.visit_thread(bearer, (space_id, Some(thread_id)), action, None).await?;
    let elements = named(thread_id);
    let permit = app.guard.permit(&visit, action, &elements).await?;
    let stored = visit.opened(&permit)?.thread.clone();
    match stored {
        Some(stored) => Ok((visit, permit, stored)),
        None => Err(app.guard.nowhere(&visit, action, &elements).await),
    }
}

/// The conversation that a path names, for its trace: what is no name is not written down.
pub(crate) fn named(thread_id: &str) -> Vec<&str> {
    let is_name = ThreadId::parse(thread_id).is_ok();
    is_name.then_some(thread_id).into_iter().collect()
}
