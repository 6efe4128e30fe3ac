//! What a person wrote: the professionals of the conversation are told that there is
//! something new.
//!
//! Must not know: what was written.

use espace_domain::decision::{Action, PartyKind};
use espace_domain::{MessageId, ThreadId};
use espace_jobs::JobError;
use espace_storage::{Change, OutgoingDetails, StoredThread};
use jiff::Timestamp;

use crate::follow::Known;
use crate::{App, tell};

/// Messages looked at for the one a trace names: as many as come while one is followed up.
const LOOKED_AT_MAX: usize = 50;

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
    let written = trace.elements.get(1).and_then(|id| MessageId::parse(id).ok());
    let Some(number) = number_of(app, known, &stored, written.as_ref()).await? else {
        return Ok(Vec::new());
    };
    let names = app.relations.names().await?;
    let mut changes = Vec::new();
    for correspondent in &stored.thread.correspondents {
        let owner = names.push_of_professional(&correspondent.rpps);
        changes.extend(tell::pushes(app, &owner, now).await?);
        // Who writes by secure mail is answered there.
        if let Some(mailbox) = &correspondent.mailbox {
            let details = OutgoingDetails { mailbox: mailbox.clone() };
            let which = (space_id, &thread_id, number);
            let random = app.random.as_ref();
            changes.push(app.mails.send(which, &details, &known.key, now, random)?);
        }
    }
    Ok(changes)
}

/// The number of the message that a trace names: sought from the newest, where it most often
/// is.
async fn number_of(
    app: &App,
    known: &Known,
    stored: &StoredThread,
    named: Option<&MessageId>,
) -> Result<Option<u32>, JobError> {
    let space_id = &known.space.space_id;
    let newest = stored.thread.messages();
    for number in (1..=newest).rev().take(LOOKED_AT_MAX) {
        let found = app.messages.message(space_id, &stored.thread_id, number, &known.key).await?;
        if found.as_ref().map(|found| &found.message_id) == named {
            return Ok(Some(number));
        }
    }
    Ok(None)
}
