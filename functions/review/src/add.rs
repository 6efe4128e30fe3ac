//! `POST /v1/support/emergency-accesses/{accessId}/review`: what an agent found.
//!
//! Must not know: what follows from it.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::{AccessId, Finding, Review, ReviewRefused, add_review};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind, Support};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::view::ReviewedEmergency;

/// Longest note, characters.
const NOTE_CHARS_MAX: usize = 2_000;
/// Tries when another review comes at the same moment.
const RACES_MAX: u32 = 5;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewReview {
    /// `justified`, `unjustified`.
    #[schema(value_type = String)]
    finding: Finding,
    /// Why.
    note: String,
}

/// Adds what an agent found. A second agent's review closes it; the same agent's does not.
#[utoipa::path(
    post, path = "/v1/support/emergency-accesses/{accessId}/review",
    operation_id = "reviewEmergencyAccess", tag = "support",
    params(("accessId" = String, Path)), request_body = NewReview,
    responses(
        (status = 200, body = ReviewedEmergency),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn add(
    State(app): State<App>,
    support: Support,
    Path(access_id): Path<String>,
    body: Result<JsonBody<NewReview>, Problem>,
) -> Result<Json<ReviewedEmergency>, Problem> {
    let input = body?.value;
    let note = input.note.trim();
    if note.is_empty() || note.chars().count() > NOTE_CHARS_MAX {
        let detail = "Dites pourquoi, en 2 000 caractères au plus.";
        return Err(Problem::invalid(vec![FieldError::new("/note", "invalid-length", detail)]));
    }
    let access_id = AccessId::parse(&access_id).map_err(|_| ProblemKind::NotFound)?;
    let now = app.clock.now();
    for _ in 0..RACES_MAX {
        let found = app.reviews.find(&access_id).await?;
        let mut found = found.ok_or(ProblemKind::NotFound)?;
        let review = Review {
            agent: support.agent.clone(),
            finding: input.finding,
            note: note.to_owned(),
            at: now,
        };
        add_review(&mut found.reviews, review).map_err(|refused| match refused {
            ReviewRefused::SameAgent => ProblemKind::ReviewedByYou,
            ReviewRefused::Over => ProblemKind::ReviewOver,
        })?;
        if app.reviews.save(&found, now, app.random.as_ref()).await? {
            return Ok(Json(ReviewedEmergency::of(found, &support.agent, now)));
        }
    }
    Err(ProblemKind::Unavailable.into())
}
