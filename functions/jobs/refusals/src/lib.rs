//! Traces refused attempts, for the holder: where a space stands. Whoever was refused
//! made the same calls whether one does or not; what there is to find is found here, and
//! nobody is answered.
//!
//! Must not know: AWS, nor why an attempt was refused.

mod app;
mod trace;

pub use app::App;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let JobEvent::Messages(messages) = event else {
        return Err(JobError::UnknownEvent);
    };
    let mut outcome = JobOutcome::default();
    for message in messages {
        match trace::trace(app, &message, &context).await {
            Ok(done) => outcome.add(done.name(), 1),
            Err(error) => outcome.fail(&message, &error),
        }
    }
    Ok(outcome)
}
