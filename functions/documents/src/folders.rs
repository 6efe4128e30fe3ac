//! `GET /v1/spaces/{spaceId}/folders`: the folders that the holder's side made by putting
//! documents in them. A folder is a name of its documents' sealed details: it stands nowhere else.
//!
//! Must not know: how entries are sealed.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::DocumentId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::list::{BATCH, is_shown};

/// Entries opened for the list, newest first: what lies deeper is found by its folder's name.
const OPENED_MAX: usize = 5_000;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FolderList {
    /// By name.
    items: Vec<FolderView>,
    /// There is one page.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FolderView {
    name: String,
    /// Documents in it that are not put away.
    count: u32,
}

/// Lists the folders of the holder's side; to others there are none.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/folders", operation_id = "listFolders",
    tag = "documents", params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = FolderList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<FolderList>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ListDocuments).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    let mut folders = BTreeMap::new();
    let mut more = visit.party.is_own_side();
    let mut after: Option<DocumentId> = None;
    let key = &visit.opened(&permit)?.content_key;
    let mut opened = 0;
    while more && opened < OPENED_MAX {
        let found = app.documents.newest(&visit.space_id, after.as_ref(), BATCH, key).await?;
        more = found.1;
        for document in found.0 {
            opened += 1;
            let is_shown = is_shown(&visit, &document);
            after = Some(document.document_id);
            if let Some(name) = document.details.folder
                && is_shown
                && !document.details.archived
            {
                *folders.entry(name).or_insert(0) += 1;
            }
        }
    }
    let items = folders.into_iter().map(|(name, count)| FolderView { name, count }).collect();
    Ok(Json(FolderList { items, next: None }))
}
