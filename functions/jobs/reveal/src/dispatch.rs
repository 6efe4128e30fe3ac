//! The schedule's event becomes one message a shard.
//!
//! Must not know: what is done in a shard.

use espace_domain::RunId;
use espace_jobs::{JobContext, JobError, JobOutcome, Scheduled};
use espace_storage::REVEAL_SHARDS;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::App;

/// One shard of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShardMessage {
    pub(crate) run_id: RunId,
    pub(crate) as_of: Timestamp,
    pub(crate) shard: u8,
}

/// Begins a run, named by the event: delivered twice, it is one run.
pub(crate) async fn dispatch(
    app: &App,
    scheduled: &Scheduled,
    context: &JobContext,
) -> Result<JobOutcome, JobError> {
    let now = context.clock.now();
    let as_of = app.settings.as_of(scheduled, now)?;
    let run_id = scheduled.run_id();
    let shards = u32::from(REVEAL_SHARDS);
    app.runs.begin(&run_id, app.settings.name, as_of, shards, now).await?;
    let messages: Vec<_> = (0..REVEAL_SHARDS)
        .map(|shard| ShardMessage { run_id: run_id.clone(), as_of, shard })
        .collect();
    app.queue.send_all(&messages).await?;
    let mut outcome = JobOutcome::default();
    outcome.add("shards", u64::from(REVEAL_SHARDS));
    Ok(outcome)
}
