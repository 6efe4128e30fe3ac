//! Delivers the outbox: e-mail, SMS and words to browsers at once, letters to the print
//! batches.
//!
//! A message just written comes by the table's stream; what failed or was
//! missed is found by the schedule through the due index. A message is taken
//! for one delivery at a time, and counted as sent in the same transaction that
//! removes its content. Sent and killed before that, it is sent again: an
//! e-mail cannot be recalled, so the promise is at least once.
//!
//! Must not know: AWS, nor what a message says.

mod app;
mod deliver;
mod push;

pub use app::App;

use espace_domain::NotificationId;
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::{DUE_SHARDS, OutboxState};
use futures_util::{StreamExt, stream};
use serde_json::Value;

/// Messages delivered at once.
const CONCURRENCY: usize = 8;
/// Messages looked at in one shard by one sweep.
const SWEEP_PAGE: i32 = 200;

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    match event {
        JobEvent::Written(keys) => {
            Ok(all(app, keys.iter().filter_map(read_key).collect(), &context).await)
        }
        JobEvent::Scheduled(scheduled) => {
            let as_of = app.settings.as_of(&scheduled, context.clock.now())?;
            let mut outcome = JobOutcome::default();
            // Another shard first each minute: when time runs out, the same ones
            // are not left every time.
            let minute = as_of.as_second() / 60;
            let first = u8::try_from(minute.rem_euclid(i64::from(DUE_SHARDS))).unwrap_or(0);
            for shard in (0..DUE_SHARDS).map(|n| (n + first) % DUE_SHARDS) {
                if context.clock.now() >= context.stop_at {
                    break;
                }
                let due = app.outbox.due(OutboxState::Pending, shard, as_of, SWEEP_PAGE).await?;
                merge(&mut outcome, all(app, due, &context).await);
            }
            Ok(outcome)
        }
        JobEvent::Messages(_) => Err(JobError::UnknownEvent),
    }
}

/// Delivers messages, each failing alone: what fails is due again later, so an
/// event of the stream is never handed back.
async fn all(app: &App, ids: Vec<NotificationId>, context: &JobContext) -> JobOutcome {
    let mut outcome = JobOutcome::default();
    let mut work = stream::iter(ids)
        .map(|id| async move { deliver::deliver(app, &id, context).await })
        .buffer_unordered(CONCURRENCY);
    let mut letters = 0;
    while let Some(delivered) = work.next().await {
        match delivered {
            Ok(deliver::Delivered::ToPrint) => {
                letters += 1;
                outcome.add("toPrint", 1);
            }
            Ok(delivered) => outcome.add(delivered.name(), 1),
            Err(error) => {
                outcome.add("failed", 1);
                outcome.error.get_or_insert_with(|| error.to_string());
            }
        }
    }
    if letters > 0
        && let Err(error) = app.print_queue.send(&serde_json::json!({})).await
    {
        // The schedule prints what no message announced.
        outcome.error.get_or_insert_with(|| error.to_string());
    }
    outcome
}

/// The message's name in a stream record's keys.
fn read_key(keys: &Value) -> Option<NotificationId> {
    let text = keys.get("notificationId")?.get("S")?.as_str()?;
    NotificationId::parse(text).ok()
}

fn merge(into: &mut JobOutcome, from: JobOutcome) {
    for (what, count) in from.counts {
        into.add(what, count);
    }
    if let Some(error) = from.error {
        into.error.get_or_insert(error);
    }
}
