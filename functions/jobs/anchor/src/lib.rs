//! Anchors the chains of traces, once a day: one Merkle root over the salted heads of all
//! that grew, in a bucket where nobody can change it for ten years. From then on not even
//! who runs the system rewrites a log unnoticed.
//!
//! The schedule's event is split into one message a shard of the index of spaces that
//! grew; the last shard writes the anchor over all trees, and only then does what it holds
//! leave the index: a run that is killed anywhere is taken up where it was, and what a lost
//! one left is anchored by the next.
//!
//! Must not know: AWS, what a trace says, nor whose space it is.

mod app;
mod dispatch;
mod shard;

pub use app::App;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    match event {
        JobEvent::Scheduled(scheduled) => dispatch::dispatch(app, &scheduled, &context).await,
        JobEvent::Messages(messages) => Ok(shard::anchor_shards(app, messages, &context).await),
        JobEvent::Written(_) => Err(JobError::UnknownEvent),
    }
}
