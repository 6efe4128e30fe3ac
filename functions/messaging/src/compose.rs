//! Writing a message: what is said is checked, then put at the end of its conversation in one
//! transaction with its trace. Tried again where another message came first, so that both are
//! kept, in one order.
//!
//! Must not know: routes.

use std::time::Duration;

use espace_access::{Permit, Visit};
use espace_domain::decision::{Action, Situation, decide};
use espace_domain::{
    ATTACHMENTS_MAX, Actor, Attachment, BODY_BYTES_MAX, Correspondent, DocumentId,
    MESSAGE_NUMBER_ELEMENT, Message, MessageAuthor, MessageId, NewMessage, SUBJECT_CHARS_MAX, Side,
    Thread,
};
use espace_http::{FieldError, Problem, ProblemKind};
use espace_storage::{Change, KnownMessage, StoredThread};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::view::writer;

/// Largest request: a message escaped in JSON, with its subject and attachments.
pub(crate) const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Tries of a message that others come before.
pub(crate) const RACES_MAX: u32 = 20;
/// The longest first wait between two tries, milliseconds; doubled up to the longest.
const FIRST_WAIT_MS: u64 = 8;
/// The longest wait.
const LONGEST_WAIT_MS: u64 = 200;

/// What was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    #[schema(value_type = String)]
    pub(crate) thread_id: espace_domain::ThreadId,
    #[schema(value_type = String)]
    pub(crate) message_id: MessageId,
}

/// What is to be said.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) body: &'a str,
    pub(crate) attachments: &'a [String],
}

/// The sender's own key of a message, with what it is bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    /// As the sender has it, with the route before it.
    pub(crate) name: &'a str,
    /// What was asked for, as it came.
    pub(crate) asked: &'a [u8],
}

/// Refuses what is no subject.
pub(crate) fn check_subject(subject: &str) -> Result<String, Problem> {
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_good = !subject.is_empty()
        && subject.chars().count() <= SUBJECT_CHARS_MAX
        && !subject.chars().any(char::is_control);
    if is_good {
        return Ok(subject);
    }
    let detail = "L’objet a de 1 à 200 caractères.";
    Err(Problem::invalid(vec![FieldError::new("/subject", "invalid-subject", detail)]))
}

/// Refuses what cannot be said: nothing, too much, or too many attachments.
pub(crate) fn check(said: &Said<'_>) -> Result<(), Problem> {
    let mut errors = Vec::new();
    if said.body.trim().is_empty() && said.attachments.is_empty() {
        let detail = "Écrivez un message ou joignez un document.";
        errors.push(FieldError::new("/body", "missing-field", detail));
    }
    if said.body.len() > BODY_BYTES_MAX {
        let detail = "Un message a 100 000 octets au plus.";
        errors.push(FieldError::new("/body", "too-long", detail));
    }
    if said.attachments.len() > ATTACHMENTS_MAX {
        let detail = "Un message a dix pièces jointes au plus.";
        errors.push(FieldError::new("/attachments", "too-many", detail));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// The documents to join, each one that the sender may send on. One that is hidden from them
/// is one that is not there.
pub(crate) async fn joined(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    named: &[String],
) -> Result<Vec<Attachment>, Problem> {
    let ids: Vec<_> = named.iter().map(|name| DocumentId::parse(name).ok()).collect();
    let mut known: Vec<DocumentId> = ids.iter().flatten().cloned().collect();
    known.sort_unstable();
    known.dedup();
    let key = &visit.opened(permit)?.content_key;
    let found = app.documents.find_some(&visit.space_id, &known, key).await?;
    let joinable = |id: &DocumentId| {
        let document = found.iter().find(|document| document.document_id == *id)?;
        let facts = Some(visit.facts(document));
        let situation = Situation { document: facts, ..visit.situation };
        let may_join = decide(visit.party, Action::AttachDocument, &situation).is_allowed();
        may_join.then_some(document.details.version)
    };
    let mut joined = Vec::new();
    let mut errors = Vec::new();
    for (position, id) in ids.into_iter().enumerate() {
        match id.and_then(|id| Some((joinable(&id)?, id))) {
            Some((version, document_id)) => {
                joined.push(Attachment::Document { document_id, version });
            }
            None => errors.push(FieldError::new(
                format!("/attachments/{position}"),
                "unknown-document",
                "Ce document n’existe pas ou ne vous est pas accessible.",
            )),
        }
    }
    if errors.is_empty() { Ok(joined) } else { Err(Problem::invalid(errors)) }
}

/// A message of a visitor.
pub(crate) fn message(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    body: &str,
    attachments: Vec<Attachment>,
) -> Result<NewMessage, Problem> {
    let actor = visit.actor();
    let opened = visit.opened(permit)?;
    let is_own_side = visit.party.is_own_side();
    let holder = || format!("{} {}", opened.holder.first_name(), opened.holder.last_name());
    Ok(NewMessage {
        message_id: MessageId::generate(app.random.as_ref()),
        side: if is_own_side { Side::Patient } else { Side::Care },
        author: MessageAuthor {
            kind: actor.kind,
            id: actor.id.filter(|_| !is_own_side),
            name: actor.name.or_else(|| is_own_side.then(holder)),
            profession: actor.profession,
            structure: actor.structure,
        },
        at: visit.now,
        body: body.to_owned(),
        attachments,
        mail: None,
    })
}

/// Puts a message at the end, and counts its writer in; a conversation that is full takes no
/// more.
pub(crate) fn add(visit: &Visit, thread: &mut Thread, new: NewMessage) -> Result<Message, Problem> {
    if let Actor::Professional { rpps, profession, name, .. } = &visit.claims.actor {
        thread.joined_by(Correspondent {
            rpps: rpps.clone(),
            name: Some(name.clone()),
            profession: Some(profession.clone()),
            mailbox: None,
        });
    }
    thread.add(new).ok_or_else(|| ProblemKind::ThreadFull.into())
}

/// The message's number, as its trace names it: by it what follows finds the message.
pub(crate) fn number_element(message: &Message) -> String {
    format!("{MESSAGE_NUMBER_ELEMENT}{}", message.number)
}

/// The writes of a message: itself, its place in the boxes of the professionals, its key, and
/// the end of its draft.
pub(crate) fn changes(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    stored: &StoredThread,
    message: &Message,
    key: Option<Key<'_>>,
) -> Result<Vec<Change>, Problem> {
    let random = app.random.as_ref();
    let space_id = &visit.space_id;
    let content_key = &visit.opened(permit)?.content_key;
    let thread = &stored.thread;
    let mut changes =
        vec![app.messages.add(space_id, &stored.thread_id, message, content_key, random)?];
    let mut boxes: Vec<String> = match &thread.structure {
        Some(structure) => vec![visit.names.inbox(Some(structure), "")],
        None => thread.correspondents.iter().map(|c| visit.names.inbox(None, &c.rpps)).collect(),
    };
    boxes.sort_unstable();
    boxes.dedup();
    for inbox in boxes {
        changes.push(app.inboxes.put(&inbox, space_id, &stored.thread_id, message.at)?);
    }
    let draft = visit.names.draft(space_id, &stored.thread_id, &writer(visit, *permit));
    changes.push(app.messages.drop_draft(space_id, &draft)?);
    if let Some(key) = key {
        let name = visit.names.sent(space_id, &visit.claims.sub, key.name);
        let made = (&stored.thread_id, &message.message_id, fingerprint(visit, key));
        let made = (made.0, made.1, made.2.as_str());
        changes.push(app.messages.claim_key(space_id, &name, made, visit.now, false)?);
    }
    Ok(changes)
}

/// What was sent under the same key before; refused where it was asked for otherwise.
pub(crate) fn sent_before(
    (visit, permit): (&Visit, &Permit),
    key: Option<Key<'_>>,
) -> Result<Option<Sent>, Problem> {
    let Some((key, known)) = key.zip(visit.opened(permit)?.sent.clone()) else {
        return Ok(None);
    };
    let KnownMessage { thread_id, message_id, fingerprint: bound, .. } = known;
    if bound != fingerprint(visit, key) {
        return Err(ProblemKind::IdempotencyKeyReused.into());
    }
    Ok(Some(Sent { thread_id, message_id }))
}

/// What a key is bound to.
fn fingerprint(visit: &Visit, key: Key<'_>) -> String {
    visit.names.fingerprint(&["message", &String::from_utf8_lossy(key.asked)])
}

/// Waits a random while before another try, longer each time.
pub(crate) async fn wait(app: &App, attempt: u32) {
    let mut bytes = [0; 2];
    app.random.fill(&mut bytes);
    let longest = (FIRST_WAIT_MS << attempt.min(8)).min(LONGEST_WAIT_MS);
    let drawn = u64::from(u16::from_be_bytes(bytes)) % (longest + 1);
    tokio::time::sleep(Duration::from_millis(drawn)).await;
}

/// Counts a message of the caller; refuses one too many for this hour.
pub(crate) async fn count(app: &App, visit: &Visit) -> Result<(), Problem> {
    let limit = app.messages_per_sender;
    let counted = app.throttles.count("message", &visit.claims.sub, limit, visit.now).await?;
    counted.map_or(Ok(()), |wait_s| Err(Problem::slow_down(wait_s)))
}
