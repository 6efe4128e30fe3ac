//! `/v1/spaces/{spaceId}/documents/{documentId}/versions`: the next version of one's own
//! document, and those before it.
//!
//! Must not know: how a content is kept.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use espace_access::{Done, Permit, Visit};
use espace_content::Header;
use espace_deposit::{Entry, Said, complete, examine};
use espace_domain::decision::{Action, DocumentFacts};
use espace_http::{Bearer, FieldError, Problem, ProblemBody, ProblemKind};
use espace_storage::{Document, Inherited, PastVersion, Target};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::announce::{Announced, AnnouncedInput, announce};
use crate::deposit::{Content, Deposit, require_patient};
use crate::entry::{self, problem_of};
use crate::form::Form;
use crate::keep::{New, keep};
use crate::read::enter;
use crate::target::author;
use crate::upload_view::UploadView;
use crate::view::{AuthorView, DocumentView};

/// The versions of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionList {
    /// Newest first.
    items: Vec<VersionView>,
}

/// One version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionView {
    version: u32,
    title: String,
    event_date: Date,
    comment: Option<String>,
    content_type: String,
    size: u64,
    sha256: String,
    author: AuthorView,
    added_at: Timestamp,
}

/// Tells the versions of a document, newest first.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/documents/{documentId}/versions",
    operation_id = "listVersions", tag = "documents",
    params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 200, body = VersionList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
) -> Result<Json<VersionList>, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, document) = enter(&app, &bearer, path, Action::ReadDocument).await?;
    let elements = [document_id.as_str()];
    app.guard.record(&visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    let now = std::iter::once(document.details.as_past());
    let all = now.chain(document.details.history.iter().rev().cloned());
    Ok(Json(VersionList { items: all.map(VersionView::from).collect() }))
}

/// Deposits the next version of one's own document, whole or announced as a deposit is.
/// What the entry leaves out stays as it was; the version before is kept.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents/{documentId}/versions",
    operation_id = "depositVersion", tag = "documents",
    params(("spaceId" = String, Path), ("documentId" = String, Path)),
    request_body(content((Deposit = "multipart/form-data"), (AnnouncedInput = "application/json"))),
    responses(
        (status = 201, body = DocumentView, description = "Kept"),
        (status = 202, body = UploadView, description = "Announced: its parts are awaited"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "insurer"]))),
)]
pub(crate) async fn deposit(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, _, document) = enter(&app, &bearer, path, Action::ReplaceDocument).await?;
    match Content::read(&headers, body).await? {
        Content::Whole(form) => whole(&app, &visit, document, form).await,
        Content::Announced(announced) => announced_next(&app, &visit, document, announced).await,
    }
}

/// A version that came in the request.
async fn whole(
    app: &App,
    visit: &Visit,
    document: Document,
    form: Form,
) -> Result<Response, Problem> {
    let inspected = examine(&form.content).map_err(problem_of)?;
    let said = entry::read(&form.entry)?.said();
    let (entry, _) = entry_of(&document, said, inspected.header.as_ref())?;
    let permit = &permit_version(app, visit, &document, &entry).await?;
    require_patient(app, (visit, permit), &inspected)?;
    let sha256 = HEXLOWER.encode(digest(&SHA256, &form.content).as_ref());
    if let Some(known) = same(app, (visit, permit), &document, (&entry, &sha256)).await? {
        return Ok((StatusCode::CREATED, Json(known)).into_response());
    }
    let target = next(document)?;
    let new = New { entry, inspected, content: &form.content, sha256 };
    let document = keep(app, (visit, permit), target, new, |_| Ok(Vec::new())).await?;
    Ok((StatusCode::CREATED, Json(DocumentView::of(document, visit.party))).into_response())
}

/// A version that will come.
async fn announced_next(
    app: &App,
    visit: &Visit,
    document: Document,
    announced: Announced,
) -> Result<Response, Problem> {
    let (entry, inherited) = entry_of(&document, announced.said.clone(), None)?;
    let permit = &permit_version(app, visit, &document, &entry).await?;
    let told = (&entry, announced.sha256.as_str());
    if let Some(known) = same(app, (visit, permit), &document, told).await? {
        return Ok((StatusCode::CREATED, Json(known)).into_response());
    }
    let target = next(document)?;
    let view =
        announce(app, (visit, permit), &target, (&announced, entry, inherited), None).await?;
    Ok((StatusCode::ACCEPTED, Json(view)).into_response())
}

/// Decides about the version that is deposited: its labels are said by whom they may be, and
/// its trace goes where those of what it will be go.
async fn permit_version(
    app: &App,
    visit: &Visit,
    document: &Document,
    entry: &Entry,
) -> Result<Permit, Problem> {
    let elements = [document.document_id.as_str()];
    let facts = visit.facts(document);
    if entry.labels.hides_more_than(facts.labels) {
        let detail = "Un document déjà visible ne devient pas invisible : déposez-en un autre.";
        let error = FieldError::new("/visibility", "shown-already", detail);
        return Err(Problem::invalid(vec![error]));
    }
    let said = DocumentFacts { labels: entry.labels, ..facts };
    app.guard.permit_for(visit, Action::DepositDocument, Some(said), &elements).await?;
    let labels = entry.labels.with(document.details.labels());
    let action = Action::ReplaceDocument;
    if labels == facts.labels {
        return app.guard.permit_for(visit, action, Some(facts), &elements).await;
    }
    let will_be = DocumentFacts { labels, ..facts };
    app.guard.permit_for(visit, action, Some(will_be), &elements).await
}

fn next(document: Document) -> Result<Target, Problem> {
    let target = Target::Next(Box::new(document));
    if target.has_room() { Ok(target) } else { Err(ProblemKind::TooManyVersions.into()) }
}

/// What is said of a version: what is left out stays as it was.
fn entry_of(
    document: &Document,
    mut said: Said,
    header: Option<&Header>,
) -> Result<(Entry, Inherited), Problem> {
    let before = &document.details;
    let own_type = header.and_then(|header| header.document_type.as_ref());
    let own_title = header.and_then(|header| header.title.as_ref());
    let own_date = header.and_then(|header| header.event_date);
    let inherited = Inherited {
        title: said.title.is_none(),
        event_date: said.event_date.is_none(),
        comment: said.comment.is_none(),
    };
    if own_type.is_none() {
        said.type_code.get_or_insert_with(|| before.document_type.code().to_owned());
    }
    if own_title.is_none() {
        said.title.get_or_insert_with(|| before.title.clone());
    }
    if own_date.is_none() {
        said.event_date.get_or_insert(before.event_date);
    }
    if said.comment.is_none() {
        said.comment.clone_from(&before.comment);
    }
    let entry = complete(said, header).map_err(problem_of)?;
    if entry.document_type != before.document_type {
        return Err(ProblemKind::EntryDisagrees.into());
    }
    Ok((entry, inherited))
}

/// The document as it stands, where this content is in it already; a fault where its name
/// is another content's.
async fn same(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    document: &Document,
    (entry, sha256): (&Entry, &str),
) -> Result<Option<DocumentView>, Problem> {
    let unique = entry.unique_id.as_deref();
    let now = &document.details;
    let says_the_same = (&entry.title, entry.event_date, &entry.comment)
        == (&now.title, now.event_date, &now.comment)
        && (unique.is_none() || unique == now.unique_id.as_deref());
    let stands =
        (now.sha256 == sha256 && says_the_same) || (unique.is_some() && now.holds(unique, sha256));
    if stands {
        let elements = [document.document_id.as_str(), "again"];
        app.guard.record(visit, permit, Done { elements: &elements, ..Done::default() }).await?;
        return Ok(Some(DocumentView::of(document.clone(), visit.party)));
    }
    let Some(unique) = unique else {
        return Ok(None);
    };
    let depositor = author((visit, permit))?.depositor();
    let name = visit.names.unique(&visit.space_id, &depositor, unique);
    match app.documents.known(&visit.space_id, &name).await? {
        None => Ok(None),
        // Announced for a version of this document that has not come, or came to nothing.
        Some(known)
            if known.document_id == document.document_id && !document.details.is_called(unique) =>
        {
            Ok(None)
        }
        Some(_) => Err(ProblemKind::UniqueIdTaken.into()),
    }
}

impl From<PastVersion> for VersionView {
    fn from(past: PastVersion) -> Self {
        Self {
            version: past.version,
            title: past.title,
            event_date: past.event_date,
            comment: past.comment,
            content_type: past.content_type,
            size: past.size,
            sha256: past.sha256,
            author: AuthorView::from(past.author),
            added_at: past.added_at,
        }
    }
}
