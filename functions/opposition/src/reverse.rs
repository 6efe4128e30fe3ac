//! `POST /v1/opposition/reversal`: a representative reverses the refusal that the
//! other registered.
//!
//! Must not know: how identity was proven.

use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::InvitationCode;
use espace_http::{Enrolled, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::{OpposeRefused, RefusedBy, Reversal, reverse as undo};
use espace_storage::{EnrolmentOutcome, Envelope, Opposition, PersonEntry};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::oppose::{RACES_MAX, require_confirmed};
use crate::register::problem_of;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReversalConfirmation {
    /// The representative confirms: `true`.
    confirmed: bool,
}

/// Reverses a refusal within two weeks; the six weeks go on. All representatives
/// are told.
#[utoipa::path(
    post, path = "/v1/opposition/reversal", operation_id = "reverseOpposition",
    tag = "opposition", request_body = ReversalConfirmation,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["enrolment"]))),
)]
pub(crate) async fn reverse(
    State(app): State<App>,
    Enrolled(enrolment): Enrolled,
    body: JsonBody<ReversalConfirmation>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    require_confirmed(body.value.confirmed)?;
    let by = enrolment.representative.as_ref().ok_or(ProblemKind::NotReversible)?;
    match &enrolment.outcome {
        Some(EnrolmentOutcome::Reversed(_)) => return Ok(StatusCode::NO_CONTENT),
        Some(_) => return Err(ProblemKind::EnrolmentOver.into()),
        None => {}
    }
    for _ in 0..RACES_MAX {
        let found = app.stores.registry.find_by_index(&enrolment.person).await?;
        let entry = found.ok_or(ProblemKind::EnrolmentOver)?;
        if !entry.accepts(&enrolment.code) {
            return Err(ProblemKind::EnrolmentOver.into());
        }
        if !app.stores.registry.represents(by, &entry).await? {
            return Err(ProblemKind::NotLegalRepresentative.into());
        }
        let id = entry.opposition_id.as_ref().ok_or(ProblemKind::NotReversible)?;
        let receipt = app.stores.oppositions.find(id).await?.ok_or(ProblemKind::NotReversible)?;
        if undo_one(&app, RefusedBy::Enrolled(&enrolment), &entry, &receipt, now).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(ProblemKind::Unavailable.into())
}

/// Undoes a refusal and tells the person, and those who act for them, with a new
/// code; `false` when the person changed between reading and writing.
pub(crate) async fn undo_one(
    app: &App,
    by: RefusedBy<'_>,
    entry: &PersonEntry,
    receipt: &Opposition,
    now: Timestamp,
) -> Result<bool, Problem> {
    let random = app.random.as_ref();
    let registry = &app.stores.registry;
    let record = registry.open_unheld_record(entry).await?;
    let record = record.ok_or(ProblemKind::NotReversible)?;
    if record.deceased_on.is_some() {
        return Err(ProblemKind::HolderDeceased.into());
    }
    let code = InvitationCode::generate(random);
    let first_name = record.traits.first_name();
    let notice = |code: Option<&InvitationCode>| Notice::OppositionReversed {
        first_name: first_name.to_owned(),
        code: code.map(InvitationCode::grouped),
    };
    let mut messages = Vec::new();
    if let Some(to) = record.contacts.first() {
        messages.push(Envelope {
            to: to.clone(),
            addressee: record.full_name(),
            notice: notice(Some(&code)),
        });
    }
    for nir in record.representatives() {
        let Some(other) = registry.find(&nir).await? else { continue };
        let Some(other) = registry.open_record(&other, &app.space_keys).await? else { continue };
        let to = other.contacts.first().filter(|_| other.deceased_on.is_none());
        if let Some(to) = to.filter(|to| !messages.iter().any(|message| message.to == **to)) {
            let addressee = other.full_name();
            messages.push(Envelope { to: to.clone(), addressee, notice: notice(None) });
        }
    }
    let reversal = Reversal { by, entry, receipt, code: &code, messages: &messages };
    match undo(&app.stores, &reversal, random, now).await? {
        Ok(()) => Ok(true),
        Err(OpposeRefused::Domain(refusal)) => Err(problem_of(&refusal)),
        Err(OpposeRefused::Raced) => Ok(false),
    }
}
