//! `POST /v1/spaces/{spaceId}/threads/search`: health words never travel in a URL.
//!
//! Must not know: how messages are stored.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::Action;
use espace_domain::{Message, search_words};
use espace_http::{Bearer, FieldError, JsonBody, Page, Problem, ProblemBody};
use espace_storage::{StoredThread, ThreadsAfter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::list::is_shown;
use crate::view::ThreadView;

/// The list that cursors are of.
const LIST: &str = "threads.search";
/// Conversations opened at once.
const BATCH: i32 = 20;
/// Messages opened at once.
const MESSAGES_BATCH: i32 = 200;
/// Conversations and messages opened for one page.
const OPENED_MAX: usize = 500;

/// What is searched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ThreadSearch {
    /// Words of the subject or of messages, whatever their accents and case: all of them, in
    /// the subject or in one message.
    text: String,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundThreads {
    items: Vec<FoundThread>,
    /// The next page; there may be one although nothing is on this one: what a search passes
    /// over counts as work.
    next: Option<String>,
}

/// A conversation in which something was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundThread {
    #[serde(flatten)]
    thread: ThreadView,
    /// The numbers of the messages it was found in; none where the subject has it.
    messages: Vec<u32>,
}

/// Where a search goes on: after whole conversations, and after messages of the next.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    after: Option<ThreadsAfter>,
    /// Messages of the conversation after it that were looked at.
    looked_at: u32,
}

/// Searches the caller's conversations, that with the newest message first.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/threads/search", operation_id = "searchThreads",
    tag = "messaging", params(("spaceId" = String, Path), Page), request_body = ThreadSearch,
    responses(
        (status = 200, body = FoundThreads),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn search(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    page: Result<Page, Problem>,
    body: Result<JsonBody<ThreadSearch>, Problem>,
) -> Result<Json<FoundThreads>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ListThreads).await?;
    let (page, search) = (page?, body?.value);
    let words = search_words(&search.text);
    if words.is_empty() {
        let detail = "Tapez au moins un mot.";
        return Err(Problem::invalid(vec![FieldError::new("/text", "missing-field", detail)]));
    }
    app.guard.record(&visit, &permit, Done::default()).await?;
    let key = &visit.opened(&permit)?.content_key;
    let limit = usize::try_from(page.limit()).unwrap_or(0);
    let mut place: Place = page.start(key, LIST)?.unwrap_or_default();
    let mut items = Vec::new();
    let (mut opened, mut more) = (0, true);
    while more && items.len() < limit && opened < OPENED_MAX {
        let found = app.messages.recent(&visit.space_id, place.after.as_ref(), BATCH, key).await?;
        more = found.1;
        for stored in found.0 {
            // A conversation is looked into only where there is room for some of it.
            if items.len() >= limit || opened + 1 >= OPENED_MAX {
                more = true;
                break;
            }
            opened += 1;
            if is_shown(&visit, &stored) {
                let room = OPENED_MAX.saturating_sub(opened);
                let looked =
                    look(&app, (&visit, &permit), (&stored, &words), (place.looked_at, room));
                let looked = looked.await?;
                opened += looked.opened;
                if looked.is_found() {
                    items.push(FoundThread {
                        thread: ThreadView::of((&visit, &permit), &stored),
                        messages: looked.messages,
                    });
                }
                if let Some(looked_at) = looked.more_after {
                    place.looked_at = looked_at;
                    more = true;
                    break;
                }
            }
            place = Place { after: Some(stored.after()), looked_at: 0 };
        }
    }
    let next = more.then(|| Page::cursor(key, LIST, &place, app.random.as_ref())).transpose()?;
    Ok(Json(FoundThreads { items, next }))
}

/// What was found in one conversation.
struct Looked {
    in_subject: bool,
    messages: Vec<u32>,
    /// Messages opened.
    opened: usize,
    /// Where to go on, where there was no room for more.
    more_after: Option<u32>,
}

impl Looked {
    fn is_found(&self) -> bool {
        self.in_subject || !self.messages.is_empty()
    }
}

/// Looks through a conversation, from after a message, opening no more than there is room
/// for.
async fn look(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    (stored, words): (&StoredThread, &[String]),
    (after, room): (u32, usize),
) -> Result<Looked, Problem> {
    let key = &visit.opened(permit)?.content_key;
    // Told once, with its first messages.
    let in_subject = after == 0 && has(&stored.thread.subject, words);
    let mut looked = Looked { in_subject, messages: Vec::new(), opened: 0, more_after: None };
    let mut last = after;
    loop {
        if looked.opened >= room {
            looked.more_after = (last < stored.thread.messages()).then_some(last);
            return Ok(looked);
        }
        let left = i32::try_from(room - looked.opened).unwrap_or(MESSAGES_BATCH);
        let batch = left.min(MESSAGES_BATCH);
        let (found, more) =
            app.messages.messages(&visit.space_id, &stored.thread_id, last, batch, key).await?;
        looked.opened += found.len();
        last = found.last().map_or(last, |message| message.number);
        let matching = found.iter().filter(|message| says(message, words));
        looked.messages.extend(matching.map(|message| message.number));
        if !more {
            return Ok(looked);
        }
    }
}

fn says(message: &Message, words: &[String]) -> bool {
    has(&message.body, words)
}

/// Whether a text has all the words.
fn has(text: &str, words: &[String]) -> bool {
    let own = search_words(text);
    words.iter().all(|word| own.iter().any(|own| own.contains(word.as_str())))
}
