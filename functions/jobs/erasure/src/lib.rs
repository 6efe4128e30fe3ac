//! What is left to do of an erasure (ADR 18): the key went in the act itself, so nothing opens
//! any more; here go the contents, then what was known of them, then who they were of. The
//! certificate is issued with the last write, once no function holds the key.
//!
//! Each minute, by the due index. Nothing is remembered between two tries but what is still
//! there: a run that is killed anywhere is taken up where it was.
//!
//! Must not know: AWS, why a space was erased, nor any key of a space.

mod app;
mod tidy;

pub use app::App;

use espace_domain::SpaceId;
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::ERASURE_SHARDS;
use futures_util::{StreamExt, stream};

/// Spaces tidied at once.
const CONCURRENCY: usize = 4;
/// Spaces taken of one shard by one event: the purge of ten years has its own pace.
const PAGE: i32 = 100;

/// Works on one event.
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
    // Another shard first each minute: when time runs out, the same ones are not left every
    // time.
    let minute = as_of.as_second() / 60;
    let first = u8::try_from(minute.rem_euclid(i64::from(ERASURE_SHARDS))).unwrap_or(0);
    for shard in (0..ERASURE_SHARDS).map(|n| (n + first) % ERASURE_SHARDS) {
        if context.clock.now() >= context.stop_at {
            break;
        }
        let due = app.erasures.due(shard, as_of, PAGE).await?;
        all(app, due, &context, &mut outcome).await;
    }
    Ok(outcome)
}

/// Tidies spaces, each failing alone: what fails is due again later.
async fn all(app: &App, due: Vec<SpaceId>, context: &JobContext, outcome: &mut JobOutcome) {
    let mut work = stream::iter(due)
        .map(|space_id| async move { Box::pin(tidy::tidy(app, &space_id, context)).await })
        .buffer_unordered(CONCURRENCY);
    while let Some(tidied) = work.next().await {
        match tidied {
            Ok(tidied) => outcome.add(tidied.name(), 1),
            Err(error) => {
                outcome.add("failed", 1);
                outcome.error.get_or_insert_with(|| error.to_string());
            }
        }
    }
}
