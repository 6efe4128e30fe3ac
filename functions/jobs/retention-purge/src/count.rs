//! The dry run: how much of a shard is due.
//!
//! Must not know: what becomes of it.

use espace_domain::RunId;
use espace_jobs::{JobContext, JobError};
use espace_storage::{PURGE_SHARDS, PurgePage};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{App, JOB};

/// Spaces looked at by one call.
const PAGE: i32 = 1_000;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// Spaces whose content is to be erased.
    pub spaces: u64,
    /// Spaces whose traces are.
    pub traces: u64,
    /// Spaces that something keeps from it.
    pub held: u64,
}

impl Counted {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            spaces: self.spaces + other.spaces,
            traces: self.traces + other.traces,
            held: self.held + other.held,
        }
    }
}

/// Counts on, from where an earlier event stopped; gives where to go on where time ran out.
pub(crate) async fn count(
    app: &App,
    (as_of, shard): (Timestamp, u8),
    mut counted: Counted,
    mut from: Option<PurgePage>,
    context: &JobContext,
) -> Result<(Counted, Option<PurgePage>), JobError> {
    loop {
        let (due, more) = app.acts.spaces().due_for_purge(shard, as_of, from, PAGE).await?;
        for space in due {
            if space.is_held() {
                counted.held += 1;
            } else if space.is_traces() {
                counted.traces += 1;
            } else {
                counted.spaces += 1;
            }
        }
        if more.is_none() || context.clock.now() >= context.stop_at {
            return Ok((counted, more));
        }
        from = more;
    }
}

/// What a dry run counted, shard by shard, and as of when.
pub(crate) async fn reported(
    app: &App,
    run_id: &RunId,
) -> Result<(Timestamp, Vec<Counted>), JobError> {
    let run = app.runs.find(run_id).await?;
    let run = run.filter(|run| run.job == JOB).ok_or(JobError::Work("there is no such run"))?;
    if run.shards_done < run.shards {
        return Err(JobError::Work("it is still being counted"));
    }
    let mut counted = Vec::new();
    for shard in 0..PURGE_SHARDS {
        let found = app.runs.result::<Counted>(run_id, u32::from(shard)).await?;
        counted.push(found.ok_or(JobError::Work("that run counted nothing"))?);
    }
    Ok((run.as_of, counted))
}
