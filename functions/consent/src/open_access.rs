//! `POST /v1/spaces/{spaceId}/accesses`: a professional comes in.
//!
//! Must not know: what they will read.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Opened, Permit, Visit};
use espace_domain::decision::{AccessMode, Action, Situation, decide};
use espace_domain::{
    AccessId, Actor, CareTeam, ConsentForm, Grant, GrantId, HeldAccess, OneTimeCode, SpaceId, Tie,
};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody};
use espace_storage::{Change, Choice, Consents, EmergencyAccess, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::give::put;

/// Longest written reason, characters.
const REASON_CHARS_MAX: usize = 1_000;
/// Shortest written reason: a word is not one.
const REASON_CHARS_MIN: usize = 10;

/// How to come in.
#[derive(Deserialize, ToSchema)]
#[serde(
    tag = "mode",
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(crate) enum NewAccess {
    /// With the patient's consent.
    Normal {
        /// How the patient consented.
        attestation: Attestation,
        /// What the patient shows at a first access.
        #[serde(default, rename = "presenceCode")]
        presence_code: Option<String>,
    },
    /// *Bris de glace*: the patient cannot consent, and danger is grave.
    BreakGlass {
        /// Why, in writing.
        reason: String,
    },
    /// *Centre de régulation (15)*.
    Regulation {},
}

/// How a patient consented.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Attestation {
    /// They said so.
    Oral,
    /// They signed.
    Written,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenedAccess {
    #[schema(value_type = String)]
    access_id: AccessId,
    /// `normal`, `breakGlass`, `regulation`.
    #[schema(value_type = String)]
    mode: AccessMode,
    expires_at: Timestamp,
}

/// Opens an access. A first one with consent takes the patient's presence code; so does
/// the next after a withdrawal or a block.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/accesses", operation_id = "openAccess", tag = "consent",
    params(("spaceId" = String, Path)), request_body = NewAccess,
    responses(
        (status = 201, body = OpenedAccess),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["professional"]))),
)]
pub(crate) async fn open(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<NewAccess>, Problem>,
) -> Result<(StatusCode, Json<OpenedAccess>), Problem> {
    let asked = body.as_ref().map_or(AccessMode::Normal, |body| mode_of(&body.value));
    let action = Action::opening(asked);
    let mut visit = app.guard.visit(&bearer, &space_id, action, &[]).await?;
    let input = match body {
        Ok(body) => body.value,
        // Whether the body is good matters to those alone who may come in.
        Err(fault) => {
            app.guard.permit(&visit, action, &[]).await?;
            return Err(fault);
        }
    };
    let mut changes = Vec::new();
    let mut used = None;
    if let NewAccess::Normal { presence_code: Some(typed), .. } = &input {
        let typed = OneTimeCode::parse(typed).ok();
        let typed = typed.as_ref().map_or("", OneTimeCode::expose);
        let tag = visit.names.presence_code(&visit.space_id, typed);
        // Who would not come in even with the right code tries none: they could use the
        // patient's up. The same call is made all the same, on what is not there.
        let with_code = Situation { present: true, ..visit.situation };
        let may_try = decide(visit.party, action, &with_code).is_allowed();
        let nowhere = SpaceId::generate(app.random.as_ref());
        let tried = if may_try { &visit.space_id } else { &nowhere };
        let who = visit.names.tie(tried, &visit.claims.sub);
        if app.consents.try_presence(tried, &who, &tag, visit.now).await? {
            visit.situation.present = true;
            used = Some(tag);
        }
    }
    let permit = app.guard.permit(&visit, action, &[]).await?;
    slow_down(&app, &visit, asked).await?;
    if let Some(tag) = used {
        changes.push(app.consents.use_presence(&visit.space_id, &tag)?);
    }
    let reason = match &input {
        NewAccess::BreakGlass { reason } => Some(read_reason(reason)?),
        NewAccess::Normal { .. } | NewAccess::Regulation {} => None,
    };
    let access_id = AccessId::generate(app.random.as_ref());
    let access = HeldAccess::new(access_id, asked, visit.now);
    let attested = attested(&input);
    let come = Coming { access: &access, attested, reason };
    changes.extend(come_in(&app, (&visit, &permit), come)?);
    let attestation = attested.map(|form| format!("attestation:{}", form.name()));
    let mut elements = vec![access.access_id.as_str()];
    elements.extend(attestation.as_deref());
    let mode = Some(asked);
    let done = Done { elements: &elements, changes: &changes, mode, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    let HeldAccess { access_id, mode, until } = access;
    Ok((StatusCode::CREATED, Json(OpenedAccess { access_id, mode, expires_at: until })))
}

/// Counts an access that would be opened; too many in an hour, by one professional or from
/// one structure, are refused (`domain.md` D1: API4, per professional and establishment).
async fn slow_down(app: &App, visit: &Visit, mode: AccessMode) -> Result<(), Problem> {
    let Actor::Professional { rpps, structure, .. } = &visit.claims.actor else {
        return Ok(());
    };
    let limits = app.limits;
    let (own, all, [by_own, by_all]) = match mode {
        AccessMode::Normal => (
            limits.accesses_per_professional,
            limits.accesses_per_structure,
            ["access", "access-structure"],
        ),
        AccessMode::BreakGlass | AccessMode::Regulation => (
            limits.emergencies_per_professional,
            limits.emergencies_per_structure,
            ["emergency", "emergency-structure"],
        ),
    };
    // What is refused to one counts for their colleagues no more.
    if let Some(seconds) = app.throttles.count(by_own, rpps, own, visit.now).await? {
        return Err(Problem::slow_down(seconds));
    }
    if let Some(structure) = structure
        && let Some(seconds) = app.throttles.count(by_all, structure, all, visit.now).await?
    {
        return Err(Problem::slow_down(seconds));
    }
    Ok(())
}

/// How a professional comes in.
struct Coming<'a> {
    access: &'a HeldAccess,
    attested: Option<ConsentForm>,
    reason: Option<String>,
}

/// What opening an access writes: who came, from where, with which consent; the reason
/// given in an emergency.
fn come_in(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    coming: Coming<'_>,
) -> Result<Vec<Change>, Problem> {
    let Coming { access, attested, reason } = coming;
    let Actor::Professional { rpps, profession, structure, name, .. } = &visit.claims.actor else {
        return Err(Problem::internal("an access of someone else than a professional"));
    };
    let opened: &Opened = visit.opened(permit)?;
    let random = app.random.as_ref();
    let known = opened.tie.clone();
    let (mut tie, version) =
        known.map_or_else(|| (Tie::new(rpps), None), |known| (known.value, known.version));
    tie.name = Some(name.clone());
    tie.profession = Some(profession.clone());
    tie.structure.clone_from(structure);
    tie.access = Some(access.clone());
    let mut changes = Vec::new();
    if let Some(given) = attested
        && visit.situation.present
    {
        let standing = tie.grant_at(visit.now).cloned();
        let grant = standing.unwrap_or_else(|| Grant {
            grant_id: GrantId::generate(random),
            role: None,
            until: None,
            since: visit.now,
            given,
            structure: None,
        });
        tie.give(grant);
    }
    if let (AccessMode::Normal, Some(grant)) = (access.mode, &mut tie.grant)
        && grant.structure.is_none()
    {
        // Consent counts where the professional first came with it, nowhere else.
        grant.structure.clone_from(structure);
    }
    let counts_here =
        |grant: &&Grant| access.mode == AccessMode::Normal && grant.structure == *structure;
    if let (Some(structure), Some(grant)) = (structure, tie.grant_at(visit.now).filter(counts_here))
    {
        let team = opened.team.clone();
        let mut team = team.unwrap_or(Versioned { value: CareTeam::default(), version: None });
        let before = team.value.clone();
        team.value.join(rpps, grant.until, visit.now);
        if team.value != before {
            let entry = visit.names.team(&visit.space_id, structure);
            let choice = Versioned { value: Choice::Team(team.value), version: team.version };
            changes.push(put(app, (visit, permit), &entry, &choice)?);
        }
    }
    let entry = visit.names.tie(&visit.space_id, rpps);
    changes.push(put(
        app,
        (visit, permit),
        &entry,
        &Versioned { value: Choice::Tie(tie), version },
    )?);
    if access.mode != AccessMode::Normal {
        let emergency = EmergencyAccess {
            access_id: access.access_id.clone(),
            rpps: rpps.clone(),
            name: name.clone(),
            reason,
            at: visit.now,
        };
        let entry = Consents::emergency_entry(&access.access_id);
        let choice = Versioned { value: Choice::Emergency(emergency), version: None };
        changes.push(put(app, (visit, permit), &entry, &choice)?);
    }
    Ok(changes)
}

fn mode_of(input: &NewAccess) -> AccessMode {
    match input {
        NewAccess::Normal { .. } => AccessMode::Normal,
        NewAccess::BreakGlass { .. } => AccessMode::BreakGlass,
        NewAccess::Regulation {} => AccessMode::Regulation,
    }
}

fn attested(input: &NewAccess) -> Option<ConsentForm> {
    match input {
        NewAccess::Normal { attestation: Attestation::Oral, .. } => Some(ConsentForm::Oral),
        NewAccess::Normal { attestation: Attestation::Written, .. } => Some(ConsentForm::Written),
        NewAccess::BreakGlass { .. } | NewAccess::Regulation {} => None,
    }
}

/// Reads a written reason.
fn read_reason(written: &str) -> Result<String, Problem> {
    let reason = written.trim();
    let length = reason.chars().count();
    if (REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&length) {
        return Ok(reason.to_owned());
    }
    let detail = "Écrivez pourquoi, en 10 à 1 000 caractères.";
    Err(Problem::invalid(vec![FieldError::new("/reason", "invalid-length", detail)]))
}
