//! `POST /v1/spaces/{spaceId}/imports`, `…/{importId}/completion`, `GET …/{importId}`: an archive
//! that was taken away comes back.
//!
//! Must not know: what is in it, nor how it is taken in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use espace_access::{Done, Permit, Visit};
use espace_domain::ImportId;
use espace_domain::decision::Action;
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{
    ArchiveName, IMPORTS_OPEN_MAX, ImportDetails, ImportState, SealedImport, Taken,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::App;

/// Largest archive: 500 parts.
const ARCHIVE_BYTES_MAX: u64 = 500 * PART_BYTES;
/// Bytes of every part but the last.
const PART_BYTES: u64 = 64 * 1024 * 1024;
/// Random bytes in the name of an archive on its way.
const NAME_BYTES: usize = 20;

/// An archive that is to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportAsked {
    /// Its bytes: 31.25 GiB at most.
    size: u64,
}

/// Where an archive stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportView {
    #[schema(value_type = String)]
    import_id: ImportId,
    /// `awaitingContent`, `takingIn`, `done`, `refused`, `failed`.
    state: &'static str,
    /// Why it was refused: `not-an-archive`, `not-yours`, `same-space`, `damaged`,
    /// `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Documents that were added.
    documents: u64,
    /// Conversations that were added.
    conversations: u64,
    /// Documents that could not stand beside what is there.
    left_out: u64,
    /// Bytes of every part but the last, while parts are awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_size: Option<u64>,
    /// Where to `PUT` each, for an hour; asked for again, they are renewed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<ImportPart>,
}

/// One part.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportPart {
    number: u32,
    size: u64,
    url: String,
    /// Whether it has come.
    arrived: bool,
}

/// Announces an archive that was taken away: it is sent in parts, then taken in. What is there
/// already stays as it is; consents and helpers are not in it.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/imports", operation_id = "askImport", tag = "space",
    params(("spaceId" = String, Path)), request_body = ImportAsked,
    responses(
        (status = 201, body = ImportView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<ImportAsked>, Problem>,
) -> Result<(StatusCode, Json<ImportView>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ImportSpace).await?;
    let size = body?.value.size;
    if size == 0 || size > ARCHIVE_BYTES_MAX {
        let detail = "La taille va de 1 octet à 31,25 Gio.";
        return Err(Problem::invalid(vec![FieldError::new("/size", "invalid-size", detail)]));
    }
    if app.imports.open(&visit.space_id, visit.now).await? >= IMPORTS_OPEN_MAX {
        return Err(ProblemKind::TooManyImports.into());
    }
    let random = app.random.as_ref();
    let import_id = ImportId::generate(random);
    let mut bytes = [0; NAME_BYTES];
    random.fill(&mut bytes);
    let name = BASE64URL_NOPAD.encode(&bytes);
    let archive = ArchiveName {
        space_id: visit.space_id.clone(),
        import_id: import_id.clone(),
        name: name.clone(),
    };
    // The inbox first: killed in between, it forgets an upload that nothing was sent to.
    let upload_id = app.inbox.begin(&archive).await?;
    let details = ImportDetails {
        actor: visit.actor(),
        size,
        name,
        upload_id,
        taken: Taken::default(),
        reason: None,
    };
    let key = &visit.opened(&permit)?.content_key;
    let named = (&visit.space_id, &import_id);
    let changes = [app.imports.announce(named, &details, key, visit.now, random)?];
    let done = Done { elements: &[import_id.as_str()], changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    let state = ImportState::AwaitingContent;
    let view = view(&app, &archive, (state, &details)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Puts the parts together: the archive is then taken in.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/imports/{importId}/completion",
    operation_id = "completeImport", tag = "space",
    params(("spaceId" = String, Path), ("importId" = String, Path)),
    responses(
        (status = 202, body = ImportView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn complete(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, import_id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<ImportView>), Problem> {
    let (visit, permit, import, details) = find(&app, &bearer, (&space_id, &import_id)).await?;
    let archive = import.archive(&details);
    if import.state != ImportState::AwaitingContent {
        let view = view(&app, &archive, (import.state, &details)).await?;
        return Ok((StatusCode::ACCEPTED, Json(view)));
    }
    let arrived = app.inbox.arrived(&archive, &details.upload_id).await?;
    if let Some(mut arrived) = arrived {
        let is_there = |(number, size): &(u32, u64)| {
            arrived.iter().any(|part| part.number == *number && part.size == *size)
        };
        let missing: Vec<u32> =
            parts(details.size).filter(|part| !is_there(part)).map(|part| part.0).collect();
        if !missing.is_empty() {
            let problem = Problem::from(ProblemKind::UploadIncomplete);
            return Err(problem.with_member("missing", json!(missing)));
        }
        arrived.sort_by_key(|part| part.number);
        app.inbox.complete(&archive, &details.upload_id, &arrived).await?;
    }
    // Put together before, and killed: said again, it goes on.
    let changes = [app.imports.came(&import, visit.now)?];
    let done = Done { elements: &[&import_id], changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    let view = view(&app, &archive, (ImportState::TakingIn, &details)).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Where an archive stands that comes back.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/imports/{importId}", operation_id = "readImport",
    tag = "space", params(("spaceId" = String, Path), ("importId" = String, Path)),
    responses(
        (status = 200, body = ImportView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, import_id)): Path<(String, String)>,
) -> Result<Json<ImportView>, Problem> {
    let (_, _, import, details) = find(&app, &bearer, (&space_id, &import_id)).await?;
    Ok(Json(view(&app, &import.archive(&details), (import.state, &details)).await?))
}

async fn find(
    app: &App,
    bearer: &Bearer,
    (space_id, import_id): (&str, &str),
) -> Result<(Visit, Permit, SealedImport, ImportDetails), Problem> {
    let (visit, permit) = app.guard.enter(bearer, space_id, Action::ImportSpace).await?;
    let import_id = ImportId::parse(import_id).map_err(|_| ProblemKind::NotFound)?;
    let found = app.imports.find(&visit.space_id, &import_id).await?;
    let import = found.ok_or(ProblemKind::NotFound)?;
    let details = import.open(&visit.opened(&permit)?.content_key)?;
    Ok((visit, permit, import, details))
}

async fn view(
    app: &App,
    archive: &ArchiveName,
    (state, details): (ImportState, &ImportDetails),
) -> Result<ImportView, Problem> {
    let mut view = ImportView {
        import_id: archive.import_id.clone(),
        state: match state {
            ImportState::AwaitingContent => "awaitingContent",
            ImportState::TakingIn => "takingIn",
            ImportState::Done => "done",
            ImportState::Refused => "refused",
            ImportState::Failed => "failed",
        },
        reason: details.reason.clone(),
        documents: details.taken.documents,
        conversations: details.taken.conversations,
        left_out: details.taken.left_out,
        part_size: None,
        parts: Vec::new(),
    };
    if state != ImportState::AwaitingContent {
        return Ok(view);
    }
    view.part_size = Some(PART_BYTES);
    let arrived = app.inbox.arrived(archive, &details.upload_id).await?.unwrap_or_default();
    for (number, size) in parts(details.size) {
        let url = app.inbox.presign(archive, &details.upload_id, number, size).await?;
        let arrived = arrived.iter().any(|part| part.number == number && part.size == size);
        view.parts.push(ImportPart { number, size, url, arrived });
    }
    Ok(view)
}

/// The parts of so many bytes: number and size.
fn parts(size: u64) -> impl Iterator<Item = (u32, u64)> {
    let count = u32::try_from(size.div_ceil(PART_BYTES)).unwrap_or(0);
    (1..=count).map(move |number| {
        let before = u64::from(number - 1) * PART_BYTES;
        (number, (size - before).min(PART_BYTES))
    })
}
