//! `POST /v1/spaces/{spaceId}/exports`: everything, as one archive.
//!
//! Must not know: what is in it, nor how it is made.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::ExportId;
use espace_domain::decision::Action;
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{ChallengePurpose, EXPORTS_MAX, ExportDetails, ExportState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::confirm::{Factor, second_factor};
use crate::read_export::{is_theirs, unlocked_until};

/// What taking everything away takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ExportAsked {
    /// From `POST /v1/sessions/current/step-up` for `export`.
    pub(crate) challenge_id: String,
    /// The six digits received.
    pub(crate) otp: String,
}

/// An archive that is being made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportBegun {
    #[schema(value_type = String)]
    export_id: ExportId,
}

/// Asks for an archive of everything the caller may see. It is made within minutes, kept for
/// seven days, and read by the session that asked for a day; another one unlocks it.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/exports", operation_id = "askExport", tag = "space",
    params(("spaceId" = String, Path)), request_body = ExportAsked,
    responses(
        (status = 202, body = ExportBegun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<ExportAsked>, Problem>,
) -> Result<(StatusCode, Json<ExportBegun>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ExportSpace).await?;
    let input = body?.value;
    let opened = visit.opened(&permit)?;
    let mut theirs = 0;
    for export in app.exports.of_space(&visit.space_id, visit.now).await? {
        let is_there = export.state != ExportState::Failed;
        let details = export.open(&opened.content_key)?;
        if is_there && is_theirs(&visit, opened, &details) {
            theirs += 1;
        }
    }
    if theirs >= EXPORTS_MAX {
        return Err(ProblemKind::TooManyExports.into());
    }
    let factor = Factor { challenge_id: &input.challenge_id, otp: &input.otp };
    let challenge = second_factor(&app, &visit, ChallengePurpose::Export, factor).await?;
    let random = app.random.as_ref();
    let export_id = ExportId::generate(random);
    let details = ExportDetails {
        party: visit.party.name().to_owned(),
        heir: opened.heir(),
        unlocked: (visit.claims.sid.clone(), unlocked_until(visit.now)),
        progress: None,
        pieces: Vec::new(),
    };
    let named = (&visit.space_id, &export_id);
    let changes = [
        app.exports.ask(named, &details, &opened.content_key, visit.now, random)?,
        app.challenges.used_up(&challenge, visit.now)?,
    ];
    let done = Done { elements: &[export_id.as_str()], changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::ACCEPTED, Json(ExportBegun { export_id })))
}
