//! `POST /v1/spaces/search`: the space of the patient before a professional.
//!
//! Must not know: what may be read there.

use axum::Json;
use axum::extract::State;
use espace_access::{Done, Permit, Visit};
use espace_crypto::BlindIndex;
use espace_domain::decision::{AccessMode, Action};
use espace_domain::{AccessId, Actor, Nir, Registration, SpaceId};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Change, Choice, Consents, EmergencyAccess, SearchedTraits, Versioned};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// Longest name searched.
const NAME_CHARS_MAX: usize = 100;
/// Shortest and longest reason of an emergency, characters.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 10..=1_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PatientSearch {
    /// Thirteen characters; without it the traits must be one person's alone.
    #[serde(default)]
    nir: Option<String>,
    birth_name: String,
    first_name: String,
    #[schema(value_type = String)]
    birth_date: Date,
    /// Why, where the patient cannot say who they are: the search is then traced as a
    /// *bris de glace*.
    #[serde(default)]
    emergency_reason: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    #[schema(value_type = String)]
    pub(crate) space_id: SpaceId,
}

/// Finds the space of a patient by their traits, all of which must match; the search is
/// traced there. Someone unknown, opposed, closed, or who blocked the professional is not
/// found: the same answer after the same work.
#[utoipa::path(
    post, path = "/v1/spaces/search", operation_id = "findPatient", tag = "consent",
    request_body = PatientSearch,
    responses(
        (status = 200, body = Found),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["professional"]))),
)]
pub(crate) async fn find(
    State(app): State<App>,
    bearer: Bearer,
    body: Result<JsonBody<PatientSearch>, Problem>,
) -> Result<Json<Found>, Problem> {
    let claims = app.guard.claims(&bearer).await?;
    let Actor::Professional { rpps, structure, .. } = &claims.actor else {
        return Err(ProblemKind::Forbidden.into());
    };
    slow_down(&app, rpps, structure.as_deref()).await?;
    // Nobody's: where nobody is found, the same is asked of a space that is not there.
    let nobodys = SpaceId::generate(app.random.as_ref());
    let (space_id, fault, reason) = match body {
        Ok(body) => match read(&body.value) {
            Ok(nir) => {
                let found = person(&app, nir.as_ref(), &body.value).await?;
                (found.unwrap_or(nobodys), None, body.value.emergency_reason)
            }
            Err(fault) => (nobodys, Some(fault), None),
        },
        Err(fault) => (nobodys, Some(fault), None),
    };
    let visit = app.guard.arrive(claims, space_id, Action::FindPatient, &[]).await?;
    if let Some(fault) = fault {
        // Only who may search at all is told what was wrong with it.
        return match app.guard.permit(&visit, Action::FindPatient, &[]).await {
            Err(problem) if problem.kind() == ProblemKind::Forbidden => Err(problem),
            _ => Err(fault),
        };
    }
    let permit = app.guard.permit(&visit, Action::FindPatient, &[]).await?;
    let mode = reason.as_ref().map(|_| AccessMode::BreakGlass);
    // The reason is found again by its name, which the trace says.
    let reason_id = AccessId::generate(app.random.as_ref());
    let (mut changes, mut elements) = (Vec::new(), Vec::new());
    if let Some(reason) = reason {
        changes.push(keep_reason(&app, (&visit, &permit), &reason_id, reason.trim())?);
        elements.push(reason_id.as_str());
    }
    let done = Done { elements: &elements, mode, changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(Json(Found { space_id: visit.space_id }))
}

/// The write of why a patient was searched who could not say who they are.
fn keep_reason(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    access_id: &AccessId,
    reason: &str,
) -> Result<Change, Problem> {
    let Actor::Professional { rpps, name, .. } = &visit.claims.actor else {
        return Err(Problem::internal("a search by someone else than a professional"));
    };
    let entry = Consents::emergency_entry(access_id);
    let emergency = EmergencyAccess {
        access_id: access_id.clone(),
        rpps: rpps.clone(),
        name: name.clone(),
        reason: Some(reason.to_owned()),
        at: visit.now,
    };
    let choice = Versioned { value: Choice::Emergency(emergency), version: None };
    let key = &visit.opened(permit)?.content_key;
    Ok(app.consents.put(&visit.space_id, &entry, &choice, key, app.random.as_ref())?)
}

/// Counts the search; too many in an hour, by one person or from one place, are refused.
async fn slow_down(app: &App, rpps: &str, structure: Option<&str>) -> Result<(), Problem> {
    let now = app.clock.now();
    let (own, all) = (app.limits.per_professional, app.limits.per_structure);
    // What is refused to one counts for their colleagues no more.
    if let Some(seconds) = app.throttles.count("search", rpps, own, now).await? {
        return Err(Problem::slow_down(seconds));
    }
    if let Some(structure) = structure
        && let Some(seconds) = app.throttles.count("search-structure", structure, all, now).await?
    {
        return Err(Problem::slow_down(seconds));
    }
    Ok(())
}

/// Checks the fields.
fn read(search: &PatientSearch) -> Result<Option<Nir>, Problem> {
    let mut errors = Vec::new();
    let mut nir = None;
    if let Some(typed) = &search.nir {
        nir = Nir::parse(typed).ok();
        if nir.is_none() {
            let detail = "Le numéro de sécurité sociale est mal écrit.";
            errors.push(FieldError::new("/nir", "invalid-nir", detail));
        }
    }
    for (pointer, name) in [("/birthName", &search.birth_name), ("/firstName", &search.first_name)]
    {
        let length = name.chars().count();
        if espace_domain::comparable_name(name).is_empty() || length > NAME_CHARS_MAX {
            errors.push(FieldError::new(pointer, "invalid-name", "Ce nom est mal écrit."));
        }
    }
    if let Some(reason) = &search.emergency_reason
        && !REASON_CHARS.contains(&reason.trim().chars().count())
    {
        let detail = "Écrivez pourquoi, en 10 à 1 000 caractères.";
        errors.push(FieldError::new("/emergencyReason", "invalid-length", detail));
    }
    if errors.is_empty() { Ok(nir) } else { Err(Problem::invalid(errors)) }
}

/// The space of the person who has these traits.
async fn person(
    app: &App,
    nir: Option<&Nir>,
    search: &PatientSearch,
) -> Result<Option<SpaceId>, Problem> {
    let traits = SearchedTraits {
        birth_name: &search.birth_name,
        first_name: &search.first_name,
        birth_date: search.birth_date,
    };
    let index = if let Some(nir) = nir {
        app.registry.index(nir).await?
    } else {
        let found = app.registry.find_by_traits(&traits).await?;
        found.unwrap_or_else(|| BlindIndex::from_stored("nobody".to_owned()))
    };
    let Some(entry) = app.registry.find_by_index(&index).await? else {
        return Ok(None);
    };
    if !app.registry.has_traits(&entry, &traits).await? {
        return Ok(None);
    }
    match entry.registration {
        Registration::Held { space_id } => Ok(Some(space_id)),
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => Ok(None),
    }
}
