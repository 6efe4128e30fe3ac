//! A part of the entries: those whose content is not there are reported. Nothing mends
//! them; recovery does (`docs/runbook.md`).
//!
//! Must not know: what an entry says.

use espace_jobs::{JobContext, JobError, JobOutcome};
use espace_storage::ObjectName;
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
            .map(|object| async move {
                let is_there = app.vault.is_there(&object).await;
                is_there.map(|is_there| (object, is_there))
            })
            .buffer_unordered(CONCURRENCY);
        while let Some(found) = looked.next().await {
            let (object, is_there) = found?;
            if is_there {
                outcome.add("present", 1);
            } else if still_led_to(app, &object).await? {
                outcome.add("missing", 1);
                // For who is woken: a name, which tells nothing of what it was.
                outcome.error.get_or_insert_with(|| format!("missing: {object}"));
            }
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

/// Whether an entry leads there now: it may have been deleted since it was read.
async fn still_led_to(app: &App, object: &str) -> Result<bool, JobError> {
    let Some(name) = ObjectName::parse(object) else {
        return Ok(true);
    };
    Ok(app.documents.led_to(&[name]).await?.contains(object))
}
