//! Reads a campaign file as a stream and registers each person.
//!
//! The file's arrival is planned first: a pass that only counts newlines cuts
//! the file into chunks of some hundred lines, one message each, so that line
//! numbers are known and chunks are worked in parallel. Neither pass holds more
//! than a chunk's lines in memory, whatever the file's length; both may be
//! killed anywhere and done again.
//!
//! Must not know: AWS, nor how a person is written.

mod app;
mod chunk;
mod lines;
mod message;
mod plan;
mod register;

pub use app::App;
pub use lines::{LineReader, RawLine};

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome, QueueMessage};
use message::IntakeMessage;

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
        if let Err(error) = Box::pin(work(app, &message, &context, &mut outcome)).await {
            outcome.fail(&message, &error);
        }
    }
    Ok(outcome)
}

/// Works on one message.
async fn work(
    app: &App,
    message: &QueueMessage,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    for message in IntakeMessage::read(&message.body).ok_or(JobError::UnknownMessage)? {
        match message {
            IntakeMessage::Plan(plan) => plan::plan(app, plan, context, outcome).await?,
            IntakeMessage::Chunk(chunk) => chunk::work(app, &chunk, context, outcome).await?,
        }
    }
    Ok(())
}
