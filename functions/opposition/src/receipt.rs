//! `GET /v1/opposition/{oppositionId}/receipt`: the proof, at once.
//!
//! Must not know: how the proof is set on a page.

use axum::extract::{Path, State};
use axum::response::Response;
use espace_domain::OppositionId;
use espace_http::{Enrolled, Problem, ProblemBody, ProblemKind};
use espace_storage::EnrolmentOutcome;

use crate::App;
use crate::proof::proof_pdf;

/// The proof as PDF, for the bearer of the enrolment token that refused.
#[utoipa::path(
    get, path = "/v1/opposition/{oppositionId}/receipt", operation_id = "readReceipt",
    tag = "opposition", params(("oppositionId" = String, Path)),
    responses(
        (status = 200, content_type = "application/pdf"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["enrolment"]))),
)]
pub(crate) async fn receipt(
    State(app): State<App>,
    Enrolled(enrolment): Enrolled,
    Path(opposition_id): Path<String>,
) -> Result<Response, Problem> {
    let id = OppositionId::parse(&opposition_id).map_err(|_| ProblemKind::NotFound)?;
    if enrolment.outcome != Some(EnrolmentOutcome::Opposed(id.clone())) {
        return Err(ProblemKind::NotFound.into());
    }
    let receipt = app.stores.oppositions.find(&id).await?;
    let receipt = receipt.filter(|receipt| receipt.undone_at.is_none());
    proof_pdf(&app, &receipt.ok_or(ProblemKind::NotFound)?).await
}
