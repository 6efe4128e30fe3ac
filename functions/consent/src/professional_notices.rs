//! `GET /v1/professionals/me/notices`: what a treating doctor is to know.
//!
//! Must not know: how it came there.

use axum::Json;
use axum::extract::State;
use espace_domain::{Actor, MatrixGroup, SpaceId};
use espace_http::{Known, Problem, ProblemBody, ProblemKind};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// What a professional is to know, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticesView {
    items: Vec<NoticeView>,
}

/// One thing to know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeView {
    /// `emergencyAccess`: the space of a person who chose the professional as their treating
    /// doctor was opened in an emergency.
    kind: &'static str,
    #[schema(value_type = String)]
    space_id: SpaceId,
    at: Timestamp,
}

/// The emergencies of those who chose the caller as their treating doctor (R.1111-48).
#[utoipa::path(
    get, path = "/v1/professionals/me/notices", operation_id = "readProfessionalNotices",
    tag = "consent",
    responses(
        (status = 200, body = NoticesView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["professional"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Known(claims): Known,
) -> Result<Json<NoticesView>, Problem> {
    let Actor::Professional { rpps, profession, specialty, .. } = &claims.actor else {
        return Err(ProblemKind::Forbidden.into());
    };
    // A number typed wrong may be someone else's, who treats nobody.
    if MatrixGroup::of(profession, specialty.as_deref()) != Some(MatrixGroup::Medecin) {
        return Ok(Json(NoticesView { items: Vec::new() }));
    }
    let name = app.relations.names().await?.professional(rpps);
    let found = app.notices.newest(&name).await?;
    let items = found.into_iter().map(|notice| NoticeView {
        kind: "emergencyAccess",
        space_id: notice.space_id,
        at: notice.at,
    });
    Ok(Json(NoticesView { items: items.collect() }))
}
