//! Answers requests for a code ("J'ai besoin d'un code"), where there is someone
//! to answer and what they showed matches; replaces codes that wrong tries burnt;
//! sends the code of a forgotten password.
//! Everyone else's request ends here, without a trace that anybody could see.
//!
//! Must not know: AWS, HTTP, nor how a code is written.

mod answer;
mod app;
mod reset;

pub use app::App;

use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use espace_storage::CodeMessage;

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
        let request = serde_json::from_value::<CodeMessage>(message.body.clone());
        let done = match request {
            Ok(CodeMessage::Code(request)) => answer::answer(app, &request, &context).await,
            Ok(CodeMessage::Reset(request)) => reset::reset(app, &request, &context).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        match done {
            Ok(answered) => outcome.add(answered.name(), 1),
            Err(error) => outcome.fail(&message, &error),
        }
    }
    Ok(outcome)
}
