//! Print batches for the mailing house: one PDF of letters and its index, each
//! encrypted (age) to the house's public key.
//!
//! One run at a time. Which letters a batch holds is written down before the
//! batch is made (its manifest), and they are marked sent in one transaction
//! after. Killed anywhere, the next run makes the manifests that are left, from
//! the same letters to the same objects, before it gathers new ones: each letter
//! is on paper once. Must not know what the letters say.

mod app;
mod batch;

pub use app::App;

use espace_domain::{BatchId, NotificationId, RunId};
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_notifications::Notice;
use espace_storage::{DUE_SHARDS, Envelope, LETTERS_PER_BATCH_MAX, OutboxState};
use jiff::{SignedDuration, Timestamp};

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

/// Makes the batches that are left, then new ones until no letter waits or time
/// runs out.
async fn print_all(
    app: &App,
    as_of: Timestamp,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    for (batch, letters) in app.manifests.unfinished().await? {
        finish(app, &batch, &letters, context, outcome).await?;
    }
    while context.clock.now() < context.stop_at {
        let letters = gather(app, as_of, outcome).await?;
        if letters.is_empty() {
            break;
        }
        let batch = BatchId::generate(app.random.as_ref());
        app.manifests.write(&batch, &letters).await?;
        finish(app, &batch, &letters, context, outcome).await?;
    }
    Ok(())
}

/// Letters that wait and can be printed, at most a batch of them. One that does
/// not open is set aside: it must not hold up the others.
async fn gather(
    app: &App,
    as_of: Timestamp,
    outcome: &mut JobOutcome,
) -> Result<Vec<NotificationId>, JobError> {
    let mut letters = Vec::new();
    for shard in 0..DUE_SHARDS {
        let room = LETTERS_PER_BATCH_MAX - letters.len();
        if room == 0 {
            break;
        }
        let limit = i32::try_from(room).unwrap_or(i32::MAX);
        for id in app.outbox.due(OutboxState::ToPrint, shard, as_of, limit).await? {
            // The index may lag: the item itself says whether it still waits.
            let Some(entry) = app.outbox.find(&id).await? else { continue };
            if entry.state != OutboxState::ToPrint {
                continue;
            }
            if app.outbox.open::<Envelope<Notice>>(&entry).await.is_ok() {
                letters.push(id);
            } else {
                app.outbox.mark_failed(&entry).await?;
                outcome.add("setAside", 1);
            }
        }
    }
    Ok(letters)
}

/// Makes a batch from its manifest, marks its letters, and lets the manifest go.
async fn finish(
    app: &App,
    batch: &BatchId,
    letters: &[NotificationId],
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let mut waiting = Vec::with_capacity(letters.len());
    for id in letters {
        let entry = app.outbox.find(id).await?.filter(|e| e.state == OutboxState::ToPrint);
        waiting.extend(entry);
    }
    // All are marked in one transaction: either every letter waits, or the
    // batch was finished and only its manifest is left.
    if !waiting.is_empty() {
        outcome.add("letters", u64::try_from(waiting.len()).unwrap_or(0));
        outcome.add("batches", 1);
        batch::make(app, batch, waiting, context).await?;
    }
    app.manifests.remove(batch).await?;
    Ok(())
}
