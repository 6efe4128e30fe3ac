//! `PATCH /v1/spaces/{spaceId}/documents/{documentId}`: title and date of one's own, what
//! professionals see, what is at hand.
//!
//! Must not know: the content.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, header};
use espace_access::Done;
use espace_deposit::{TITLE_CHARS_MAX, clean};
use espace_domain::decision::Action;
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;

use crate::read::{enter, entry_tag};
use crate::view::DocumentView;

/// Longest name of a folder, characters.
const FOLDER_CHARS_MAX: usize = 60;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Edit {
    /// Of one's own document.
    #[serde(default)]
    title: Option<String>,
    /// Of one's own document.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    event_date: Option<Date>,
    /// Hidden from professionals.
    #[serde(default)]
    masked: Option<bool>,
    #[serde(default)]
    archived: Option<bool>,
    #[serde(default)]
    pinned: Option<bool>,
    /// The folder it is put in, at most 60 characters; empty: none.
    #[serde(default)]
    folder: Option<String>,
    /// `true`, by its author: the announcement consultation was held; the patient sees it
    /// from now on.
    #[serde(default)]
    announced: Option<bool>,
}

impl Edit {
    /// The acts it asks for, each decided by itself.
    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.title.is_some() || self.event_date.is_some() {
            actions.push(Action::EditDocument);
        }
        if self.masked.is_some() {
            actions.push(Action::MaskDocument);
        }
        if self.archived.is_some() || self.pinned.is_some() || self.folder.is_some() {
            actions.push(Action::ArrangeDocument);
        }
        if self.announced.is_some() {
            actions.push(Action::RevealDocument);
        }
        actions
    }

    /// What it changes, for the log: which fields, never their texts.
    fn told(&self) -> impl Iterator<Item = &'static str> {
        let yes_or_no = |value: Option<bool>, yes, no| value.map(|set| if set { yes } else { no });
        [
            self.title.as_ref().map(|_| "title"),
            self.event_date.map(|_| "eventDate"),
            yes_or_no(self.masked, "masked:yes", "masked:no"),
            yes_or_no(self.archived, "archived:yes", "archived:no"),
            yes_or_no(self.pinned, "pinned:yes", "pinned:no"),
            self.folder.as_ref().map(|_| "folder"),
            self.announced.map(|_| "announced"),
        ]
        .into_iter()
        .flatten()
    }
}

/// A folder's name, as a person typed it; none where it is empty.
fn folder_of(typed: &str) -> Result<Option<String>, Problem> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let name = clean(typed).filter(|name| name.chars().count() <= FOLDER_CHARS_MAX);
    let detail = "Le nom du dossier est trop long.";
    let invalid = || Problem::invalid(vec![FieldError::new("/folder", "invalid-folder", detail)]);
    name.map(Some).ok_or_else(invalid)
}

/// Changes an entry. `If-Match`, where sent, is enforced.
#[utoipa::path(
    patch, path = "/v1/spaces/{spaceId}/documents/{documentId}", operation_id = "editDocument",
    tag = "documents", request_body = Edit,
    params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 200, body = DocumentView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<JsonBody<Edit>, Problem>,
) -> Result<([(HeaderName, String); 1], Json<DocumentView>), Problem> {
    let asked = body.as_ref().map(|body| body.value.actions()).unwrap_or_default();
    let first = asked.first().copied().unwrap_or(Action::ReadDocument);
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, mut document) = enter(&app, &bearer, path, first).await?;
    let edit = body?.value;
    if asked.is_empty() {
        let detail = "Rien n’est à changer.";
        return Err(Problem::invalid(vec![FieldError::new("", "nothing-asked", detail)]));
    }
    if edit.announced == Some(false) {
        let detail = "Une annonce faite ne se reprend pas.";
        return Err(Problem::invalid(vec![FieldError::new("/announced", "only-true", detail)]));
    }
    for action in asked.iter().skip(1) {
        app.guard.permit(&visit, *action, &[&document_id]).await?;
    }
    if let Some(expected) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok())
        && expected != "*"
        && expected != entry_tag(&document)
    {
        return Err(ProblemKind::PreconditionFailed.into());
    }
    let details = &mut document.details;
    if let Some(title) = &edit.title {
        let title = clean(title)
            .filter(|title| title.chars().count() <= TITLE_CHARS_MAX)
            .ok_or_else(|| {
                let detail = "Le titre est vide ou trop long.";
                Problem::invalid(vec![FieldError::new("/title", "invalid-title", detail)])
            })?;
        details.title = title;
    }
    if let Some(folder) = &edit.folder {
        details.folder = folder_of(folder)?;
    }
    details.event_date = edit.event_date.unwrap_or(details.event_date);
    details.masked = edit.masked.unwrap_or(details.masked);
    details.archived = edit.archived.unwrap_or(details.archived);
    details.pinned = edit.pinned.unwrap_or(details.pinned);
    if edit.announced == Some(true) {
        details.reveal();
    }
    let key = &visit.opened(&permit)?.content_key;
    let change = app.documents.replace(&visit.space_id, &document, key, app.random.as_ref())?;
    let mut elements: Vec<&str> = vec![&document_id];
    for told in edit.told() {
        elements.push(told);
    }
    let changes = [change];
    let done = Done {
        elements: &elements,
        changes: &changes,
        // What was shown to someone may not be any more.
        raises_epoch: edit.masked == Some(true),
        ..Done::default()
    };
    let has_condition = headers.contains_key(header::IF_MATCH);
    app.guard.record(&visit, &permit, done).await.map_err(|problem| {
        // Changed between its reading and this: what was expected does not hold.
        if has_condition && problem.kind() == ProblemKind::ChangedMeanwhile {
            ProblemKind::PreconditionFailed.into()
        } else {
            problem
        }
    })?;
    document.write += 1;
    Ok(([(header::ETAG, entry_tag(&document))], Json(DocumentView::of(document, visit.party))))
}
