//! `POST /v1/spaces/{spaceId}/exports/{exportId}/unlocking`: another session reads an archive.
//!
//! Must not know: what is in it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{ChallengePurpose, ExportDetails, ExportState};

use crate::App;
use crate::ask_export::ExportAsked;
use crate::confirm::{Factor, second_factor};
use crate::read_export::{find, unlocked_until};

/// Lets this session read an archive for a day, instead of the one that asked for it.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/exports/{exportId}/unlocking",
    operation_id = "unlockExport", tag = "space",
    params(("spaceId" = String, Path), ("exportId" = String, Path)), request_body = ExportAsked,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn unlock(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, export_id)): Path<(String, String)>,
    body: Result<JsonBody<ExportAsked>, Problem>,
) -> Result<StatusCode, Problem> {
    let (visit, permit, export, details) = find(&app, &bearer, (&space_id, &export_id)).await?;
    let input = body?.value;
    if export.state != ExportState::Ready {
        return Err(ProblemKind::ExportNotReady.into());
    }
    let factor = Factor { challenge_id: &input.challenge_id, otp: &input.otp };
    let challenge = second_factor(&app, &visit, ChallengePurpose::Export, factor).await?;
    let unlocked = (visit.claims.sid.clone(), unlocked_until(visit.now));
    let details = ExportDetails { unlocked, ..details };
    let key = &visit.opened(&permit)?.content_key;
    let changes = [
        app.exports.change(&export, &details, key, app.random.as_ref())?,
        app.challenges.used_up(&challenge, visit.now)?,
    ];
    let done = Done { elements: &[&export_id], changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
