//! How much of a chain a reader is shown: all of it; of one about what waits for the
//! announcement consultation, its beginning, up to the first trace of what still waits
//! (ADR 11).
//!
//! Must not know: what a trace is shown as.

use espace_access::{Guard, Permit, Visit};
use espace_crypto::ChainHead;
use espace_domain::decision::Chain;
use espace_domain::{DocumentId, Trace, paris_date, shown_on};
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
    let mut known: Vec<(DocumentId, Waiting)> = Vec::new();
    let mut from = Some(1);
    while let Some(start) = from.filter(|start| *start <= LOOKED_AT_MAX) {
        let key = &opened.trace_key;
        let (found, next) = traces.oldest(&visit.space_id, chain, start, PAGE, key).await?;
        for stored in found {
            let trace: Trace = serde_json::from_str(&stored.content)
                .map_err(|_| Problem::internal("a trace could not be read"))?;
            let ids = trace.elements.iter().filter_map(|id| DocumentId::parse(id).ok());
            let mut tells_of_one = false;
            for id in ids {
                tells_of_one = true;
                let waiting = waiting(app, (visit, permit), &mut known, id).await?;
                if is_hidden(waiting, &trace, visit) {
                    return Ok(shown);
                }
            }
            if !tells_of_one && is_hidden(Waiting::Gone, &trace, visit) {
                return Ok(shown);
            }
            shown = stored.head;
        }
        from = next;
    }
    Ok(shown)
}

/// Where what a trace tells of stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// It is hidden still, or what is on its way will be.
    Hidden,
    /// It is shown.
    Shown,
    /// It is not there any more, or never came.
    Gone,
}

/// Whether a trace is not shown yet. Of what is gone one cannot say that it was announced:
/// it waits as long as the document would have.
fn is_hidden(waiting: Waiting, trace: &Trace, visit: &Visit) -> bool {
    match waiting {
        Waiting::Hidden => true,
        Waiting::Shown => false,
        Waiting::Gone => paris_date(visit.now) < shown_on(trace.at),
    }
}

/// Where a document stands, and what is on its way to be it or its next version.
async fn waiting(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    known: &mut Vec<(DocumentId, Waiting)>,
    id: DocumentId,
) -> Result<Waiting, Problem> {
    if let Some((_, waiting)) = known.iter().find(|(other, _)| *other == id) {
        return Ok(*waiting);
    }
    let key = &visit.opened(permit)?.content_key;
    let space_id = &visit.space_id;
    let document = app.documents.find(space_id, &id, key).await?;
    let upload = app.uploads.find(space_id, &id, key).await?;
    let waiting = match (&document, &upload) {
        (Some(document), _) if document.details.invisible_patient => Waiting::Hidden,
        (_, Some(upload)) if upload.details.labels.invisible_patient => Waiting::Hidden,
        (Some(_), _) => Waiting::Shown,
        (None, _) => Waiting::Gone,
    };
    known.push((id, waiting));
    Ok(waiting)
}
