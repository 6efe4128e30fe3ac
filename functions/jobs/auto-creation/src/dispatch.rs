//! The schedule's event becomes one message a shard.
//!
//! Must not know: what is done in a shard.

use espace_domain::RunId;
use espace_jobs::{JobContext, JobError, JobOutcome, Scheduled};
use espace_storage::DUE_SHARDS;
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
    let run_id = run_id(&scheduled.id);
    app.runs.begin(&run_id, app.settings.name, as_of, u32::from(DUE_SHARDS), now).await?;
    let messages: Vec<_> = (0..DUE_SHARDS)
        .map(|shard| ShardMessage { run_id: run_id.clone(), as_of, shard })
        .collect();
    app.queue.send_all(&messages).await?;
    let mut outcome = JobOutcome::default();
    outcome.add("shards", u64::from(DUE_SHARDS));
    Ok(outcome)
}

/// The run's name from the event's (a UUID): its 128 bits.
fn run_id(event_id: &str) -> RunId {
    let mut bytes = [0; 16];
    let digits: Vec<u8> = event_id
        .chars()
        .filter_map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().fold(0, |sum, digit| (sum << 4) | digit);
    }
    RunId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_event() {
        let one = run_id("b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c11");
        assert_eq!(one, run_id("b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c11"));
        assert_ne!(one, run_id("b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12"));
    }
}
