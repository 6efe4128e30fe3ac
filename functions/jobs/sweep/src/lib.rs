//! Sweeps the vault: a content that no entry leads to is removed once it is a day old; an
//! entry whose content is not there is reported, and there must be none.
//!
//! Contents are looked at by the day they came: every night those of the last week, which
//! a killed deposit or deletion may have left, and a thirtieth of all days before; entries
//! by a ninetieth of the table. Each is one message, done twice at no harm. It compares
//! names and opens nothing: it holds no key.
//!
//! Must not know: AWS, what a content says, nor whose it is.

mod app;
mod contents;
mod dispatch;
mod entries;

pub use app::App;

use dispatch::SweepMessage;
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome, QueueMessage};

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let messages = match event {
        JobEvent::Scheduled(scheduled) => {
            return dispatch::dispatch(app, &scheduled, &context).await;
        }
        JobEvent::Messages(messages) => messages,
        JobEvent::Written(_) => return Err(JobError::UnknownEvent),
    };
    let mut outcome = JobOutcome::default();
    for message in messages {
        if let Err(error) = work(app, &message, &context, &mut outcome).await {
            outcome.fail(&message, &error);
        }
    }
    Ok(outcome)
}

async fn work(
    app: &App,
    message: &QueueMessage,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let message: SweepMessage =
        serde_json::from_value(message.body.clone()).map_err(|_| JobError::UnknownMessage)?;
    match &message {
        SweepMessage::Contents(contents) => contents::sweep(app, contents, context, outcome).await,
        SweepMessage::Entries(entries) => entries::sweep(app, entries, context, outcome).await,
    }
}
