//! `GET /v1/spaces/{spaceId}/documents`: the documents a caller may see, newest first.
//!
//! Must not know: what a search asks for.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Permit, Visit};
use espace_domain::DocumentId;
use espace_domain::decision::{Action, Situation, decide};
use espace_http::{Bearer, Page, Problem, ProblemBody};
use espace_storage::Document;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::view::DocumentView;

/// The list that cursors are of.
const LIST: &str = "documents";
/// Entries opened at once.
pub(crate) const BATCH: i32 = 100;
/// Entries opened for one page, hidden ones included.
const OPENED_MAX: usize = 500;

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentList {
    items: Vec<DocumentView>,
    /// The next page; there may be one although this one is short: what a search passes
    /// over counts as work.
    next: Option<String>,
}

/// Lists documents, newest first. What is hidden from the caller shortens no page.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents", operation_id = "listDocuments",
    tag = "documents", params(("spaceId" = String, Path), Page),
    responses(
        (status = 200, body = DocumentList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    page: Result<Page, Problem>,
) -> Result<Json<DocumentList>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ListDocuments).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    // What the holder's side put away is out of its own sight alone.
    let wanted = |document: &Document| !visit.party.is_own_side() || !document.details.archived;
    pages(&app, (&visit, &permit), &page?, wanted).await.map(Json)
}

/// Whether the visitor may see a document.
pub(crate) fn is_shown(visit: &Visit, document: &Document) -> bool {
    let situation = Situation { document: Some(visit.facts(document)), ..visit.situation };
    decide(visit.party, Action::ReadDocument, &situation).is_allowed()
}

/// A page of what is wanted among what the caller may see.
pub(crate) async fn pages(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    page: &Page,
    wanted: impl Fn(&Document) -> bool,
) -> Result<DocumentList, Problem> {
    let key = &visit.opened(permit)?.content_key;
    let limit = usize::try_from(page.limit()).unwrap_or(0);
    let mut after: Option<DocumentId> = page.start(key, LIST)?;
    let mut items = Vec::new();
    let (mut opened, mut more, mut has_another) = (0, true, false);
    // A cursor is given for something that is shown, or when the work of a page is done:
    // never because of what is hidden.
    while more && !has_another && opened < OPENED_MAX {
        let found = app.documents.newest(&visit.space_id, after.as_ref(), BATCH, key).await?;
        more = found.1;
        for document in found.0 {
            opened += 1;
            let is_wanted = is_shown(visit, &document) && wanted(&document);
            if is_wanted && items.len() >= limit {
                has_another = true;
                break;
            }
            after = Some(document.document_id.clone());
            if is_wanted {
                items.push(DocumentView::of(document, visit.party));
            }
        }
    }
    let next = match after.filter(|_| has_another || (more && opened >= OPENED_MAX)) {
        Some(after) => Some(Page::cursor(key, LIST, &after, app.random.as_ref())?),
        None => None,
    };
    Ok(DocumentList { items, next })
}
