//! `GET /v1/spaces/{spaceId}/exports` and `…/{exportId}`: where archives stand.
//!
//! Must not know: what is in them.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Opened, Permit, Visit};
use espace_domain::ExportId;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{ExportDetails, ExportState, SealedExport};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// How long a fresh second factor lets a session read an archive.
const UNLOCKED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// An archive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportView {
    #[schema(value_type = String)]
    export_id: ExportId,
    /// `preparing`, `ready`, `failed`.
    state: &'static str,
    /// Bytes, once it is ready.
    size: Option<u64>,
    asked_at: Timestamp,
    /// When it goes.
    expires_at: Timestamp,
    /// Whether this session may read it, without another second factor.
    unlocked: bool,
}

/// The archives that are not over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportList {
    items: Vec<ExportView>,
}

/// Until when a second factor that was given now counts.
pub(crate) fn unlocked_until(now: Timestamp) -> Timestamp {
    now.checked_add(UNLOCKED_FOR).unwrap_or(Timestamp::MAX)
}

/// Where an archive stands.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/exports/{exportId}", operation_id = "readExport",
    tag = "space", params(("spaceId" = String, Path), ("exportId" = String, Path)),
    responses(
        (status = 200, body = ExportView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, export_id)): Path<(String, String)>,
) -> Result<Json<ExportView>, Problem> {
    let (visit, _, export, details) = find(&app, &bearer, (&space_id, &export_id)).await?;
    Ok(Json(view(&visit, &export, &details)))
}

/// The archives that are not over, newest first.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/exports", operation_id = "listExports", tag = "space",
    params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = ExportList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<ExportList>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ReadExport).await?;
    let opened = visit.opened(&permit)?;
    let mut items = Vec::new();
    for export in app.exports.of_space(&visit.space_id, visit.now).await? {
        let details = export.open(&opened.content_key)?;
        if is_theirs(&visit, opened, &details) {
            items.push(view(&visit, &export, &details));
        }
    }
    Ok(Json(ExportList { items }))
}

/// An archive of who asks; another's is not there.
pub(crate) async fn find(
    app: &App,
    bearer: &Bearer,
    (space_id, export_id): (&str, &str),
) -> Result<(Visit, Permit, SealedExport, ExportDetails), Problem> {
    let action = Action::ReadExport;
    let visit = app.guard.visit(bearer, space_id, action, &[export_id]).await?;
    let permit = app.guard.permit(&visit, action, &[export_id]).await?;
    let export_id = ExportId::parse(export_id).map_err(|_| ProblemKind::NotFound)?;
    let found = app.exports.find(&visit.space_id, &export_id, visit.now).await?;
    let export = found.ok_or(ProblemKind::NotFound)?;
    let opened = visit.opened(&permit)?;
    let details = export.open(&opened.content_key)?;
    if !is_theirs(&visit, opened, &details) {
        return Err(ProblemKind::NotFound.into());
    }
    Ok((visit, permit, export, details))
}

/// Whether an archive was made for such a party: what a holder sees, a representative may not,
/// and of two heirs each has their own.
pub(crate) fn is_theirs(visit: &Visit, opened: &Opened, details: &ExportDetails) -> bool {
    details.party == visit.party.name() && details.heir == opened.heir()
}

fn view(visit: &Visit, export: &SealedExport, details: &ExportDetails) -> ExportView {
    let is_ready = export.state == ExportState::Ready;
    ExportView {
        export_id: export.export_id.clone(),
        state: match export.state {
            ExportState::Preparing => "preparing",
            ExportState::Ready => "ready",
            ExportState::Failed => "failed",
        },
        size: is_ready.then(|| details.size()),
        asked_at: export.asked_at,
        expires_at: export.expires_at,
        unlocked: details.is_unlocked(&visit.claims.sid, visit.now),
    }
}
