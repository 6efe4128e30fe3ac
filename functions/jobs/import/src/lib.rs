//! Takes an archive in again: what a person took away becomes their space once more, with who
//! deposited what and when.
//!
//! An archive is taken for what it says only where its seal vouches for its list of files and
//! for whose it is. What is there already is left alone: a run that was killed, or whose time is
//! over, goes on from there. What lets others in is not in it: consents and helpers are given
//! anew.
//!
//! Must not know: AWS, nor how the archive came.

mod app;
mod archive;
mod choices;
mod conversations;
mod documents;
mod take_in;

pub use app::App;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::IMPORT_SHARDS;

/// Archives taken of one shard by one event.
const PAGE: i32 = 10;

/// Works on one event: what is due, one after the other.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let JobEvent::Scheduled(scheduled) = event else {
        return Err(JobError::UnknownEvent);
    };
    let as_of = app.settings.as_of(&scheduled, context.clock.now())?;
    let mut outcome = JobOutcome::default();
    // Another shard first each minute: one archive that takes long starves no other.
    let minute = as_of.as_second() / 60;
    let first = u8::try_from(minute.rem_euclid(i64::from(IMPORT_SHARDS))).unwrap_or(0);
    for shard in (0..IMPORT_SHARDS).map(|n| (n + first) % IMPORT_SHARDS) {
        for (space_id, import_id) in app.imports.due(shard, as_of, PAGE).await? {
            if context.clock.now() >= context.stop_at {
                return Ok(outcome);
            }
            // Each fails alone: what fails is due again later.
            match Box::pin(take_in::take_in(app, (&space_id, &import_id), &context)).await {
                Ok(ended) => outcome.add(ended.name(), 1),
                Err(error) => {
                    outcome.add("failed", 1);
                    outcome.error.get_or_insert_with(|| error.to_string());
                }
            }
        }
    }
    Ok(outcome)
}
