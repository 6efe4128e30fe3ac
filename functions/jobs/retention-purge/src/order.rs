//! What an event asks: the schedule's own, a dry run; or what an operator asks in its
//! `detail` (`docs/runbook.md`).
//!
//! Must not know: what is done in a shard.

use espace_domain::{RunId, SpaceId};
use espace_jobs::{JobContext, JobError, JobOutcome, Scheduled};
use espace_storage::PURGE_SHARDS;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::count::{Counted, reported};
use crate::shard::ShardMessage;
use crate::{App, JOB};

/// How long a count may be released: what was planned longer ago is counted again.
const PLAN_VALID: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What an event asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Order {
    /// Erases what a dry run counted.
    Release {
        /// The dry run.
        run_id: RunId,
        /// How many spaces and traces it counted, together: the operator has read it.
        count: u64,
    },
    /// Says what a dry run counted.
    Report {
        /// The dry run.
        run_id: RunId,
    },
    /// Keeps a space from being erased: an authority asked for it.
    Hold {
        /// The space.
        space_id: SpaceId,
    },
    /// No longer keeps it.
    Lift {
        /// The space.
        space_id: SpaceId,
    },
}

/// Does what an event asks.
pub(crate) async fn follow(
    app: &App,
    scheduled: &Scheduled,
    context: &JobContext,
) -> Result<JobOutcome, JobError> {
    let now = context.clock.now();
    let asks_nothing = scheduled.detail.as_object().is_none_or(serde_json::Map::is_empty);
    if asks_nothing {
        let as_of = app.settings.as_of(scheduled, now)?;
        let run_id = scheduled.run_id();
        let message = |shard| ShardMessage::count(&run_id, as_of, shard);
        return begin(app, &run_id, as_of, now, message).await;
    }
    let order = serde_json::from_value(scheduled.detail.clone());
    match order.map_err(|_| JobError::UnknownEvent)? {
        Order::Release { run_id, count } => release(app, scheduled, &run_id, count, now).await,
        Order::Report { run_id } => {
            let mut outcome = JobOutcome::default();
            let (_, counted) = reported(app, &run_id).await?;
            let sum = counted.iter().copied().fold(Counted::default(), Counted::plus);
            outcome.add("spaces", sum.spaces);
            outcome.add("traces", sum.traces);
            outcome.add("held", sum.held);
            Ok(outcome)
        }
        Order::Hold { space_id } => hold(app, &space_id, true, now).await,
        Order::Lift { space_id } => hold(app, &space_id, false, now).await,
    }
}

/// Begins a run, named by the event: delivered twice, it is one run.
async fn begin(
    app: &App,
    run_id: &RunId,
    as_of: Timestamp,
    now: Timestamp,
    message: impl Fn(u8) -> ShardMessage,
) -> Result<JobOutcome, JobError> {
    app.runs.begin(run_id, JOB, as_of, u32::from(PURGE_SHARDS), now).await?;
    let messages: Vec<_> = (0..PURGE_SHARDS).map(message).collect();
    app.queue.send_all(&messages).await?;
    let mut outcome = JobOutcome::default();
    outcome.add("shards", u64::from(PURGE_SHARDS));
    Ok(outcome)
}

/// Begins the real run of what was counted, where the operator names the very count.
async fn release(
    app: &App,
    scheduled: &Scheduled,
    plan: &RunId,
    count: u64,
    now: Timestamp,
) -> Result<JobOutcome, JobError> {
    let (as_of, counted) = reported(app, plan).await?;
    let sum = counted.iter().copied().fold(Counted::default(), Counted::plus);
    if sum.spaces + sum.traces != count {
        return Err(JobError::Work("what is released is not what was counted"));
    }
    if now.duration_since(as_of) > PLAN_VALID {
        return Err(JobError::Work("it was counted too long ago: count again"));
    }
    let run_id = scheduled.run_id();
    let of_shard = |shard: u8| counted.get(usize::from(shard)).copied().unwrap_or_default();
    let message = |shard| ShardMessage::purge(&run_id, as_of, shard, of_shard(shard));
    begin(app, &run_id, as_of, now, message).await
}

async fn hold(
    app: &App,
    space_id: &SpaceId,
    held: bool,
    now: Timestamp,
) -> Result<JobOutcome, JobError> {
    if !app.acts.spaces().hold(space_id, held, now).await? {
        return Err(JobError::Work("there is no such space"));
    }
    let mut outcome = JobOutcome::default();
    outcome.add(if held { "held" } else { "lifted" }, 1);
    Ok(outcome)
}
