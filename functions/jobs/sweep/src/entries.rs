//! A part of the entries: those whose content is not there are reported. Nothing mends
//! them; recovery does (`docs/runbook.md`).
//!
//! Must not know: what an entry says.

use espace_jobs::{JobContext, JobError, JobOutcome};
use futures_util::{StreamExt, stream};

use crate::App;
use crate::dispatch::{Entries, SweepMessage};

/// Contents asked for at once.
const CONCURRENCY: usize = 16;

/// Looks at a part, page after page; hands the rest to a new message when time runs out.
pub(crate) async fn sweep(
    app: &App,
    entries: &Entries,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let mut from = entries.from.clone();
    loop {
        let part = (entries.segment, entries.segments);
        let (found, next) = app.documents.of_part(part, from).await?;
        let mut looked = stream::iter(found)
            .map(|object| async move { app.vault.is_there(&object).await })
            .buffer_unordered(CONCURRENCY);
        while let Some(is_there) = looked.next().await {
            outcome.add(if is_there? { "present" } else { "missing" }, 1);
        }
        from = next;
        if from.is_none() {
            break;
        }
        if context.clock.now() >= context.stop_at {
            let rest = Entries { from, ..entries.clone() };
            app.queue.send(&SweepMessage::Entries(rest)).await?;
            return Ok(());
        }
    }
    app.runs.finish_shard(&entries.run_id, entries.number).await?;
    Ok(())
}
