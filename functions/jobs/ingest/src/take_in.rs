//! One content, from the inbox into the vault.
//!
//! Must not know: how its bytes are judged.

use espace_content::Inspected;
use espace_crypto::{ContentPlace, SealingKey};
use espace_deposit::{Entry, PatientFacts, Said, complete, require_holders};
use espace_domain::decision::{Action, DocumentFacts, Situation, SpaceStanding};
use espace_domain::{Outcome, Trace};
use espace_jobs::{JobContext, JobError};
use espace_storage::{
    Act, Change, InboxName, KeptContent, Placing, Recorded, RelationNames, Space, Target,
    TraceDraft, Upload, UploadState, Vault,
};
use jiff::Timestamp;

use crate::App;
use crate::content::{Expected, Sealed, seal};
use crate::outcome::TakenIn;

/// Another document has the name already.
const TAKEN: &str = "unique-id-taken";

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
    let Some(target) = target(app, &room).await? else {
        return refuse(app, &room, "document-gone").await;
    };
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
    let entry = match judge(app, &room, &sealed.inspected).await? {
        Ok(entry) => entry,
        Err(reason) => {
            sealed.upload.abort().await?;
            return refuse(app, &room, &reason).await;
        }
    };
    let Sealed { inspected, key, upload } = sealed;
    let unsealed = |_| JobError::Work("a content's key was not sealed");
    let content_key = key.seal(&room.content_key, place, random).map_err(unsealed)?;
    upload.finish().await?;
    let kept = KeptContent {
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
        author: details.author.clone(),
        added_at: room.now,
        object: object.clone(),
        content_key,
    };
    let placing = Placing {
        documents: &app.documents,
        space_id,
        key: &room.content_key,
        names: &room.names,
        random,
    };
    let (_, mut changes) = placing.place(target, kept)?;
    changes.push(app.uploads.remove(space_id, &room.upload)?);
    if !record(app, &room, &changes, None).await? {
        // Something else was written at the same moment: nothing leads to this content.
        app.vault.delete(&object).await?;
        return Err(JobError::Work("a space changed while a content was taken in"));
    }
    app.inbox.delete(name).await?;
    Ok(TakenIn::Kept)
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

/// What the content becomes; nothing where the document it was to be a version of is gone.
async fn target(app: &App, room: &Room<'_>) -> Result<Option<Target>, JobError> {
    let id = &room.name.document_id;
    let found = app.documents.find(&room.name.space_id, id, &room.content_key).await?;
    Ok(match found {
        Some(document) => Some(Target::Next(Box::new(document))).filter(Target::has_room),
        None if room.upload.details.version == 1 => Some(Target::New(id.clone())),
        None => None,
    })
}

/// Judges what is known of the whole: the entry as it will be, or why not.
async fn judge(
    app: &App,
    room: &Room<'_>,
    inspected: &Inspected,
) -> Result<Result<Entry, String>, JobError> {
    let details = &room.upload.details;
    if !inspected.media.is_claimed_by(&details.content_type) {
        return Ok(Err("type-differs".to_owned()));
    }
    let said = Said {
        type_code: Some(details.document_type.code().to_owned()),
        title: Some(details.title.clone()),
        event_date: Some(details.event_date),
        unique_id: details.unique_id.clone(),
        comment: details.comment.clone(),
        labels: details.labels,
    };
    let entry = match complete(said, inspected.header.as_ref()) {
        Ok(entry) => entry,
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    if let Some(header) = &inspected.header {
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
    let mut upload = room.upload.clone();
    upload.state = UploadState::Rejected;
    upload.details.reason = Some(reason.to_owned());
    let random = app.random.as_ref();
    let mut changes = vec![app.uploads.replace(space_id, &upload, &room.content_key, random)?];
    // The name it was announced under serves again. That of a version is kept: it may be
    // an earlier version's.
    let details = &upload.details;
    if let Some(unique) = details.unique_id.as_ref().filter(|_| details.version == 1) {
        let name = room.names.unique(space_id, &details.author.depositor(), unique);
        changes.push(app.documents.free_unique(space_id, &name)?);
    }
    if !record(app, room, &changes, Some(reason)).await? {
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
    changes: &[Change],
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
        labels: details.labels,
        authored: true,
        from_own_side: false,
        rule: None,
    };
    let standing = SpaceStanding::of(&room.space.state, room.space.suspension);
    let situation = Situation { document: Some(facts), ..Situation::of_space(standing) };
    let content = serde_json::to_string(&trace);
    let content = content.map_err(|_| JobError::Work("a trace could not be written"))?;
    let draft = TraceDraft {
        chain: situation.chain(),
        content,
        inquiry: details.author.id.as_deref().map(|rpps| room.names.inquiry(rpps, trace.at)),
        repetition: None,
    };
    let act = Act {
        space: &room.space,
        trace: Some((&draft, &room.trace_key)),
        changes,
        raises_epoch: false,
    };
    let recorded = app.acts.record(act, random, room.now).await?;
    Ok(matches!(recorded, Recorded::Yes(_)))
}
