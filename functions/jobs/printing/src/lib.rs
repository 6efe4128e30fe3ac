//! Print batches for the mailing house: one PDF of letters and its index, each
//! encrypted (age) to the house's public key.
//!
//! One run at a time. Letters are put in a batch before it is made, and marked
//! sent after: killed in between, the next run finds the same letters in the
//! same batch and writes the same objects again.

mod app;
mod batch;

pub use app::App;

use std::collections::BTreeMap;

use espace_domain::{BatchId, RunId};
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::{DUE_SHARDS, OutboxEntry, OutboxState};
use jiff::SignedDuration;

/// Most letters of one batch.
const LETTERS_MAX: usize = 500;
/// How long a run may hold the right to print: longer than a function lives.
const LEASE: SignedDuration = SignedDuration::from_mins(16);

/// Works on one event: a message that letters wait, or the schedule.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let now = context.clock.now();
    let as_of = match &event {
        JobEvent::Scheduled(scheduled) => app.settings.as_of(scheduled, now)?,
        JobEvent::Messages(_) => now,
        JobEvent::Written(_) => return Err(JobError::UnknownEvent),
    };
    let mut outcome = JobOutcome::default();
    let holder = RunId::generate(app.random.as_ref());
    let until = now.checked_add(LEASE).unwrap_or(now);
    if !app.runs.lease("printing", &holder, until, now).await? {
        // The run that holds the right may have looked already: look again
        // after the usual wait, so that no letter is left until the schedule.
        outcome.add("heldElsewhere", 1);
        app.queue.send(&serde_json::json!({})).await?;
        return Ok(outcome);
    }
    let made = print_all(app, as_of, &context, &mut outcome).await;
    // Given back whatever happened: the next run goes on.
    app.runs.lease("printing", &holder, now, now).await?;
    made?;
    Ok(outcome)
}

/// Makes batches until no letter waits or time runs out.
async fn print_all(
    app: &App,
    as_of: jiff::Timestamp,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    loop {
        let batch = BatchId::generate(app.random.as_ref());
        let mut batches: BTreeMap<BatchId, Vec<OutboxEntry>> = BTreeMap::new();
        let mut gathered = 0;
        for shard in 0..DUE_SHARDS {
            let room = LETTERS_MAX - gathered;
            if room == 0 {
                break;
            }
            let limit = i32::try_from(room).unwrap_or(i32::MAX);
            for id in app.outbox.due(OutboxState::ToPrint, shard, as_of, limit).await? {
                let Some(entry) = app.outbox.put_in_batch(&id, &batch).await? else { continue };
                let of = entry.batch.clone().unwrap_or_else(|| batch.clone());
                batches.entry(of).or_default().push(entry);
                gathered += 1;
            }
        }
        for (batch, letters) in batches {
            outcome.add("letters", u64::try_from(letters.len()).unwrap_or(0));
            outcome.add("batches", 1);
            batch::make(app, &batch, letters, context).await?;
        }
        if gathered < LETTERS_MAX || context.clock.now() >= context.stop_at {
            return Ok(());
        }
    }
}
