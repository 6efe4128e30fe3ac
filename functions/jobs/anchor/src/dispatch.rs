//! The schedule's event becomes one message a shard.
//!
//! Must not know: what is done in a shard.

use espace_domain::RunId;
use espace_jobs::{JobContext, JobError, JobOutcome, Scheduled};
use espace_storage::ANCHOR_SHARDS;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::App;

/// Characters of the run's name in the anchor's.
const RUN_CHARS: usize = 8;

/// One shard of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShardMessage {
    pub(crate) run_id: RunId,
    pub(crate) as_of: Timestamp,
    pub(crate) shard: u8,
    pub(crate) step: Step,
}

/// What is to be done with a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Step {
    /// Make its tree.
    Plant,
    /// Take out of the index what the anchor holds.
    Clear,
}

impl ShardMessage {
    /// The anchor's name: it sorts by time.
    pub(crate) fn anchor(&self) -> String {
        let at = self.as_of.strftime("%Y%m%dT%H%M%SZ");
        let run: String = self.run_id.as_str().chars().take(RUN_CHARS).collect();
        format!("{at}-{run}")
    }
}

/// Begins a run, named by the event: delivered twice, it is one run. Its parts are the
/// trees and the anchor.
pub(crate) async fn dispatch(
    app: &App,
    scheduled: &Scheduled,
    context: &JobContext,
) -> Result<JobOutcome, JobError> {
    let now = context.clock.now();
    let as_of = app.settings.as_of(scheduled, now)?;
    let run_id = scheduled.run_id();
    let parts = u32::from(ANCHOR_SHARDS) + 1;
    app.runs.begin(&run_id, app.settings.name, as_of, parts, now).await?;
    let messages: Vec<_> = (0..ANCHOR_SHARDS)
        .map(|shard| ShardMessage { run_id: run_id.clone(), as_of, shard, step: Step::Plant })
        .collect();
    app.queue.send_all(&messages).await?;
    let mut outcome = JobOutcome::default();
    outcome.add("shards", u64::from(ANCHOR_SHARDS));
    Ok(outcome)
}
