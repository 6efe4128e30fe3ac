//! One shard of a run: counting, or erasing what was released.
//!
//! Must not know: how one space is erased.

use std::time::Duration;

use espace_domain::RunId;
use espace_jobs::{JobContext, JobError, JobOutcome, QueueMessage};
use espace_storage::PurgePage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};

use crate::App;
use crate::count::{Counted, count};
use crate::purge::purge;

/// The pace: one space of a shard in this time at most. With the queue's eight shards at once
/// it bounds what a purge takes of the tables (`docs/scale.md`).
const PACE: Duration = Duration::from_millis(50);
/// Spaces looked at by one call.
const PAGE: i32 = 100;

/// Work on one shard of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShardMessage {
    run_id: RunId,
    as_of: Timestamp,
    shard: u8,
    #[serde(flatten)]
    work: Work,
}

/// What is to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Work {
    /// Count what is due.
    Count {
        /// So far.
        counted: Counted,
        /// Where to go on.
        from: Option<PurgePage>,
    },
    /// Erase what was counted.
    Purge {
        /// What is left of the count.
        left: Counted,
        /// Where to go on: what could not be erased stays behind.
        from: Option<PurgePage>,
    },
}

impl ShardMessage {
    /// To count a shard.
    pub(crate) fn count(run_id: &RunId, as_of: Timestamp, shard: u8) -> Self {
        let work = Work::Count { counted: Counted::default(), from: None };
        Self { run_id: run_id.clone(), as_of, shard, work }
    }

    /// To erase what was counted of a shard.
    pub(crate) fn purge(run_id: &RunId, as_of: Timestamp, shard: u8, left: Counted) -> Self {
        Self { run_id: run_id.clone(), as_of, shard, work: Work::Purge { left, from: None } }
    }
}

/// Works on the messages one after the other; each fails alone.
pub(crate) async fn work(
    app: &App,
    messages: Vec<QueueMessage>,
    context: &JobContext,
) -> JobOutcome {
    let mut outcome = JobOutcome::default();
    for message in messages {
        let done = match serde_json::from_value::<ShardMessage>(message.body.clone()) {
            Ok(shard) => on_shard(app, shard, context, &mut outcome).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        if let Err(error) = done {
            outcome.fail(&message, &error);
        }
    }
    outcome
}

/// Works on a shard; hands the rest to a new message when time runs out.
async fn on_shard(
    app: &App,
    message: ShardMessage,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let ShardMessage { run_id, as_of, shard, work } = message;
    let rest = match work {
        Work::Count { counted, from } => {
            let (counted, from) = count(app, (as_of, shard), counted, from, context).await?;
            if from.is_none() {
                app.runs.keep_result(&run_id, u32::from(shard), &counted).await?;
                outcome.add("spaces", counted.spaces);
                outcome.add("traces", counted.traces);
                outcome.add("held", counted.held);
            }
            from.map(|from| Work::Count { counted, from: Some(from) })
        }
        Work::Purge { left, from } => {
            erase(app, &run_id, (as_of, shard), (left, from), context, outcome).await?
        }
    };
    match rest {
        Some(work) => {
            let rest = ShardMessage { run_id, as_of, shard, work };
            app.queue.send_all(&[rest]).await?;
        }
        None => app.runs.finish_shard(&run_id, u32::from(shard)).await?,
    }
    Ok(())
}

/// Erases what is due of a shard, never more than was counted. One that fails stops no other,
/// and fails the message at the end: delivered again, it is worked through again.
async fn erase(
    app: &App,
    run_id: &RunId,
    (as_of, shard): (Timestamp, u8),
    (mut left, mut from): (Counted, Option<PurgePage>),
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<Option<Work>, JobError> {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failure = None;
    loop {
        let spaces = app.acts.spaces();
        let (due, more) = spaces.due_for_purge(shard, as_of, from.clone(), PAGE).await?;
        let mut done = 0;
        for space in due {
            let counted = if space.is_traces() { &mut left.traces } else { &mut left.spaces };
            if *counted == 0 || space.is_held() {
                continue;
            }
            pace.tick().await;
            match purge(app, &space.space_id, as_of, context).await {
                Ok(purged) => {
                    outcome.add(purged.name(), 1);
                    if purged.is_done() {
                        *counted -= 1;
                        done += 1;
                    }
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        app.runs.progress(run_id, done).await?;
        let is_over = left.spaces == 0 && left.traces == 0;
        if is_over || more.is_none() {
            return failure.map_or(Ok(None), Err);
        }
        from = more;
        if context.clock.now() >= context.stop_at {
            return failure.map_or(Ok(Some(Work::Purge { left, from })), Err);
        }
    }
}
