//! `DELETE /v1/spaces/{spaceId}/care`: one who helps leaves.
//!
//! Must not know: how they were asked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody};

use crate::App;
use crate::answer::{finish, invitation, own};

/// Leaves: helps no longer.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/care", operation_id = "leaveCare",
    tag = "caregivers", params(("spaceId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn leave(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::LeaveCare).await?;
    let own = own(&visit, permit)?;
    let (entry, _) = invitation(&app, (&visit, &permit)).await?;
    let changes = [
        app.representations.end_care(&own.space.space_id, &visit.space_id)?,
        app.consents.remove(&visit.space_id, &entry)?,
    ];
    finish(&app, (&visit, &permit), &own.details, &changes).await
}
