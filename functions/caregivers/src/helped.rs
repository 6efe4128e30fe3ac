//! `GET /v1/spaces/{spaceId}/helped`: whom the holder of a space helps, and who asks them to.
//!
//! Must not know: what a caregiver may do.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{CaregiverState, SpaceId, invitation_expires_at};
use espace_http::{Bearer, Problem, ProblemBody};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// Those whom the holder helps, or who asked them to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HelpedView {
    items: Vec<HelpedPersonView>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HelpedPersonView {
    /// Their space.
    #[schema(value_type = String)]
    space_id: SpaceId,
    name: String,
    /// `pending`, `accepted`, `expired`.
    #[schema(value_type = String)]
    state: CaregiverState,
    invited_at: Timestamp,
    /// When the invitation ends, where it was not answered.
    expires_at: Timestamp,
}

/// Lists those whom the holder of a space helps, and who asked them to.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/helped", operation_id = "listHelped",
    tag = "caregivers", params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = HelpedView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<HelpedView>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ReadCaregivers).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    let key = &visit.opened(&permit)?.content_key;
    let mut items = Vec::new();
    for link in app.representations.of_caregiver(&visit.space_id).await? {
        let details = link.open(key)?;
        let Some(care) = details.care else { continue };
        let expires_at = invitation_expires_at(care.invited_at);
        let state = match (care.accepted, visit.now < expires_at) {
            (true, _) => CaregiverState::Accepted,
            (false, true) => CaregiverState::Pending,
            (false, false) => CaregiverState::Expired,
        };
        items.push(HelpedPersonView {
            space_id: link.person,
            name: details.first_name,
            state,
            invited_at: care.invited_at,
            expires_at,
        });
    }
    items.sort_by_key(|item| std::cmp::Reverse(item.invited_at));
    Ok(Json(HelpedView { items }))
}
