//! What follows an act on a space: the person is told, in an emergency their treating
//! doctor too, and two agents are asked to look (R.1111-48).
//!
//! An act leaves word of itself in its own transaction; it comes by the table's stream, and
//! what was missed is found by the schedule through the due index. What is written here
//! ends the word in the same transaction: a run that is killed anywhere does it once.
//!
//! Must not know: AWS, nor how a message travels.

mod app;
mod correspond;
mod digest;
mod emergency;
mod follow;
mod tell;

pub use app::App;

use espace_domain::{FollowUpId, SpaceId};
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::{DIGEST_SHARDS, FOLLOW_UP_SHARDS};
use futures_util::{StreamExt, stream};
use serde_json::Value;

/// Acts followed up at once.
const CONCURRENCY: usize = 8;
/// Acts looked at in one shard by one sweep.
const SWEEP_PAGE: i32 = 200;
/// The same, as a length.
const SWEEP_PAGE_LEN: usize = 200;
/// Pages of what is told together looked at in one shard by one sweep: at six in the evening
/// many are due.
const DIGEST_PAGES_MAX: u32 = 50;

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    match event {
        JobEvent::Written(keys) => {
            let mut outcome = JobOutcome::default();
            let ids = keys.iter().filter_map(read_key).collect();
            all(app, ids, &context, &mut outcome).await;
            Ok(outcome)
        }
        JobEvent::Scheduled(scheduled) => {
            let as_of = app.settings.as_of(&scheduled, context.clock.now())?;
            let mut outcome = JobOutcome::default();
            // Another shard first each minute: when time runs out, the same ones are not
            // left every time.
            let minute = as_of.as_second() / 60;
            let first = u8::try_from(minute.rem_euclid(i64::from(FOLLOW_UP_SHARDS))).unwrap_or(0);
            for shard in (0..FOLLOW_UP_SHARDS).map(|n| (n + first) % FOLLOW_UP_SHARDS) {
                if context.clock.now() >= context.stop_at {
                    break;
                }
                let due = app.follow_ups.due(shard, as_of, SWEEP_PAGE).await?;
                all(app, due, &context, &mut outcome).await;
            }
            for shard in (0..DIGEST_SHARDS).map(|n| n.wrapping_add(first) % DIGEST_SHARDS) {
                if context.clock.now() >= context.stop_at {
                    break;
                }
                for _ in 0..DIGEST_PAGES_MAX {
                    let due = app.digests.due(shard, as_of, SWEEP_PAGE).await?;
                    let is_last = due.len() < SWEEP_PAGE_LEN;
                    all_digests(app, due, &context, &mut outcome).await;
                    if is_last || context.clock.now() >= context.stop_at {
                        break;
                    }
                }
            }
            Ok(outcome)
        }
        JobEvent::Messages(_) => Err(JobError::UnknownEvent),
    }
}

/// Follows acts up, each failing alone: what fails is due again later, so an event of the
/// stream is never handed back.
async fn all(app: &App, ids: Vec<FollowUpId>, context: &JobContext, outcome: &mut JobOutcome) {
    let mut work = stream::iter(ids)
        .map(|id| async move { Box::pin(follow::follow(app, &id, context)).await })
        .buffer_unordered(CONCURRENCY);
    while let Some(followed) = work.next().await {
        match followed {
            Ok(followed) => outcome.add(followed.name(), 1),
            Err(error) => {
                outcome.add("failed", 1);
                outcome.error.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

/// Tells what was to be told together, each failing alone.
async fn all_digests(
    app: &App,
    spaces: Vec<SpaceId>,
    context: &JobContext,
    outcome: &mut JobOutcome,
) {
    let mut work = stream::iter(spaces)
        .map(|id| async move { Box::pin(digest::tell_digest(app, &id, context)).await })
        .buffer_unordered(CONCURRENCY);
    while let Some(told) = work.next().await {
        match told {
            Ok(_) => outcome.add("digests", 1),
            Err(error) => {
                outcome.add("failed", 1);
                outcome.error.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

/// The name in a stream record's keys.
fn read_key(keys: &Value) -> Option<FollowUpId> {
    let text = keys.get("followUpId")?.get("S")?.as_str()?;
    FollowUpId::parse(text).ok()
}
