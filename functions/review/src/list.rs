//! `GET /v1/support/emergency-accesses`: what two agents are to look at.
//!
//! Must not know: how one came to be there.

use axum::Json;
use axum::extract::{Query, State};
use espace_http::{Page, Problem, ProblemBody, ProblemKind, Support};
use espace_storage::ReviewPage;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::view::ReviewedEmergency;

/// The list that cursors are of.
const LIST: &str = "emergency-accesses";

/// A page of emergency accesses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmergenciesView {
    items: Vec<ReviewedEmergency>,
    next: Option<String>,
}

/// Which ones.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EmergenciesQuery {
    /// Entries of the page: 1 to 200, 50 where none are asked for.
    #[serde(default)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// `open` (as where none is named): those that one or two agents are still to look at;
    /// `closed`: the others.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Queue,
}

/// What is to be looked at, or was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Queue {
    #[default]
    Open,
    Closed,
}

/// Lists emergency accesses, oldest first.
#[utoipa::path(
    get, path = "/v1/support/emergency-accesses", operation_id = "listEmergencyAccesses",
    tag = "support", params(EmergenciesQuery),
    responses(
        (status = 200, body = EmergenciesView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    support: Support,
    query: Result<Query<EmergenciesQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<EmergenciesView>, Problem> {
    let Query(query) = query.map_err(|_| ProblemKind::InvalidParameter)?;
    let page = Page::new(query.limit, query.cursor)?;
    let is_open = query.state == Queue::Open;
    let list = format!("{LIST}.{is_open}");
    let key = app.reviews.cursor_key().await?;
    let start: Option<(String, i64)> = page.start(&key, &list)?;
    let after = start.map(|(id, at)| ReviewPage::after(is_open, (&id, at)));
    let (found, more) = app.reviews.list(is_open, after, page.limit()).await?;
    let now = app.clock.now();
    let items = found.into_iter().map(|found| ReviewedEmergency::of(found, &support.agent, now));
    let random = app.random.as_ref();
    let next = more.and_then(|page| page.names());
    let next = next.map(|names| Page::cursor(&key, &list, &names, random)).transpose()?;
    Ok(Json(EmergenciesView { items: items.collect(), next }))
}
