//! `GET /v1/spaces/{spaceId}/caregivers`: who helps, or was asked to.
//!
//! Must not know: how one is invited.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::Action;
use espace_domain::{Caregiver, CaregiverId, CaregiverState, SpaceState, invitation_expires_at};
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::{Choice, Versioned};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// Who helps, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaregiversView {
    items: Vec<CaregiverView>,
}

/// One who helps, or was asked to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaregiverView {
    #[schema(value_type = String)]
    caregiver_id: CaregiverId,
    /// As the holder typed it.
    name: String,
    /// `pending`, `accepted`, `refused`, `expired`.
    #[schema(value_type = String)]
    state: CaregiverState,
    invited_at: Timestamp,
    /// When the invitation ends, where it was not answered.
    expires_at: Timestamp,
}

/// Lists who helps the holder, or was asked to.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/caregivers", operation_id = "listCaregivers",
    tag = "caregivers", params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = CaregiversView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<CaregiversView>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ReadCaregivers).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    let mut found = known(&app, (&visit, &permit)).await?;
    found.sort_by_key(|(_, known)| std::cmp::Reverse(known.value.invited_at));
    let items = found.into_iter().map(|(_, known)| view(known.value, visit.now));
    Ok(Json(CaregiversView { items: items.collect() }))
}

/// The caregivers of a space, with the names they stand under.
pub(crate) async fn known(
    app: &App,
    (visit, permit): (&Visit, &Permit),
) -> Result<Vec<(String, Versioned<Caregiver>)>, Problem> {
    let key = &visit.opened(permit)?.content_key;
    let chosen = app.consents.list(&visit.space_id, key).await?;
    // Of before the space came into its holder's hands: whoever had it then let them in.
    let since = match visit.opened(permit)?.space.state {
        SpaceState::Active { activated_at, .. } => Some(activated_at),
        _ => None,
    };
    let caregivers = chosen.into_iter().filter_map(|(entry, found)| {
        let found = found.map(|choice| match choice {
            Choice::Caregiver(caregiver) => {
                Some(caregiver).filter(|known| since.is_none_or(|since| known.invited_at >= since))
            }
            _ => None,
        })?;
        Some((entry, found))
    });
    Ok(caregivers.collect())
}

pub(crate) fn view(caregiver: Caregiver, now: Timestamp) -> CaregiverView {
    CaregiverView {
        state: caregiver.state_at(now),
        expires_at: invitation_expires_at(caregiver.invited_at),
        caregiver_id: caregiver.caregiver_id,
        name: caregiver.name,
        invited_at: caregiver.invited_at,
    }
}
