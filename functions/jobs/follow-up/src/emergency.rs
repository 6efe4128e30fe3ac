//! What an emergency asks for besides telling the person: their treating doctor knows, two
//! agents look, and what was read in it is counted.
//!
//! Must not know: how the person is told.

use espace_domain::decision::{AccessMode, Action};
use espace_domain::{AccessId, EMERGENCY_ACCESS_S, EMERGENCY_ELEMENT};
use espace_jobs::JobError;
use espace_storage::{Change, EmergencyDetails};
use jiff::Timestamp;

use crate::App;
use crate::follow::{Known, adds_something};

/// The writes that an act in an emergency asks for; none of another.
pub(crate) async fn changes(
    app: &App,
    known: &Known,
    now: Timestamp,
) -> Result<Vec<Change>, JobError> {
    let trace = &known.trace;
    let Some(mode @ (AccessMode::BreakGlass | AccessMode::Regulation)) = trace.mode else {
        return Ok(Vec::new());
    };
    let is = |action: Action| trace.action == action.name();
    let deposits = is(Action::DepositDocument) || is(Action::ReplaceDocument);
    if is(Action::ReadDocument) || (deposits && adds_something(trace)) {
        return counted(app, known, deposits);
    }
    let opens = [Action::BreakGlass.name(), Action::OpenRegulation.name()];
    let opened = trace.elements.iter().find_map(|id| AccessId::parse(id).ok());
    let Some(access_id) = opened.filter(|_| opens.contains(&trace.action.as_str())) else {
        return Ok(Vec::new());
    };
    let mut changes = Vec::new();
    let reason = app.consents.emergency(&known.space.space_id, &access_id, &known.key).await?;
    let details = EmergencyDetails {
        rpps: trace.actor.id.clone().unwrap_or_default(),
        name: trace.actor.name.clone(),
        profession: trace.actor.profession.clone(),
        structure: trace.actor.structure.clone(),
        mode,
        reason: reason.and_then(|written| written.reason),
    };
    let ends = Timestamp::from_second(trace.at.as_second() + EMERGENCY_ACCESS_S);
    let times = (trace.at, ends.unwrap_or(trace.at));
    let random = app.random.as_ref();
    changes.push(app.reviews.put(&access_id, times, &details, random).await?);
    // A treating doctor who came in themselves knows.
    if let Some(doctor) = known.treating_doctor.as_ref().filter(|rpps| **rpps != details.rpps) {
        let names = app.relations.names().await?;
        let space_id = &known.space.space_id;
        changes.push(app.notices.put(&names.professional(doctor), space_id, trace.at, now)?);
    }
    Ok(changes)
}

/// A document was read, or deposited, in an emergency access: the one that the trace names.
fn counted(app: &App, known: &Known, is_deposit: bool) -> Result<Vec<Change>, JobError> {
    let mut named = known
        .trace
        .elements
        .iter()
        .filter_map(|element| AccessId::parse(element.strip_prefix(EMERGENCY_ELEMENT)?).ok());
    let access = named.next();
    Ok(access
        .map(|access| app.reviews.count(&access, is_deposit))
        .transpose()?
        .into_iter()
        .collect())
}
