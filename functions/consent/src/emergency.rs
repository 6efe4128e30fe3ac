//! `PUT /v1/spaces/{spaceId}/consents/emergency`: what is allowed in emergencies.
//!
//! Must not know: who comes in then.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, JsonBody, Problem, ProblemBody};
use espace_storage::{Choice, Consents, Versioned};

use crate::App;
use crate::give::put;
use crate::list::EmergencyView;

/// Chooses about emergencies: the SAMU's regulation, breaking the glass, whether masked
/// documents show then.
#[utoipa::path(
    put, path = "/v1/spaces/{spaceId}/consents/emergency", operation_id = "chooseEmergency",
    tag = "consent", params(("spaceId" = String, Path)), request_body = EmergencyView,
    responses(
        (status = 200, body = EmergencyView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn choose(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<EmergencyView>, Problem>,
) -> Result<Json<EmergencyView>, Problem> {
    let action = Action::SetEmergencyChoices;
    let (visit, permit) = app.guard.enter(&bearer, &space_id, action).await?;
    let chosen = body?.value;
    let opened = visit.opened()?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let version = known.iter().find_map(|(_, found)| match found.value {
        Choice::Emergencies(_) => Some(found.version),
        _ => None,
    });
    let value = Choice::Emergencies(chosen.into());
    let choice = Versioned { value, version: version.flatten() };
    let changes = [put(&app, &visit, Consents::choices_entry(), &choice)?];
    let done = Done { changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(Json(chosen))
}
