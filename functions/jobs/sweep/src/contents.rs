//! The contents that came on a day: those that nothing leads to are removed.
//!
//! Must not know: why nothing leads to them.

use espace_jobs::{JobContext, JobError, JobOutcome};
use espace_storage::{ObjectName, StoredObject};
use jiff::Timestamp;

use crate::App;
use crate::dispatch::{Contents, SweepMessage};

/// How old a content must be before it can be taken for forgotten, seconds: its entry is
/// written within minutes, or never.
const GRACE_S: i64 = 24 * 3_600;

/// Most contents removed of one page of a thousand.
const REMOVED_MAX: usize = 200;

/// Sweeps a day, page after page; hands the rest to a new message when time runs out.
pub(crate) async fn sweep(
    app: &App,
    contents: &Contents,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let as_of = contents.as_of.as_second();
    let before = Timestamp::from_second(as_of - GRACE_S).unwrap_or(contents.as_of);
    let mut from = contents.from.clone();
    loop {
        let (found, next) = app.vault.of_day(contents.day, from).await?;
        let old = found.into_iter().filter(|object| object.at < before).collect();
        sweep_page(app, old, outcome).await?;
        from = next;
        if from.is_none() {
            break;
        }
        if context.clock.now() >= context.stop_at {
            let rest = Contents { from, ..contents.clone() };
            app.queue.send(&SweepMessage::Contents(rest)).await?;
            return Ok(());
        }
    }
    app.runs.finish_shard(&contents.run_id, contents.number).await?;
    Ok(())
}

async fn sweep_page(
    app: &App,
    objects: Vec<StoredObject>,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let names: Vec<ObjectName> =
        objects.iter().filter_map(|object| ObjectName::parse(&object.name)).collect();
    outcome.add("unknown", (objects.len() - names.len()) as u64);
    let led = app.documents.led_to(&names).await?;
    let (kept, forgotten): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| led.contains(&name.object));
    outcome.add("kept", kept.len() as u64);
    if forgotten.len() > REMOVED_MAX {
        // So many are not what kills leave: the entries are what is missing.
        outcome.add("held", forgotten.len() as u64);
        return Err(JobError::Work("a sweep would remove too much: are entries missing?"));
    }
    for name in forgotten {
        app.vault.delete(&name.object).await?;
        outcome.add("removed", 1);
    }
    Ok(())
}
