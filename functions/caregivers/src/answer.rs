//! `POST /v1/spaces/{spaceId}/care`: one who was asked to help says whether they do.
//!
//! Must not know: how they were asked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Delegate, Done, Permit, Visit};
use espace_domain::decision::Action;
use espace_domain::{Answer, Caregiver, HELPED_MAX};
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Care, Change, Choice, RepresentationDetails, Versioned};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::list::known;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CareAnswer {
    /// Whether they help.
    accept: bool,
}

/// Accepts or refuses an invitation to help.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/care", operation_id = "answerInvitation",
    tag = "caregivers", params(("spaceId" = String, Path)), request_body = CareAnswer,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn answer(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<CareAnswer>, Problem>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::AnswerInvitation).await?;
    let accepted = body?.value.accept;
    let own = own(&visit, permit)?;
    let (entry, found) = invitation(&app, (&visit, &permit)).await?;
    let random = app.random.as_ref();
    let mut changes = Vec::new();
    if accepted {
        let mut helped = 0;
        for link in app.representations.of_caregiver(&own.space.space_id).await? {
            let care = link.open(&own.content_key)?.care;
            helped += usize::from(care.is_some_and(|care| care.accepted));
        }
        if helped >= HELPED_MAX {
            return Err(ProblemKind::TooManyHelped.into());
        }
        let care = own.details.care.clone().map(|care| Care { accepted, ..care });
        let details = RepresentationDetails { care, ..own.details.clone() };
        changes.push(app.representations.accept(&own.link, &details, &own.content_key, random)?);
        // Of two answers at once elsewhere, one counts the other.
        changes.push(app.spaces.raise_epoch(&own.space)?);
    } else {
        changes.push(app.representations.end_care(&own.space.space_id, &visit.space_id)?);
    }
    let caregiver = Caregiver { answer: Some(Answer { accepted, at: visit.now }), ..found.value };
    changes.push(kept(&app, (&visit, &permit), &entry, caregiver, found.version)?);
    finish(&app, (&visit, &permit), &own.details, &changes).await
}

/// The helper, who answers or leaves.
pub(crate) fn own(visit: &Visit, permit: Permit) -> Result<&Delegate, Problem> {
    let own = visit.opened(&permit)?.own.as_ref();
    own.ok_or_else(|| Problem::internal("an answer of nobody"))
}

/// The invitation as the holder keeps it.
pub(crate) async fn invitation(
    app: &App,
    (visit, permit): (&Visit, &Permit),
) -> Result<(String, Versioned<Caregiver>), Problem> {
    let care = own(visit, *permit)?.details.care.as_ref();
    let id = care.map(|care| &care.caregiver_id);
    let found = known(app, (visit, permit)).await?;
    let found = found.into_iter().find(|(_, kept)| Some(&kept.value.caregiver_id) == id);
    found.ok_or_else(|| ProblemKind::NotFound.into())
}

fn kept(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    entry: &str,
    caregiver: Caregiver,
    version: Option<u64>,
) -> Result<Change, Problem> {
    let key = &visit.opened(permit)?.content_key;
    let choice = Versioned { value: Choice::Caregiver(caregiver), version };
    Ok(app.consents.put(&visit.space_id, entry, &choice, key, app.random.as_ref())?)
}

/// Writes an answer with its trace.
pub(crate) async fn finish(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    details: &RepresentationDetails,
    changes: &[Change],
) -> Result<StatusCode, Problem> {
    let id = details.care.as_ref().map(|care| care.caregiver_id.to_string());
    let elements = Vec::from_iter(id.as_deref());
    let done = Done { elements: &elements, changes, raises_epoch: true, ..Done::default() };
    app.guard.record(visit, permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
