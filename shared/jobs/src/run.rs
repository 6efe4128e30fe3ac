//! Running a job: one event at a time, one log line each, failed messages
//! reported one by one. Must not know any job.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use espace_domain::{Clock, SystemClock};
use espace_logging::{Level, Line};
use espace_storage::{CallCounts, Environment, MissingVariables, StorageError};
use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::{JobEvent, QueueMessage, Scheduled};

/// Milliseconds before Lambda's own deadline at which a job stops taking work.
const MARGIN_MS: i64 = 20_000;

/// What every job is told by the template.
#[derive(Debug, Clone)]
pub struct JobSettings {
    /// The job's name: in the log and in its runs.
    pub name: &'static str,
    /// Whether an event may be later than the clock (rehearsals, tests; the
    /// template forbids it in production).
    pub allow_future: bool,
}

/// What one event comes with.
#[derive(Debug, Clone)]
pub struct JobContext {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// When to stop taking work.
    pub stop_at: Timestamp,
}

/// What became of an event.
#[derive(Debug, Clone, Default)]
pub struct JobOutcome {
    /// Items, by what became of them.
    pub counts: BTreeMap<&'static str, u64>,
    /// Messages to be delivered again.
    pub failed_messages: Vec<String>,
    /// Why they failed: the first reason.
    pub error: Option<String>,
}

/// Why a job's event fails as a whole.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The template left something out.
    #[error(transparent)]
    Environment(#[from] MissingVariables),
    /// The cloud failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Not an event of this job.
    #[error("not an event of this job")]
    UnknownEvent,
    /// The event's time lies in the future.
    #[error("the event's time lies in the future")]
    FutureEvent,
    /// The message is not one of this job's.
    #[error("not a message of this job")]
    UnknownMessage,
    /// What the job makes could not be made.
    #[error("{0}")]
    Work(&'static str),
    /// The runtime stopped.
    #[error("the Lambda runtime stopped: {0}")]
    Runtime(lambda_runtime::Error),
}

impl JobSettings {
    /// Reads `ESPACE_ALLOW_FUTURE_EVENTS`.
    pub fn new(name: &'static str, environment: &mut Environment) -> Self {
        let allow_future = environment.required("ESPACE_ALLOW_FUTURE_EVENTS") == "true";
        Self { name, allow_future }
    }

    /// As of when a scheduled event works: its own time, unless it has not come.
    pub fn as_of(&self, scheduled: &Scheduled, now: Timestamp) -> Result<Timestamp, JobError> {
        if scheduled.time > now && !self.allow_future {
            return Err(JobError::FutureEvent);
        }
        Ok(scheduled.time)
    }
}

impl JobOutcome {
    /// Adds to a count.
    pub fn add(&mut self, what: &'static str, count: u64) {
        *self.counts.entry(what).or_default() += count;
    }

    /// Notes a message to be delivered again.
    pub fn fail(&mut self, message: &QueueMessage, error: &JobError) {
        self.failed_messages.push(message.id.clone());
        self.error.get_or_insert_with(|| error.to_string());
    }
}

/// Serves a job's events until Lambda ends the process.
pub async fn start<H, F>(
    settings: JobSettings,
    calls: CallCounts,
    handler: H,
) -> Result<(), JobError>
where
    H: Fn(JobEvent, JobContext) -> F,
    F: Future<Output = Result<JobOutcome, JobError>>,
{
    let settings = &settings;
    let calls = &calls;
    let handler = &handler;
    let serve = service_fn(move |event: LambdaEvent<Value>| async move {
        one(settings, calls, handler, event).await.map_err(lambda_runtime::Error::from)
    });
    lambda_runtime::run(serve).await.map_err(JobError::Runtime)
}

/// One event: work, log, report.
async fn one<H, F>(
    settings: &JobSettings,
    calls: &CallCounts,
    handler: &H,
    event: LambdaEvent<Value>,
) -> Result<Value, JobError>
where
    H: Fn(JobEvent, JobContext) -> F,
    F: Future<Output = Result<JobOutcome, JobError>>,
{
    let started = now();
    let deadline_ms = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
    let stop_at = Timestamp::from_millisecond(deadline_ms.saturating_sub(MARGIN_MS))
        .unwrap_or(Timestamp::MAX);
    let context = JobContext { clock: Arc::new(SystemClock), stop_at };
    let _before = calls.take();
    let outcome = match JobEvent::read(event.payload) {
        // Boxed: a job's future nests too deep to be laid out inline.
        Some(event) => Box::pin(handler(event, context)).await,
        None => Err(JobError::UnknownEvent),
    };
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let level = match &outcome {
        Ok(outcome) if outcome.failed_messages.is_empty() => Level::Info,
        _ => Level::Error,
    };
    let mut line = Line::new(level, &event.context.request_id, settings.name, duration_ms);
    line.backend_calls = calls.take();
    match &outcome {
        Ok(outcome) => {
            line.counts.clone_from(&outcome.counts);
            line.error.clone_from(&outcome.error);
        }
        Err(error) => line.error = Some(error.to_string()),
    }
    line.write();
    let outcome = outcome?;
    let failures: Vec<_> =
        outcome.failed_messages.iter().map(|id| json!({"itemIdentifier": id})).collect();
    Ok(json!({ "batchItemFailures": failures }))
}

/// The monotonic clock measures; it never tells the time.
#[expect(clippy::disallowed_methods, reason = "a duration for the log, not an instant")]
fn now() -> Instant {
    Instant::now()
}
