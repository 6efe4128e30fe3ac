//! One document: each version's content, then the entry as it was.
//!
//! Must not know: how the archive is read.

use std::collections::HashMap;

use espace_domain::DocumentId;
use espace_domain::decision::{DocumentFacts, Situation, SpaceStanding};
use espace_storage::{Document, DocumentDetails, Placing, Taken};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::archive::{Archive, Refusal, Unread};
use crate::take_in::TakingIn;

/// A document, as an archive has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    document_id: DocumentId,
    details: Value,
    paths: HashMap<String, String>,
}

/// Takes one in, where it is not there.
pub(crate) async fn take_in(
    taking: &TakingIn<'_>,
    archive: &Archive<'_>,
    kept: Value,
    taken: &mut Taken,
) -> Result<(), Unread> {
    let damaged = || Unread::Refused(Refusal::Damaged);
    let kept: Kept = serde_json::from_value(kept).map_err(|_| damaged())?;
    let (app, space_id, key) = (taking.app, taking.space_id, &taking.key);
    let id = &kept.document_id;
    if app.documents.find(space_id, id, key).await?.is_some() {
        return Ok(());
    }
    let mut details = details(kept.details).ok_or_else(damaged)?;
    for past in &mut details.history {
        let path = kept.paths.get(&past.version.to_string()).ok_or_else(damaged)?;
        let place = (space_id, id, past.version);
        let copied = archive.copy(path, place, (&past.sha256, key), taking.now).await?;
        (past.object, past.content_key) = (copied.object, copied.content_key);
    }
    let path = kept.paths.get(&details.version.to_string()).ok_or_else(damaged)?;
    let place = (space_id, id, details.version);
    let copied = archive.copy(path, place, (&details.sha256, key), taking.now).await?;
    (details.object, details.content_key) = (copied.object, copied.content_key);
    let document = Document { document_id: id.clone(), write: 0, details };
    let random = app.random.as_ref();
    let mut changes = vec![app.documents.create(space_id, &document, key, random)?];
    let placing =
        Placing { documents: &app.documents, space_id, key, names: &taking.names, random };
    for name in placing.names_ever(&document.details) {
        changes.push(app.documents.claim_unique(space_id, &name, id)?);
    }
    let facts = DocumentFacts {
        document_type: document.details.document_type,
        labels: document.details.labels(),
        authored: false,
        from_own_side: false,
        rule: None,
    };
    let chain =
        Situation { document: Some(facts), ..Situation::of_space(SpaceStanding::Active) }.chain();
    if taking.record(Some((id.as_str(), chain)), &changes, false).await? {
        taken.documents += 1;
    } else {
        // Another is there under a name of its own: of a kind of which there is one.
        taken.left_out += 1;
        for object in document.details.objects() {
            app.vault.delete(object).await?;
        }
    }
    Ok(())
}

/// The details, with room for where the contents will lie.
fn details(mut value: Value) -> Option<DocumentDetails> {
    let with_room = |value: &mut Value| {
        let members = value.as_object_mut()?;
        members.insert("object".to_owned(), json!(""));
        members.insert("contentKey".to_owned(), json!([]));
        Some(())
    };
    with_room(&mut value)?;
    for past in value.get_mut("history")?.as_array_mut()? {
        with_room(past)?;
    }
    serde_json::from_value(value).ok()
}
