//! One conversation: the files that came with it, its messages, then itself.
//!
//! Must not know: how the archive is read.

use std::collections::HashMap;

use espace_domain::decision::{Situation, SpaceStanding};
use espace_domain::{Attachment, Message, Thread, ThreadId};
use espace_storage::{StoredThread, Taken};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::archive::{Archive, Refusal, Unread};
use crate::take_in::TakingIn;

/// The version under which files of mails are sealed.
const FILE_VERSION: u32 = 1;

/// A conversation, as an archive has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    thread_id: ThreadId,
    thread: Thread,
    messages: Vec<Value>,
    /// Where the files are that came with them, by name.
    #[serde(default)]
    files: HashMap<String, String>,
}

/// Takes one in, where it is not there: itself last, so that what a kill left is gone on with.
pub(crate) async fn take_in(
    taking: &TakingIn<'_>,
    archive: &Archive<'_>,
    kept: Value,
    taken: &mut Taken,
) -> Result<(), Unread> {
    let damaged = |_| Unread::Refused(Refusal::Damaged);
    let kept: Kept = serde_json::from_value(kept).map_err(damaged)?;
    let (app, space_id, key) = (taking.app, taking.space_id, &taking.key);
    let random = app.random.as_ref();
    let id = &kept.thread_id;
    if app.messages.find(space_id, id, key).await?.is_some() {
        return Ok(());
    }
    let mut write = 0;
    for value in kept.messages {
        let mut message = message(value).ok_or(Unread::Refused(Refusal::Damaged))?;
        write = u64::from(message.number).saturating_sub(1);
        if app.messages.message(space_id, id, message.number, key).await?.is_some() {
            continue;
        }
        let mut changes = Vec::new();
        for attachment in &mut message.attachments {
            let Attachment::File(file) = attachment else { continue };
            let path = kept.files.get(file.file_id.as_str());
            let place = (space_id, &file.file_id, FILE_VERSION);
            let path = path.ok_or(Unread::Refused(Refusal::Damaged))?;
            let copied = archive.copy(path, place, (&file.sha256, key), taking.now).await?;
            (file.object, file.content_key) = (copied.object, copied.content_key);
            changes.push(app.documents.keep_file(space_id, &file.file_id, &file.object)?);
        }
        changes.push(app.messages.add(space_id, id, &message, key, random)?);
        taking.record(None, &changes, false).await?;
    }
    let facts = kept.thread.facts(false);
    let stored = StoredThread { thread_id: id.clone(), write, thread: kept.thread };
    let changes = [app.messages.restore(space_id, &stored, key, random)?];
    let chain =
        Situation { thread: Some(facts), ..Situation::of_space(SpaceStanding::Active) }.chain();
    if taking.record(Some((id.as_str(), chain)), &changes, false).await? {
        taken.conversations += 1;
    }
    Ok(())
}

/// A message, with room for where its files will lie.
fn message(mut value: Value) -> Option<Message> {
    for attachment in value.get_mut("attachments")?.as_array_mut()? {
        let members = attachment.as_object_mut()?;
        if members.contains_key("fileId") {
            members.insert("object".to_owned(), json!(""));
            members.insert("contentKey".to_owned(), json!([]));
        }
    }
    serde_json::from_value(value).ok()
}
