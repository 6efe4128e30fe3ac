//! What a person wrote: the professionals of the conversation are told that there is
//! something new, and who writes by secure mail is answered there. Nobody whom the person
//! keeps out is told anything.
//!
//! Must not know: what was written.

use espace_domain::decision::{Action, PartyKind};
use espace_domain::{MESSAGE_NUMBER_ELEMENT, ThreadId};
use espace_jobs::JobError;
use espace_storage::{Change, OutgoingDetails};
use jiff::Timestamp;

use crate::follow::Known;
use crate::{App, tell};

/// Most professionals told of one message, who wrote last first: with their browsers they fit
/// into one transaction.
const TOLD_MAX: usize = 20;
/// Most words to their browsers.
const PUSHES_MAX: usize = 40;

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
    let unnamed = JobError::Work("a message's trace does not name it");
    let thread_id = trace.elements.first().and_then(|id| ThreadId::parse(id).ok());
    let number = trace
        .elements
        .iter()
        .find_map(|element| element.strip_prefix(MESSAGE_NUMBER_ELEMENT)?.parse().ok());
    let Some((thread_id, number)) = thread_id.zip(number) else { return Err(unnamed) };
    let space_id = &known.space.space_id;
    let Some(stored) = app.messages.find(space_id, &thread_id, &known.key).await? else {
        return Ok(Vec::new());
    };
    let names = app.relations.names().await?;
    let (mut changes, mut pushed) = (Vec::new(), 0);
    let told = stored.thread.correspondents.iter().rev();
    for told in told.filter(|one| !known.blocked.contains(&one.rpps)).take(TOLD_MAX) {
        let owner = names.push_of_professional(&told.rpps);
        let mut words = tell::pushes(app, &owner, now).await?;
        words.truncate(PUSHES_MAX - pushed);
        pushed += words.len();
        changes.extend(words);
        if let Some(mailbox) = &told.mailbox {
            let details = OutgoingDetails { mailbox: mailbox.clone(), rpps: told.rpps.clone() };
            let which = (space_id, &thread_id, number);
            let random = app.random.as_ref();
            changes.push(app.mails.send(which, &details, &known.key, now, random)?);
        }
    }
    Ok(changes)
}
