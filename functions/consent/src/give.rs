//! `POST /v1/spaces/{spaceId}/consents`: a professional may read.
//!
//! Must not know: how they come in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::{Action, Standing};
use espace_domain::{ConsentForm, Grant, GrantId, Tie};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Change, Choice, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::list::RoleView;

/// Digits of an RPPS number.
const RPPS_DIGITS: usize = 11;
/// Most professionals whom one holder lets in.
const GRANTS_MAX: usize = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewGrant {
    /// Eleven digits.
    rpps: String,
    /// What the holder chooses them as; one professional a role.
    #[serde(default)]
    role: Option<RoleView>,
    /// When it ends by itself.
    #[serde(default)]
    until: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    #[schema(value_type = String)]
    grant_id: GrantId,
}

/// Lets a professional read what the matrix shows their profession. Given again to the
/// same, it is changed and keeps its name. A role leaves who had it.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/consents", operation_id = "giveConsent", tag = "consent",
    params(("spaceId" = String, Path)), request_body = NewGrant,
    responses(
        (status = 201, body = Given),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn give(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<NewGrant>, Problem>,
) -> Result<(StatusCode, Json<Given>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::GiveConsent).await?;
    let input = body?.value;
    let rpps = read_rpps(&input.rpps)?;
    if input.until.is_some_and(|until| until <= visit.now) {
        let detail = "La date de fin est déjà passée.";
        return Err(Problem::invalid(vec![FieldError::new("/until", "past-date", detail)]));
    }
    let role = input.role.map(Standing::from);
    let opened = visit.opened(&permit)?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let mut changes = Vec::new();
    let mut tie = Versioned { value: Tie::new(&rpps), version: None };
    let mut grants = 0;
    for (entry, found) in known {
        let version = found.version;
        let mut other = match found.value {
            // Letting in who is kept out would promise what does not hold.
            Choice::Block(block) if block.rpps == rpps => {
                return Err(ProblemKind::ProfessionalBlocked.into());
            }
            Choice::Tie(found) if found.rpps == rpps => {
                tie = Versioned { value: found, version };
                continue;
            }
            Choice::Tie(other) => other,
            // Their colleagues' end moves with theirs.
            Choice::Team(mut team) if team.members.contains_key(&rpps) => {
                team.members.insert(rpps.clone(), input.until);
                let choice = Versioned { value: Choice::Team(team), version };
                changes.push(put(&app, (&visit, &permit), &entry, &choice)?);
                continue;
            }
            _ => continue,
        };
        grants += usize::from(other.grant_at(visit.now).is_some());
        if let Some(grant) = &mut other.grant
            && role.is_some()
            && grant.role == role
        {
            grant.role = None;
            let choice = Versioned { value: Choice::Tie(other), version };
            changes.push(put(&app, (&visit, &permit), &entry, &choice)?);
        }
    }
    if grants >= GRANTS_MAX {
        return Err(ProblemKind::TooManyProfessionals.into());
    }
    let random = app.random.as_ref();
    let standing = tie.value.grant_at(visit.now);
    let structure = standing.and_then(|grant| grant.structure.clone());
    let grant_id =
        standing.map_or_else(|| GrantId::generate(random), |grant| grant.grant_id.clone());
    tie.value.give(Grant {
        grant_id: grant_id.clone(),
        role,
        until: input.until,
        since: visit.now,
        given: ConsentForm::InSpace,
        structure,
    });
    let entry = visit.names.tie(&visit.space_id, &rpps);
    let choice = Versioned { value: Choice::Tie(tie.value), version: tie.version };
    changes.push(put(&app, (&visit, &permit), &entry, &choice)?);
    let whom = format!("professional:{rpps}");
    let done = Done {
        elements: &[grant_id.as_str(), &whom],
        changes: &changes,
        // A role that moves, or a date brought forward, takes away.
        raises_epoch: true,
        ..Done::default()
    };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::CREATED, Json(Given { grant_id })))
}

/// The write of a choice.
pub(crate) fn put(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    entry: &str,
    choice: &Versioned<Choice>,
) -> Result<Change, Problem> {
    let key = &visit.opened(permit)?.content_key;
    Ok(app.consents.put(&visit.space_id, entry, choice, key, app.random.as_ref())?)
}

/// Reads an RPPS number. Its last digit is not checked: real numbers fail Luhn
/// (`domain.md` B1).
pub(crate) fn read_rpps(typed: &str) -> Result<String, Problem> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() == RPPS_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(digits);
    }
    let detail = "Le numéro RPPS a onze chiffres.";
    Err(Problem::invalid(vec![FieldError::new("/rpps", "invalid-rpps", detail)]))
}
