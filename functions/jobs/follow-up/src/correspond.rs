//! What a person wrote: the professionals of the conversation are told that there is
//! something new.
//!
//! Must not know: what was written.

use espace_domain::ThreadId;
use espace_domain::decision::{Action, PartyKind};
use espace_jobs::JobError;
use espace_storage::Change;
use jiff::Timestamp;

use crate::follow::Known;
use crate::{App, tell};

/// The writes that tell them; none where nobody of the person's side wrote.
pub(crate) async fn changes(
    app: &App,
    known: &Known,
    now: Timestamp,
) -> Result<Vec<Change>, JobError> {
    let trace = &known.trace;
    let writes = [Action::AnswerThread, Action::WriteToPharmacy]
        .iter()
        .any(|action| action.name() == trace.action);
    if !writes || trace.actor.kind == PartyKind::Professional.name() {
        return Ok(Vec::new());
    }
    let about = trace.elements.first().and_then(|id| ThreadId::parse(id).ok());
    let Some(thread_id) = about else { return Ok(Vec::new()) };
    let space_id = &known.space.space_id;
    let Some(stored) = app.messages.find(space_id, &thread_id, &known.key).await? else {
        return Ok(Vec::new());
    };
    let names = app.relations.names().await?;
    let mut changes = Vec::new();
    for correspondent in &stored.thread.correspondents {
        let owner = names.push_of_professional(&correspondent.rpps);
        changes.extend(tell::pushes(app, &owner, now).await?);
    }
    Ok(changes)
}
