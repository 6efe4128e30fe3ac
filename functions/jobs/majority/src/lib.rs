//! The 18th birthday: representatives lose access, their addresses go, and the
//! person gets a code of their own (`domain.md` B6, majority).
//!
//! Access ends with the day itself, by the clock, wherever a representative's
//! right is checked; this job tidies what is left and writes to the person. It
//! walks the months of majority that have begun; who is dealt with leaves the
//! index, so a run that is killed anywhere is taken up where it was.
//!
//! Must not know: AWS, nor how a change is written.

mod app;
mod birthday;

pub use app::App;

use espace_domain::paris_date;
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use jiff::ToSpan;
use jiff::civil::Date;

/// Months looked back for those whom an earlier run left: since the first child
/// that could have been fed. An empty month costs one read.
const MONTHS_BACK: i32 = 240;
/// Persons asked for at once.
const PAGE: i32 = 100;

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let JobEvent::Scheduled(scheduled) = event else {
        return Err(JobError::UnknownEvent);
    };
    let as_of = app.settings.as_of(&scheduled, context.clock.now())?;
    let today = paris_date(as_of);
    let mut outcome = JobOutcome::default();
    for months in 0..MONTHS_BACK {
        let month: Date = today.saturating_sub(months.months());
        let mut after = None;
        loop {
            // The schedule comes back tomorrow; what is left is still in its month.
            if context.clock.now() >= context.stop_at {
                return Ok(outcome);
            }
            let (found, next) = app.stores.registry.coming_of_age(month, after, PAGE).await?;
            for index in found {
                match birthday::birthday(app, &index, today, &context).await {
                    Ok(done) => outcome.add(done.name(), 1),
                    Err(error) => {
                        outcome.add("failed", 1);
                        outcome.error.get_or_insert_with(|| error.to_string());
                    }
                }
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(outcome)
}
