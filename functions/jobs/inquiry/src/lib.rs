//! Produces every trace of one professional for an inquiry that two agents asked for, one
//! file a month.
//!
//! One message a month: a month that is done again writes the same file, and is counted once.
//!
//! Must not know: AWS, nor who may ask.

mod app;
mod month;

pub use app::App;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    _context: JobContext,
) -> Result<JobOutcome, JobError> {
    let JobEvent::Messages(messages) = event else {
        return Err(JobError::UnknownEvent);
    };
    let mut outcome = JobOutcome::default();
    for message in messages {
        let done = match serde_json::from_value(message.body.clone()) {
            Ok(month) => Box::pin(month::produce(app, &month)).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        match done {
            Ok(found) => outcome.add("traces", found),
            Err(error) => outcome.fail(&message, &error),
        }
    }
    Ok(outcome)
}
