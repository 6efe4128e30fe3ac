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
/// documents show then; and whether heirs may be given anything.
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
    let asked = body?.value;
    let opened = visit.opened(&permit)?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let before = known.iter().find_map(|(_, found)| match found.value {
        Choice::Emergencies(before) => Some((before, found.version)),
        _ => None,
    });
    let (before, version) = before.unwrap_or_default();
    let chosen = asked.after(before);
    let choice = Versioned { value: Choice::Emergencies(chosen), version };
    let changes = [put(&app, (&visit, &permit), Consents::choices_entry(), &choice)?];
    let told = |name: &str, allowed: bool| format!("{name}:{}", if allowed { "yes" } else { "no" });
    let chosen_now = [
        told("regulation", chosen.regulation),
        told("breakGlass", chosen.break_glass),
        told("showMasked", chosen.show_masked),
        told("heirs", chosen.heirs),
    ];
    let elements: Vec<&str> = chosen_now.iter().map(String::as_str).collect();
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(Json(chosen.into()))
}
