//! `POST /v1/spaces/lookup`: the space of an insured person, for the insurer that feeds it
//! (documents taken over from a DMP, reimbursements; `domain.md` A19, A25).
//!
//! Must not know: what is fed.

use axum::Json;
use axum::extract::State;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{Actor, Nir, Registration, SpaceId};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::find::Found;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lookup {
    /// The person's number: thirteen characters, or fifteen with its key.
    nir: String,
}

/// Finds the space of an insured person by their number; traced there. Someone who is not
/// known, opposed or closed is not found.
#[utoipa::path(
    post, path = "/v1/spaces/lookup", operation_id = "findInsured", tag = "documents",
    request_body = Lookup,
    responses(
        (status = 200, body = Found),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["insurer"]))),
)]
pub(crate) async fn lookup(
    State(app): State<App>,
    bearer: Bearer,
    body: Result<JsonBody<Lookup>, Problem>,
) -> Result<Json<Found>, Problem> {
    let claims = app.guard.claims(&bearer).await?;
    if claims.actor != Actor::Insurer {
        return Err(ProblemKind::Forbidden.into());
    }
    let nir = Nir::parse(&body?.value.nir).map_err(|_| {
        let detail = "Le numéro de sécurité sociale est mal écrit.";
        Problem::invalid(vec![FieldError::new("/nir", "invalid-nir", detail)])
    })?;
    let index = app.registry.index(&nir).await?;
    let entry = app.registry.find_by_index(&index).await?;
    let space_id = match entry.map(|entry| entry.registration) {
        Some(Registration::Held { space_id }) => space_id,
        // Nobody's: the same is asked of a space that is not there.
        _ => SpaceId::generate(app.random.as_ref()),
    };
    let visit = app.guard.arrive(claims, space_id, Action::FindInsured, &[]).await?;
    let permit = app.guard.permit(&visit, Action::FindInsured, &[]).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    Ok(Json(Found { space_id: visit.space_id }))
}
