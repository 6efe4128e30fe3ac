//! `DELETE /v1/spaces/{spaceId}/caregivers/{caregiverId}`: a caregiver is sent away, or an
//! invitation taken back.
//!
//! Must not know: what they did meanwhile.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::LinkKind;

use crate::App;
use crate::list::known;

/// Sends a caregiver away: what they are doing stops at once.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/caregivers/{caregiverId}",
    operation_id = "removeCaregiver", tag = "caregivers",
    params(("spaceId" = String, Path), ("caregiverId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, caregiver_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::RemoveCaregiver).await?;
    let found = known(&app, (&visit, &permit)).await?;
    let found = found.into_iter().find(|(_, c)| c.value.caregiver_id.as_str() == caregiver_id);
    let (entry, found) = found.ok_or(ProblemKind::NotFound)?;
    let mut changes = vec![app.consents.remove(&visit.space_id, &entry)?];
    // The row of an invitation that is over has no link of its own: another one may.
    if let Some(helper) = found.value.helper.as_ref().filter(|_| found.value.counts_at(visit.now)) {
        let link = app.representations.find(helper, &visit.space_id).await?;
        // Who became their guardian since acts by another right.
        if link.is_some_and(|link| link.kind == LinkKind::Caregiver) {
            changes.push(app.representations.end_care(helper, &visit.space_id)?);
        }
    }
    let elements = [caregiver_id.as_str()];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
