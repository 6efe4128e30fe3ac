//! `POST /v1/spaces/{spaceId}/documents/deletion`: up to ten of one's own documents go at
//! once (`domain.md` B7), all or none.
//!
//! Must not know: how they came.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Permit};
use espace_domain::DocumentId;
use espace_domain::decision::{Action, Chain};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::announce::give_up;
use crate::delete::{clear, removal};

/// Most documents deleted at once (`domain.md` B7).
const DELETED_MAX: usize = 10;
/// Most writes of one deletion, its trace's apart: what one transaction takes.
const CHANGES_MAX: usize = 95;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Deletion {
    /// One to ten.
    #[schema(min_items = 1, max_items = 10)]
    document_ids: Vec<String>,
}

/// Deletes one to ten of one's own documents. One that may not be deleted, and none is.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents/deletion", operation_id = "deleteDocuments",
    tag = "documents", params(("spaceId" = String, Path)), request_body = Deletion,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<Deletion>, Problem>,
) -> Result<StatusCode, Problem> {
    let action = Action::DeleteDocument;
    let visit = app.guard.visit(&bearer, &space_id, action, &[]).await?;
    let permit = app.guard.permit(&visit, action, &[]).await?;
    let named = body?.value.document_ids;
    if named.is_empty() || named.len() > DELETED_MAX {
        let detail = "Choisissez de un à dix documents.";
        return Err(Problem::invalid(vec![FieldError::new("/documentIds", "one-to-ten", detail)]));
    }
    let mut ids: Vec<DocumentId> = Vec::new();
    for name in &named {
        let Ok(id) = DocumentId::parse(name) else {
            return Err(app.guard.absent(&visit, action, &[]).await);
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let key = &visit.opened(&permit)?.content_key;
    let found = app.documents.find_some(&visit.space_id, &ids, key).await?;
    let mut permits = Vec::new();
    for id in &ids {
        let elements = [id.as_str()];
        let Some(document) = found.iter().find(|document| document.document_id == *id) else {
            return Err(app.guard.absent(&visit, action, &elements).await);
        };
        let facts = Some(visit.facts(document));
        permits.push(app.guard.permit_for(&visit, action, facts, &elements).await?);
    }
    let mut changes = Vec::new();
    let mut given_up = Vec::new();
    for document in &found {
        let sent = app.uploads.find(&visit.space_id, &document.document_id, key).await?;
        changes.extend(removal(&app, (&visit, &permit), document, sent.as_ref())?);
        given_up.extend(sent);
    }
    if changes.len() > CHANGES_MAX {
        let detail = "Ces documents ont trop de versions : supprimez-les un par un.";
        let error = FieldError::new("/documentIds", "too-many-versions", detail);
        return Err(Problem::invalid(vec![error]));
    }
    // One trace tells of all: to whom any of them is secret, it is.
    let chain = permits.iter().filter_map(Permit::chain).reduce(Chain::joined);
    let elements: Vec<&str> = ids.iter().map(DocumentId::as_str).collect();
    let done = Done { elements: &elements, changes: &changes, chain, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    for document in &found {
        clear(&app, document).await;
    }
    for upload in &given_up {
        give_up(&app, &visit.space_id, upload).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
