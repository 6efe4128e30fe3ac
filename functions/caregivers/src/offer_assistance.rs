//! `POST /v1/spaces/{spaceId}/assistance-codes`: the holder draws a code that lets a helper by
//! profession in.
//!
//! Must not know: who will use it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{ASSISTANCE_CODE_VALIDITY_S, AlertCode};
use espace_http::{Bearer, Problem, ProblemBody};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssistanceCode {
    /// `XXXX-XXXX-XXXX`, to be told to the helper; it serves once.
    code: String,
    expires_at: Timestamp,
}

/// Draws a code that lets a helper by profession (France Services) in for an hour.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/assistance-codes", operation_id = "offerAssistance",
    tag = "caregivers", params(("spaceId" = String, Path)),
    responses(
        (status = 201, body = AssistanceCode),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn offer(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<(StatusCode, Json<AssistanceCode>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::OfferAssistance).await?;
    // As hard to guess as the code of a letter, and as easy to say.
    let code = AlertCode::generate(app.random.as_ref());
    let expires_at = after(visit.now, ASSISTANCE_CODE_VALIDITY_S);
    let name = visit.names.assistance_code(&code);
    let space = &visit.opened(&permit)?.space;
    let changes = [app.codes.put(&name, space, expires_at)?];
    app.guard.record(&visit, &permit, Done { changes: &changes, ..Done::default() }).await?;
    Ok((StatusCode::CREATED, Json(AssistanceCode { code: code.grouped(), expires_at })))
}

/// So many seconds later.
pub(crate) fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}
