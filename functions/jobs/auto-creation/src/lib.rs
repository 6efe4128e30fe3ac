//! Opens the spaces whose six weeks have passed (R.1111-28).
//!
//! The schedule's event is split into one message a shard of the due-date
//! index, which also holds the refusals that become final after two weeks and the
//! older shared records (DMP) that close after their transition; a shard is worked page by page until nothing in it is due. A person
//! dealt with leaves the index, so a run that is killed anywhere is taken up
//! where it was.
//!
//! Must not know: AWS, nor how a space is written.

mod app;
mod dispatch;
mod open_shard;

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
        JobEvent::Messages(messages) => Ok(open_shard::open_shards(app, messages, &context).await),
        JobEvent::Written(_) => Err(JobError::UnknownEvent),
    }
}
