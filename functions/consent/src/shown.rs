//! How much of a chain a reader is shown: all of it; of one about what waits for the
//! announcement consultation, its beginning, up to the first trace of what still waits
//! (ADR 11).
//!
//! Must not know: what a trace is shown as.

use espace_access::{Guard, Permit, Visit};
use espace_crypto::ChainHead;
use espace_domain::decision::Chain;
use espace_domain::{DocumentId, Trace};
use espace_http::{Problem, ProblemKind};
use espace_storage::Space;

use crate::App;

/// Traces of a waiting chain that are looked at for one answer; what comes after is shown
/// once those before are.
const LOOKED_AT_MAX: u64 = 2_000;
/// Traces asked for at once.
const PAGE: i32 = 200;

/// The chain that is asked for, if the reader may ever see it.
pub(crate) fn shown_chain(visit: &Visit, asked: Option<Chain>) -> Result<Chain, Problem> {
    let chain = asked.unwrap_or(Chain::Ordinary);
    if Guard::chains_of(visit.party).any(|shown| shown == chain) {
        return Ok(chain);
    }
    Err(ProblemKind::NotFound.into())
}

/// How far a chain is shown: the head of what is.
pub(crate) async fn shown_head(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    space: &Space,
    chain: Chain,
) -> Result<ChainHead, Problem> {
    let whole = space.heads().of(chain);
    if !chain.is_pending() || whole.sequence == 0 {
        return Ok(whole);
    }
    let opened = visit.opened(permit)?;
    let traces = app.guard.acts().traces();
    let mut shown = ChainHead::default();
    let mut known: Vec<(DocumentId, bool)> = Vec::new();
    let mut from = Some(1);
    while let Some(start) = from.filter(|start| *start <= LOOKED_AT_MAX) {
        let key = &opened.trace_key;
        let (found, next) = traces.oldest(&visit.space_id, chain, start, PAGE, key).await?;
        for stored in found {
            let trace: Trace = serde_json::from_str(&stored.content)
                .map_err(|_| Problem::internal("a trace could not be read"))?;
            for element in &trace.elements {
                let Ok(id) = DocumentId::parse(element) else { continue };
                if is_hidden(app, (visit, permit), &mut known, id).await? {
                    return Ok(shown);
                }
            }
            shown = stored.head;
        }
        from = next;
    }
    Ok(shown)
}

/// Whether a document, or one on its way, still waits. What is gone does not.
async fn is_hidden(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    known: &mut Vec<(DocumentId, bool)>,
    id: DocumentId,
) -> Result<bool, Problem> {
    if let Some((_, hidden)) = known.iter().find(|(other, _)| *other == id) {
        return Ok(*hidden);
    }
    let key = &visit.opened(permit)?.content_key;
    let space_id = &visit.space_id;
    let hidden = if let Some(document) = app.documents.find(space_id, &id, key).await? {
        document.details.invisible_patient
    } else {
        let upload = app.uploads.find(space_id, &id, key).await?;
        upload.is_some_and(|upload| upload.details.labels.invisible_patient)
    };
    known.push((id, hidden));
    Ok(hidden)
}
