//! A mail becomes a message: in the conversation that it answers, or in a new one, decided as
//! if its sender had written on the site; once, however often it comes.
//!
//! Must not know: how the mail was read.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use espace_crypto::SealingKey;
use espace_domain::decision::{Action, Party, Practice, Situation, SpaceStanding, decide};
use espace_domain::{
    Correspondent, MESSAGE_NUMBER_ELEMENT, MatrixGroup, MessageAuthor, MessageId, NewMessage, Side,
    SpaceId, Thread, ThreadId, Trace, TraceActor,
};
use espace_jobs::JobError;
use espace_mail::ReceivedMail;
use espace_storage::{Act, Mailbox, Recorded, RelationNames, Space, StoredThread, TraceDraft};
use jiff::Timestamp;

use crate::App;
use crate::files::{Inspected, keep};

/// Tries when the space or the conversation changes meanwhile.
const RACES_MAX: u32 = 10;

/// What became of a mail that someone takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// It is a message now.
    Yes,
    /// It was one before.
    Before,
}

/// A space that a mail is to.
struct Room<'a> {
    space: Space,
    key: SealingKey,
    trace_key: SealingKey,
    names: RelationNames,
    sender: &'a Mailbox,
}

/// Delivers a mail; `None` where nobody there takes it.
pub(crate) async fn deliver(
    app: &App,
    space_id: &SpaceId,
    (mail, sender): (&ReceivedMail, &Mailbox),
    files: Vec<Inspected>,
    now: Timestamp,
) -> Result<Option<Delivered>, JobError> {
    let names = app.relations.names().await?;
    let content = content_of(mail);
    let own = mail.message_id.clone().unwrap_or_else(|| content.clone());
    let sender_name = format!("mail.{}", mail.from.as_str());
    let mut sent = names.sent(space_id, &sender_name, &own);
    if let Some(known) = app.messages.known(space_id, &sent).await?
        && known.fingerprint != content
    {
        // Another mail under an id that was used: it is another message.
        sent = names.sent(space_id, &sender_name, &format!("{own}.{content}"));
    }
    // A content sealed by a try that was refused is the same for the next.
    let mut kept = None;
    for _ in 0..RACES_MAX {
        if app.messages.known(space_id, &sent).await?.is_some() {
            return Ok(Some(Delivered::Before));
        }
        let Some(room) = enter(app, space_id, &names, sender).await? else { return Ok(None) };
        let Some(place) = place(app, &room, mail).await? else { return Ok(None) };
        if kept.is_none() {
            kept = Some(keep(app, (space_id, &room.key), &files, now).await?);
        }
        let Some((joined, writes)) = &kept else { continue };
        let new = NewMessage {
            message_id: MessageId::generate(app.random.as_ref()),
            side: Side::Care,
            author: author(sender),
            at: now,
            body: mail.text.clone(),
            attachments: joined.clone(),
            mail: Some(mail.message_id.clone().unwrap_or_default()),
        };
        let written =
            write(app, &room, place, (new, mail), (&sent, &content, writes.clone()), now).await?;
        if written {
            return Ok(Some(Delivered::Yes));
        }
    }
    Err(JobError::Work("a space kept changing while a mail came"))
}

/// What a mail says, as a hash: the same for the same mail by another way.
fn content_of(mail: &ReceivedMail) -> String {
    let mut hash = Context::new(&SHA256);
    for text in [&mail.subject, &mail.text] {
        hash.update(&(text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    for file in &mail.files {
        hash.update(&(file.bytes.len() as u64).to_be_bytes());
        hash.update(&file.bytes);
    }
    HEXLOWER.encode(hash.finish().as_ref())
}

/// Where a mail goes.
struct Place {
    action: Action,
    /// The conversation it answers.
    stored: Option<StoredThread>,
    /// Whether what it answers is about secret care: another that it begins is too.
    secret: bool,
}

/// The space, where there is one whose keys are there.
async fn enter<'a>(
    app: &App,
    space_id: &SpaceId,
    names: &RelationNames,
    sender: &'a Mailbox,
) -> Result<Option<Room<'a>>, JobError> {
    let Some(space) = app.acts.spaces().find(space_id).await? else { return Ok(None) };
    let keys = (app.space_keys.content(space_id).await?, app.space_keys.trace(space_id).await?);
    let (Some(key), Some(trace_key)) = keys else { return Ok(None) };
    Ok(Some(Room { space, key, trace_key, names: names.clone(), sender }))
}

/// The conversation a mail goes to, as decided; `None` where its sender may not write.
async fn place(app: &App, room: &Room<'_>, mail: &ReceivedMail) -> Result<Option<Place>, JobError> {
    let (space_id, sender) = (&room.space.space_id, room.sender);
    let blocked =
        app.consents.is_there(space_id, &room.names.block(space_id, &sender.rpps)).await?;
    let specialty = sender.specialty.as_deref();
    let party = Party::Professional(Practice {
        group: MatrixGroup::of(&sender.profession, specialty),
        may_write: MatrixGroup::may_write(&sender.profession, specialty),
        is_regulator: false,
        standing: None,
    });
    let standing = SpaceStanding::of(&room.space.state, room.space.suspension);
    let situation = Situation { blocked, ..Situation::of_space(standing) };
    let mut secret = false;
    for answered in &mail.answers {
        let Some(thread_id) = thread_of(answered, &app.domain) else { continue };
        let Some(stored) = app.messages.find(space_id, &thread_id, &room.key).await? else {
            continue;
        };
        let takes_part = stored.thread.includes(&sender.rpps, sender.structure.as_deref());
        let situation = Situation { thread: Some(stored.thread.facts(takes_part)), ..situation };
        if decide(party, Action::AnswerThread, &situation).is_allowed() {
            let secret = stored.thread.secret;
            let action = Action::AnswerThread;
            return Ok(Some(Place { action, stored: Some(stored), secret }));
        }
        secret |= takes_part && stored.thread.secret;
    }
    // What it answers is closed, full or not theirs: it begins another.
    let opens = decide(party, Action::OpenThread, &situation).is_allowed();
    Ok(opens.then_some(Place { action: Action::OpenThread, stored: None, secret }))
}

/// The conversation in an id that we gave: `<thread>.<number>@<domain>`.
fn thread_of(message_id: &str, domain: &str) -> Option<ThreadId> {
    let (local, own) = message_id.split_once('@')?;
    let (thread, _number) = local.split_once('.')?;
    own.eq_ignore_ascii_case(domain).then(|| ThreadId::parse(thread).ok())?
}

/// Writes it all; `false` where something changed meanwhile.
async fn write(
    app: &App,
    room: &Room<'_>,
    Place { action, stored, secret }: Place,
    (new, mail): (NewMessage, &ReceivedMail),
    (sent, content, mut changes): (&str, &str, Vec<espace_storage::Change>),
    now: Timestamp,
) -> Result<bool, JobError> {
    let (space_id, key, random) = (&room.space.space_id, &room.key, app.random.as_ref());
    let is_new = stored.is_none();
    let mut stored = stored.unwrap_or_else(|| {
        let mut begun = begun(room.sender, mail, now, random);
        begun.thread.secret = secret;
        begun
    });
    stored.thread.joined_by(Correspondent {
        rpps: room.sender.rpps.clone(),
        name: Some(room.sender.name.clone()),
        profession: Some(room.sender.profession.clone()),
        mailbox: Some(mail.from.as_str().to_owned()),
    });
    let Some(message) = stored.thread.add(new.clone()) else {
        // Full: another conversation is begun.
        let again = Place { action: Action::OpenThread, stored: None, secret };
        let with = (sent, content, changes);
        return Box::pin(write(app, room, again, (new, mail), with, now)).await;
    };
    changes.push(app.messages.add(space_id, &stored.thread_id, &message, key, random)?);
    changes.push(if is_new {
        app.messages.create(space_id, &stored, key, random)?
    } else {
        app.messages.replace(space_id, &stored, key, random)?
    });
    let structure = stored.thread.structure.as_deref();
    let inbox = room.names.inbox(structure, &room.sender.rpps);
    changes.push(app.inboxes.put(&inbox, space_id, &stored.thread_id, now)?);
    let made = (&stored.thread_id, &message.message_id, content);
    changes.push(app.messages.claim_key(space_id, sent, made, now, true)?);

    let actor = TraceActor {
        kind: Party::Professional(NOBODY).name().to_owned(),
        id: Some(room.sender.rpps.clone()),
        name: Some(room.sender.name.clone()),
        profession: Some(room.sender.profession.clone()),
        structure: room.sender.structure.clone(),
    };
    let mut trace = Trace::new(now, actor, action, random);
    trace.elements = vec![
        stored.thread_id.to_string(),
        message.message_id.to_string(),
        format!("{MESSAGE_NUMBER_ELEMENT}{}", message.number),
    ];
    let content = serde_json::to_string(&trace)
        .map_err(|_| JobError::Work("a trace could not be written"))?;
    let facts = stored.thread.facts(true);
    let standing = SpaceStanding::of(&room.space.state, room.space.suspension);
    let chain = Situation { thread: Some(facts), ..Situation::of_space(standing) }.chain();
    let inquiry = Some(room.names.inquiry(&room.sender.rpps, now));
    let draft = TraceDraft { chain, content, inquiry, repetition: None };
    let trace = Some((&draft, &room.trace_key));
    let act = Act {
        space: &room.space,
        trace,
        changes: &changes,
        raises_epoch: false,
        becomes: None,
        is_followed_up: true,
    };
    Ok(matches!(app.acts.record(act, random, now).await?, Recorded::Yes(_)))
}

/// A practice that says nothing: for the name of its kind.
const NOBODY: Practice =
    Practice { group: None, may_write: false, is_regulator: false, standing: None };

/// A conversation as its first mail finds it: with the professional whose mailbox it is, or
/// with all who read the structure's own.
fn begun(
    sender: &Mailbox,
    mail: &ReceivedMail,
    now: Timestamp,
    random: &dyn espace_domain::Random,
) -> StoredThread {
    let shared = sender.structure.clone().filter(|_| sender.organisational);
    let thread = Thread::new(mail.subject.clone(), shared, now);
    StoredThread { thread_id: ThreadId::generate(random), write: 0, thread }
}

fn author(sender: &Mailbox) -> MessageAuthor {
    MessageAuthor {
        kind: Party::Professional(NOBODY).name().to_owned(),
        id: Some(sender.rpps.clone()),
        name: Some(sender.name.clone()),
        profession: Some(sender.profession.clone()),
        structure: sender.structure.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_of_ours_names_a_conversation() {
        let thread = "0".repeat(26);
        let domain = "patient.mssante.fr";
        let named = thread_of(&format!("{thread}.3@{domain}"), domain);
        assert_eq!(named.map(|id| id.to_string()), Some(thread.clone()));
        for other in [format!("{thread}.3@evil.example"), format!("x.3@{domain}"), thread] {
            assert_eq!(thread_of(&other, domain), None, "{other}");
        }
    }
}
