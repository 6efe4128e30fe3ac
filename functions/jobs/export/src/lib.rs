//! Makes the archive by which a person takes everything away: what they may see, as files they
//! can open, in one ZIP.
//!
//! What is to be in it is planned once, so that it is one moment's; then it is written file by
//! file into sealed pieces of some 64 MiB. After each piece it is kept how far it has come: a run
//! that was killed, or whose time is over, goes on from there. Memory stays flat, whatever the
//! size of the documents.
//!
//! Must not know: AWS, nor how the archive reaches the person.

mod app;
mod data;
mod make;
mod plan;
mod writer;

pub use app::App;

use espace_domain::{ExportId, SpaceId};
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::EXPORT_SHARDS;
use serde_json::Value;

/// Archives taken of one shard by one event.
const PAGE: i32 = 10;

/// Works on one event. Archives are made one after the other: each takes what memory there is.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let mut outcome = JobOutcome::default();
    match event {
        JobEvent::Written(keys) => {
            for (space_id, export_id) in keys.iter().filter_map(read_key) {
                one(app, (&space_id, &export_id), &context, &mut outcome).await;
            }
        }
        JobEvent::Scheduled(scheduled) => {
            let as_of = app.settings.as_of(&scheduled, context.clock.now())?;
            for shard in 0..EXPORT_SHARDS {
                for (space_id, export_id) in app.exports.due(shard, as_of, PAGE).await? {
                    if context.clock.now() >= context.stop_at {
                        return Ok(outcome);
                    }
                    one(app, (&space_id, &export_id), &context, &mut outcome).await;
                }
            }
        }
        JobEvent::Messages(_) => return Err(JobError::UnknownEvent),
    }
    Ok(outcome)
}

/// Makes one, failing alone: what fails is due again later.
async fn one(
    app: &App,
    named: (&SpaceId, &ExportId),
    context: &JobContext,
    outcome: &mut JobOutcome,
) {
    match Box::pin(make::make(app, named, context)).await {
        Ok(made) => outcome.add(made.name(), 1),
        Err(error) => {
            outcome.add("failed", 1);
            outcome.error.get_or_insert_with(|| error.to_string());
        }
    }
}

/// The names in a stream record's keys.
fn read_key(keys: &Value) -> Option<(SpaceId, ExportId)> {
    let text = |name: &str| keys.get(name)?.get("S")?.as_str();
    Some((SpaceId::parse(text("spaceId")?).ok()?, ExportId::parse(text("exportId")?).ok()?))
}
