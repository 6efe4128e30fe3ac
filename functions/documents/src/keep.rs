//! Keeping a content that came in one request: sealed into the vault first, then written
//! into its entry with a trace. Killed in between, an object is left that no entry leads
//! to; a sweep removes it.
//!
//! Must not know: what the content is, nor whether it may be deposited.

use espace_access::{Done, Permit, Visit};
use espace_content::Inspected;
use espace_crypto::{ContentPlace, seal_content};
use espace_deposit::Entry;
use espace_http::{Problem, ProblemKind};
use espace_storage::{Change, Document, KeptContent, Placing, Target, Vault, Verdict};

use crate::App;
use crate::target::author;

/// What is kept.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) entry: Entry,
    pub(crate) inspected: Inspected,
    pub(crate) content: &'a [u8],
    pub(crate) sha256: String,
}

/// Keeps it, once the scanner has passed it, and makes the entry's other changes in the same transaction.
pub(crate) async fn keep(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    target: Target,
    new: New<'_>,
    more: impl FnOnce(&Document) -> Result<Vec<Change>, Problem>,
) -> Result<Document, Problem> {
    let opened = visit.opened(permit)?;
    if app.scanner.scan(new.content).await? == Verdict::Infected {
        return Err(ProblemKind::MalwareFound.into());
    }
    let random = app.random.as_ref();
    let space_id = &visit.space_id;
    let document_id = target.document_id().clone();
    let version = target.version();
    let place = ContentPlace { space: space_id.as_str(), document: document_id.as_str(), version };
    let failed = |_| Problem::internal("a content could not be sealed");
    let (sealed, key) = seal_content(place, new.content, random).map_err(failed)?;
    let content_key = key.seal(&opened.content_key, place, random).map_err(failed)?;
    let object = Vault::name((space_id, &document_id, version), visit.now, random);
    app.vault.put(&object, sealed).await?;
    let New { entry, inspected, content, sha256 } = new;
    let kept = KeptContent {
        document_type: entry.document_type,
        title: entry.title,
        event_date: entry.event_date,
        comment: entry.comment,
        labels: entry.labels,
        unique_id: entry.unique_id,
        content_type: inspected.media.mime(),
        extension: inspected.media.extension(),
        size: content.len() as u64,
        sha256,
        provenance: None,
        author: author((visit, permit))?,
        added_at: visit.now,
        object: object.clone(),
        content_key,
    };
    let placing = Placing {
        documents: &app.documents,
        space_id,
        key: &opened.content_key,
        names: &visit.names,
        random,
    };
    let (document, mut changes) = placing.place(target, kept)?;
    if Placing::is_newly_hidden(&document) {
        changes.extend(app.reveals.mark(space_id, &document_id, visit.now, random).await?);
    }
    changes.extend(more(&document)?);
    let number = format!("version:{version}");
    let mut elements = vec![document_id.as_str()];
    elements.extend((version > 1).then_some(number.as_str()));
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    let recorded = app.guard.record(visit, permit, done).await;
    if recorded.as_ref().is_err_and(|problem| problem.kind() == ProblemKind::ChangedMeanwhile) {
        // Certainly not written: nothing leads to the content. After any other failure an
        // entry may stand, and the content stays.
        if app.vault.delete(&object).await.is_err() {
            // It opens for nobody, its key was written nowhere; a sweep removes it.
            return Err(ProblemKind::ChangedMeanwhile.into());
        }
    }
    recorded?;
    Ok(document)
}
