//! `GET /v1/spaces/{spaceId}/notification-preferences`: of what the holder is told.
//!
//! Must not know: how it is sent.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{Digest, NotificationPreferences};
use espace_http::{Bearer, Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// Of what the holder is told. Of emergencies always: the law says so. Which contact is the
/// safe one is never shown: who looks over the holder's shoulder must not learn of it.
#[expect(clippy::struct_excessive_bools, reason = "wishes apart: every combination occurs")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreferencesView {
    /// A professional opened the space with consent.
    access: bool,
    /// A professional consulted a document.
    document_read: bool,
    /// A professional or the insurer deposited a document.
    new_document: bool,
    /// A professional wrote.
    message: bool,
    /// `none`: each at once. `daily`, `weekly`: together, at 18 h, on Mondays. What must be
    /// told at once is.
    #[schema(value_type = String)]
    digest: Digest,
}

/// What the holder chose.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/notification-preferences",
    operation_id = "readNotificationPreferences", tag = "notifications",
    params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = PreferencesView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<PreferencesView>, Problem> {
    let action = Action::ReadPreferences;
    let (visit, permit) = app.guard.enter(&bearer, &space_id, action).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    let key = &visit.opened(&permit)?.content_key;
    let chosen = app.consents.notifications(&visit.space_id, key).await?;
    Ok(Json(PreferencesView::from(&chosen)))
}

impl From<&NotificationPreferences> for PreferencesView {
    fn from(chosen: &NotificationPreferences) -> Self {
        Self {
            access: chosen.access,
            document_read: chosen.document_read,
            new_document: chosen.new_document,
            message: chosen.message,
            digest: chosen.digest,
        }
    }
}
