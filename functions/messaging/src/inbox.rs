//! `GET /v1/professionals/me/threads`: the conversations that the caller, or the team of their
//! structure, takes part in, over all persons. It names them and tells nothing of them: each
//! is read in its space, where it is decided and traced.
//!
//! Must not know: any space.

use axum::Json;
use axum::extract::{Query, State};
use espace_domain::{Actor, MatrixGroup, SpaceId, ThreadId};
use espace_http::{Known, Page, Problem, ProblemBody, ProblemKind};
use espace_storage::{InboxAfter, InboxEntry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;

/// Readings of the box for one page, where some of it is passed over.
const BATCHES_MAX: u32 = 10;

/// Which box, and which part of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxQuery {
    /// Entries: 1 to 200, 50 where none are asked for.
    #[serde(default)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// `team`: the structure's; `own`: what the caller wrote for themselves alone. `team`
    /// where none is named and the caller has a structure.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    inbox: Option<Which>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Which {
    Team,
    Own,
}

/// A page of a box.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InboxPage {
    items: Vec<InboxItem>,
    next: Option<String>,
}

/// A conversation in a box.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InboxItem {
    #[schema(value_type = String)]
    space_id: SpaceId,
    #[schema(value_type = String)]
    thread_id: ThreadId,
    last_message_at: Timestamp,
}

/// Lists a box, that with the newest message first.
#[utoipa::path(
    get, path = "/v1/professionals/me/threads", operation_id = "listInbox", tag = "messaging",
    params(InboxQuery),
    responses(
        (status = 200, body = InboxPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["professional"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Known(claims): Known,
    query: Result<Query<InboxQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<InboxPage>, Problem> {
    let Actor::Professional { rpps, structure, profession, specialty, .. } = &claims.actor else {
        return Err(ProblemKind::Forbidden.into());
    };
    if !MatrixGroup::may_write(profession, specialty.as_deref()) {
        return Err(ProblemKind::Forbidden.into());
    }
    let Query(query) = query.map_err(|_| ProblemKind::InvalidParameter)?;
    let page = Page::new(query.limit, query.cursor)?;
    let structure = structure.as_deref().filter(|_| query.inbox != Some(Which::Own));
    let name = app.relations.names().await?.inbox(structure, rpps);
    let key = app.inboxes.cursor_key().await?;
    let list = format!("inbox.{name}");
    let after: Option<InboxAfter> = page.start(&key, &list)?;
    let names = app.relations.names().await?;
    let limit = usize::try_from(page.limit()).unwrap_or(0);
    let (mut items, mut after, mut more) = (Vec::new(), after, true);
    for _ in 0..BATCHES_MAX {
        if !more || items.len() >= limit {
            break;
        }
        let room = i32::try_from(limit - items.len()).unwrap_or(0);
        let (found, has_more) = app.inboxes.recent(&name, after.as_ref(), room).await?;
        more = has_more;
        after = found.last().map(InboxEntry::after).or(after);
        // Whoever keeps the caller out is nobody to them.
        let blocks: Vec<_> = found
            .iter()
            .map(|entry| (entry.space_id.clone(), names.block(&entry.space_id, rpps)))
            .collect();
        let blocking = app.consents.those_there(&blocks).await?;
        let spaces: Vec<_> = found.iter().map(|entry| entry.space_id.clone()).collect();
        // Nor is there anyone where a space was closed, or its holder died.
        let standing = app.spaces.those_standing(&spaces).await?;
        items.extend(found.into_iter().filter(|entry| {
            standing.contains(&entry.space_id) && !blocking.contains(&entry.space_id)
        }));
    }
    let next = after.filter(|_| more);
    let random = app.random.as_ref();
    let next = next.map(|after| Page::cursor(&key, &list, &after, random)).transpose()?;
    let items = items.into_iter().map(InboxItem::from).collect();
    Ok(Json(InboxPage { items, next }))
}

impl From<InboxEntry> for InboxItem {
    fn from(found: InboxEntry) -> Self {
        let last_message_at = found.last_at();
        Self { space_id: found.space_id, thread_id: found.thread_id, last_message_at }
    }
}
