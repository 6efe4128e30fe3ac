//! One content, from the inbox into the vault.
//!
//! Must not know: how its bytes are judged.

use espace_content::Inspected;
use espace_crypto::{ContentPlace, SealingKey};
use espace_deposit::{Entry, Fault, PatientFacts, Said, complete, require_holders};
use espace_domain::decision::{Action, DocumentFacts, Labels, PartyKind, Situation, SpaceStanding};
use espace_domain::{Outcome, Trace};
use espace_jobs::{JobContext, JobError};
use espace_storage::{
    Act, Change, InboxName, KeptContent, Placing, Recorded, RelationNames, Space, Target,
    TraceDraft, Upload, UploadState, Vault, Verdict,
};
use jiff::Timestamp;

use crate::App;
use crate::content::{Expected, Sealed, seal};
use crate::outcome::TakenIn;

/// Another document has the name already.
const TAKEN: &str = "unique-id-taken";

/// Tries when the space or the document changes while a content is taken in.
const RACES_MAX: u32 = 5;

/// What a content is taken into.
struct Room<'a> {
    space: Space,
    content_key: SealingKey,
    trace_key: SealingKey,
    names: RelationNames,
    upload: Upload,
    name: &'a InboxName,
    now: Timestamp,
}

/// Takes one content in, and empties the inbox of it.
pub(crate) async fn take_in(
    app: &App,
    name: &InboxName,
    context: &JobContext,
) -> Result<TakenIn, JobError> {
    let Some(room) = awaiting(app, name, context.clock.now()).await? else {
        app.inbox.delete(name).await?;
        return Ok(TakenIn::Unawaited);
    };
    let Some(stream) = app.inbox.read(name).await? else {
        return Ok(TakenIn::Gone);
    };
    let target = match target_of(app, &room).await? {
        Ok(target) => target,
        Err(reason) => return refuse(app, &room, reason).await,
    };
    // Asked first: a scanner that is slow or fails leaves nothing half sealed.
    if app.scanner.scan_inbox(name).await? == Verdict::Infected {
        return refuse(app, &room, &Fault::Malware.to_string()).await;
    }
    let details = &room.upload.details;
    let (space_id, document_id) = (&name.space_id, &name.document_id);
    let version = target.version();
    let place = ContentPlace { space: space_id.as_str(), document: document_id.as_str(), version };
    let object = Vault::name((space_id, document_id, version), room.now, app.random.as_ref());
    let expected = Expected { size: details.size, sha256: &details.sha256 };
    let random = app.random.as_ref();
    let sealed = match seal(&app.vault, &object, place, stream, expected, random).await? {
        Ok(sealed) => sealed,
        Err(refusal) => return refuse(app, &room, &refusal.reason()).await,
    };
    let Sealed { inspected, key, upload } = sealed;
    if let Err(reason) = judge(app, &room, &target, &inspected).await? {
        upload.abort().await?;
        return refuse(app, &room, &reason).await;
    }
    let unsealed = |_| JobError::Work("a content's key was not sealed");
    let content_key = key.seal(&room.content_key, place, random).map_err(unsealed)?;
    upload.finish().await?;
    for _ in 0..RACES_MAX {
        // As all of it stands now: while the content went by, anything may have changed.
        let Some(room) = awaiting(app, name, context.clock.now()).await? else {
            app.vault.delete(&object).await?;
            app.inbox.delete(name).await?;
            return Ok(TakenIn::Unawaited);
        };
        let judged = match target_of(app, &room).await? {
            Ok(target) if target.version() == version => {
                let judged = judge(app, &room, &target, &inspected).await?;
                judged.map(|entry| (target, entry))
            }
            Ok(_) => break,
            Err(reason) => Err(reason.to_owned()),
        };
        let (target, entry) = match judged {
            Ok(judged) => judged,
            Err(reason) => {
                app.vault.delete(&object).await?;
                return refuse(app, &room, &reason).await;
            }
        };
        let kept = kept(&room, &inspected, entry, (&object, &content_key));
        if keep(app, &room, target, kept).await? {
            app.inbox.delete(name).await?;
            return Ok(TakenIn::Kept);
        }
    }
    // Another version came first: this one is sealed anew as the next.
    app.vault.delete(&object).await?;
    Err(JobError::Work("a document kept changing while a content was taken in"))
}

/// What is kept of a content.
fn kept(
    room: &Room<'_>,
    inspected: &Inspected,
    entry: Entry,
    (object, content_key): (&str, &[u8]),
) -> KeptContent {
    let details = &room.upload.details;
    KeptContent {
        document_type: entry.document_type,
        title: entry.title,
        event_date: entry.event_date,
        comment: entry.comment,
        labels: entry.labels,
        unique_id: entry.unique_id,
        content_type: inspected.media.mime(),
        extension: inspected.media.extension(),
        size: details.size,
        sha256: details.sha256.clone(),
        provenance: None,
        author: details.author.clone(),
        added_at: room.now,
        object: object.to_owned(),
        content_key: content_key.to_vec(),
    }
}

/// Writes the entry; `false` where something else was written at the same moment.
async fn keep(
    app: &App,
    room: &Room<'_>,
    target: Target,
    kept: KeptContent,
) -> Result<bool, JobError> {
    let space_id = &room.name.space_id;
    let random = app.random.as_ref();
    let placing = Placing {
        documents: &app.documents,
        space_id,
        key: &room.content_key,
        names: &room.names,
        random,
    };
    let labels = target.labels_with(kept.labels);
    let (document, mut changes) = placing.place(target, kept)?;
    if Placing::is_newly_hidden(&document) {
        let marks = app.reveals.mark(space_id, &document.document_id, room.now, random).await?;
        changes.extend(marks);
    }
    changes.push(app.uploads.remove(space_id, &room.upload)?);
    record(app, room, (&changes, labels), None).await
}

/// What awaits a content; nothing where its space is gone or shut, or where it was taken
/// in, refused or given up.
async fn awaiting<'a>(
    app: &App,
    name: &'a InboxName,
    now: Timestamp,
) -> Result<Option<Room<'a>>, JobError> {
    let space_id = &name.space_id;
    let Some(space) = app.acts.spaces().find(space_id).await? else {
        return Ok(None);
    };
    let standing = SpaceStanding::of(&space.state, space.suspension);
    let stands = [SpaceStanding::Open, SpaceStanding::Active, SpaceStanding::Frozen];
    if !stands.contains(&standing) {
        return Ok(None);
    }
    let Some(content_key) = app.space_keys.content(space_id).await? else {
        return Ok(None);
    };
    let Some(trace_key) = app.space_keys.trace(space_id).await? else {
        return Ok(None);
    };
    let upload = app.uploads.find(space_id, &name.document_id, &content_key).await?;
    let is_awaited = |upload: &Upload| {
        upload.details.name == name.name && upload.state_at(now) != UploadState::Rejected
    };
    let Some(upload) = upload.filter(is_awaited) else {
        return Ok(None);
    };
    let names = app.relations.names().await?;
    Ok(Some(Room { space, content_key, trace_key, names, upload, name, now }))
}

/// What the content becomes, or why nothing: the document it was to be a version of is
/// gone, or someone else's by now.
async fn target_of(app: &App, room: &Room<'_>) -> Result<Result<Target, &'static str>, JobError> {
    let id = &room.name.document_id;
    let details = &room.upload.details;
    let found = app.documents.find(&room.name.space_id, id, &room.content_key).await?;
    let Some(document) = found else {
        let is_new = details.version == 1;
        return Ok(if is_new { Ok(Target::New(id.clone())) } else { Err("document-gone") });
    };
    let (theirs, own) = (document.details.author.depositor(), details.author.depositor());
    let is_statement = document.details.document_type.is_statement();
    // What a person wills replaces what was taken over, and gives way to nobody; nor to
    // what they announced before.
    let may_follow = theirs == own || (is_statement && own == "own-side");
    let is_late = is_statement && document.details.version >= details.version;
    if !may_follow || is_late {
        return Ok(Err("superseded"));
    }
    let target = Target::Next(Box::new(document));
    Ok(if target.has_room() { Ok(target) } else { Err("too-many-versions") })
}

/// Judges what is known of the whole: the entry as it will be, or why not.
async fn judge(
    app: &App,
    room: &Room<'_>,
    target: &Target,
    inspected: &Inspected,
) -> Result<Result<Entry, String>, JobError> {
    let details = &room.upload.details;
    let before = match target {
        Target::New(_) => None,
        Target::Next(document) => Some(&document.details),
    };
    let header = inspected.header.as_ref();
    if !inspected.media.is_claimed_by(&details.content_type) {
        return Ok(Err("type-differs".to_owned()));
    }
    let mut said = Said {
        type_code: Some(details.document_type.code().to_owned()),
        title: Some(details.title.clone()),
        event_date: Some(details.event_date),
        unique_id: details.unique_id.clone(),
        comment: details.comment.clone(),
        labels: details.labels,
    };
    // What was not said of a version is what it says of itself, else what stands now.
    if let Some(before) = before {
        if details.inherited.title {
            let has_own = header.is_some_and(|header| header.title.is_some());
            said.title = (!has_own).then(|| before.title.clone());
        }
        if details.inherited.event_date {
            let has_own = header.is_some_and(|header| header.event_date.is_some());
            said.event_date = (!has_own).then_some(before.event_date);
        }
        if details.inherited.comment {
            said.comment.clone_from(&before.comment);
        }
    }
    let entry = match complete(said, header) {
        Ok(entry) => entry,
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    if let Some(header) = header {
        let holder = room.space.whole_holder(&room.content_key)?;
        let facts = PatientFacts {
            holder: &holder.traits,
            matricule: holder.matricule.as_deref(),
            takes_test_identities: app.takes_test_identities,
        };
        if let Err(fault) = require_holders(&header.patient, facts) {
            return Ok(Err(fault.to_string()));
        }
    }
    if let (Some(before), Some(unique)) = (before, &entry.unique_id)
        && before.is_called(unique)
    {
        // In it already: under this name it holds this content, or another.
        return Ok(Err(TAKEN.to_owned()));
    }
    let mut names = Vec::new();
    if let Some(unique) = &entry.unique_id {
        let depositor = details.author.depositor();
        names.push(room.names.unique(&room.name.space_id, &depositor, unique));
    }
    if entry.document_type.is_statement() {
        names.push(room.names.sole(&room.name.space_id, entry.document_type));
    }
    for name in names {
        let known = app.documents.known(&room.name.space_id, &name).await?;
        if known.is_some_and(|known| known.document_id != room.name.document_id) {
            return Ok(Err(TAKEN.to_owned()));
        }
    }
    Ok(Ok(entry))
}

/// Writes down why a content came to nothing, and empties the inbox of it.
async fn refuse(app: &App, room: &Room<'_>, reason: &str) -> Result<TakenIn, JobError> {
    let space_id = &room.name.space_id;
    let id = &room.name.document_id;
    let mut upload = room.upload.clone();
    upload.state = UploadState::Rejected;
    upload.details.reason = Some(reason.to_owned());
    let random = app.random.as_ref();
    let mut changes = vec![app.uploads.replace(space_id, &upload, &room.content_key, random)?];
    // The names it was announced under serve again, unless a version that stands has them.
    let stands = app.documents.find(space_id, id, &room.content_key).await?;
    let details = &upload.details;
    if let Some(unique) = &details.unique_id
        && !stands.as_ref().is_some_and(|document| document.details.is_called(unique))
    {
        let name = room.names.unique(space_id, &details.author.depositor(), unique);
        changes.push(app.documents.free_unique(space_id, &name)?);
    }
    if details.document_type.is_statement() && stands.is_none() {
        let name = room.names.sole(space_id, details.document_type);
        changes.push(app.documents.free_unique(space_id, &name)?);
    }
    let before = stands.map(|document| document.details.labels()).unwrap_or_default();
    let labels = details.labels.with(before);
    if !record(app, room, (&changes, labels), Some(reason)).await? {
        return Err(JobError::Work("a space changed while a content was refused"));
    }
    app.inbox.delete(room.name).await?;
    Ok(TakenIn::Refused)
}

/// Writes what becomes of a content, with the depositor's trace; not where the space or
/// the upload changed since they were read.
async fn record(
    app: &App,
    room: &Room<'_>,
    (changes, labels): (&[Change], Labels),
    reason: Option<&str>,
) -> Result<bool, JobError> {
    let details = &room.upload.details;
    let action =
        if details.version == 1 { Action::DepositDocument } else { Action::ReplaceDocument };
    let random = app.random.as_ref();
    let mut trace = Trace::new(room.now, details.actor.clone(), action, random);
    trace.elements = vec![room.name.document_id.to_string()];
    if let Some(reason) = reason {
        trace.outcome = Outcome::Failed;
        trace.reason = Some(reason.to_owned());
    }
    let facts = DocumentFacts {
        document_type: details.document_type,
        labels,
        authored: true,
        from_own_side: false,
        rule: None,
    };
    let standing = SpaceStanding::of(&room.space.state, room.space.suspension);
    let situation = Situation { document: Some(facts), ..Situation::of_space(standing) };
    let content = serde_json::to_string(&trace);
    let content = content.map_err(|_| JobError::Work("a trace could not be written"))?;
    let inquiry = details.author.id.as_deref().map(|rpps| room.names.inquiry(rpps, trace.at));
    let draft = TraceDraft { chain: situation.chain(), content, inquiry, repetition: None };
    let trace = Some((&draft, &room.trace_key));
    // As a small deposit: the holder is told of what others deposit and may see.
    let by_others = [PartyKind::Professional.name(), PartyKind::Insurer.name()];
    let is_followed_up = reason.is_none()
        && !labels.invisible_patient
        && by_others.contains(&details.author.kind.as_str());
    let act = Act {
        space: &room.space,
        trace,
        changes,
        raises_epoch: false,
        becomes: None,
        is_followed_up,
    };
    let recorded = app.acts.record(act, random, room.now).await?;
    Ok(matches!(recorded, Recorded::Yes(_)))
}
