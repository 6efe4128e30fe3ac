//! Ten years after a space was closed its content is erased, and the traces of who read it
//! (R.1111-36, L.1111-18).
//!
//! Every night the schedule counts what is due: a dry run, whose report says how much would
//! go. Nothing goes before an operator has released that very count. Then each shard is worked
//! through at a named pace, by the due index; a space is erased in one write, so a run that is
//! killed anywhere is taken up where it was. A legal hold keeps a space out of it.
//!
//! Must not know: AWS, nor anything that is in a space: it holds no content key.

mod app;
mod count;
mod order;
mod purge;
mod shard;

pub use app::App;
pub use count::Counted;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};

/// The name of its runs.
pub(crate) const JOB: &str = "retention-purge";

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    match event {
        JobEvent::Scheduled(scheduled) => order::follow(app, &scheduled, &context).await,
        JobEvent::Messages(messages) => Ok(shard::work(app, messages, &context).await),
        JobEvent::Written(_) => Err(JobError::UnknownEvent),
    }
}
