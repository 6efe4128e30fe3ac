//! Takes in large contents: reads one from the inbox as a stream, examines it as a small
//! one is, seals it into the vault, writes its entry, and only then empties the inbox.
//! Memory stays flat whatever the size. Killed anywhere, it is done again: what was half
//! written is led to by nothing.
//!
//! The inbox says on a queue what has come; twice an hour the inbox is looked through for
//! what it said and nobody heard.
//!
//! Must not know: AWS, nor how a content came to the inbox.

mod app;
mod content;
mod message;
mod outcome;
mod take_in;

pub use app::App;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use jiff::Timestamp;
use message::IngestMessage;

/// Seconds after which a content that still lies in the inbox has been forgotten.
const FORGOTTEN_S: i64 = 15 * 60;

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let mut outcome = JobOutcome::default();
    match event {
        JobEvent::Messages(messages) => {
            for message in messages {
                let names = IngestMessage::read(&message.body).ok_or(JobError::UnknownMessage)?;
                for name in names {
                    match Box::pin(take_in::take_in(app, &name, &context)).await {
                        Ok(done) => outcome.add(done.name(), 1),
                        Err(error) => outcome.fail(&message, &error),
                    }
                }
            }
        }
        JobEvent::Scheduled(scheduled) => {
            let as_of = app.settings.as_of(&scheduled, context.clock.now())?;
            let before = Timestamp::from_second(as_of.as_second() - FORGOTTEN_S);
            let forgotten = app.inbox.forgotten(before.unwrap_or(as_of)).await?;
            let messages: Vec<_> = forgotten.iter().map(IngestMessage::of).collect();
            app.queue.send_all(&messages).await?;
            outcome.add("remembered", messages.len() as u64);
        }
        JobEvent::Written(_) => return Err(JobError::UnknownEvent),
    }
    Ok(outcome)
}
