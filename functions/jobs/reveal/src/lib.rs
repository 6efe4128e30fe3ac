//! What a professional keeps from a patient until the announcement consultation: after two
//! weeks the patient is told that something waits, after a month it is shown
//! (`domain.md` B3, `INVISIBLE_PATIENT`).
//!
//! The schedule's event is split into one message a shard; a shard walks the days that have
//! come. A mark goes with what it asks for, in one write: a run that is killed anywhere is
//! taken up where it was.
//!
//! Must not know: AWS, what a document says, nor how a mark is kept from telling whose.

mod app;
mod dispatch;
mod mark;
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
        JobEvent::Messages(messages) => Ok(shard::work(app, messages, &context).await),
        JobEvent::Written(_) => Err(JobError::UnknownEvent),
    }
}
