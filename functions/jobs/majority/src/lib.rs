//! The 18th birthday: representatives lose access, their addresses go, and the
//! person gets a code of their own (`domain.md` B6, majority).
//!
//! Access ends with the day itself, by the clock, wherever a representative's
//! right is checked; this job tidies what is left and writes to the person. It
//! walks the days of majority that have come; who is dealt with leaves the index,
//! so a run that is killed anywhere is taken up where it was. Some 2,000 people a
//! day come of age in the country: one function does them in a minute.
//!
//! Must not know: AWS, nor how a change is written.

mod app;
mod birthday;

pub use app::App;

use espace_crypto::BlindIndex;
use espace_domain::paris_date;
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome};
use futures_util::{StreamExt, stream};
use jiff::ToSpan;
use jiff::civil::Date;

/// Days looked back for those whom an earlier run left, two years and more: an
/// empty day costs one read.
const DAYS_BACK: i64 = 800;
/// Days asked for at once, and persons worked on at once.
const CONCURRENCY: usize = 8;
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
    let days = (0..DAYS_BACK).map(|back| today.saturating_sub(back.days()));
    let mut found = stream::iter(days)
        .map(|day| async move { all_of(app, day).await })
        .buffer_unordered(CONCURRENCY);
    let mut people = Vec::new();
    while let Some(day) = found.next().await {
        people.extend(day?);
    }
    let mut work = stream::iter(people)
        .map(|index| {
            let context = &context;
            async move { birthday::birthday(app, &index, today, context).await }
        })
        .buffer_unordered(CONCURRENCY);
    let mut failure = None;
    while let Some(done) = work.next().await {
        match done {
            Ok(done) => outcome.add(done.name(), 1),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    // One who fails stops nobody, and the alarm sees it.
    failure.map_or(Ok(outcome), Err)
}

/// Everyone who comes of age on a day and was not dealt with.
async fn all_of(app: &App, day: Date) -> Result<Vec<BlindIndex>, JobError> {
    let mut people = Vec::new();
    let mut after = None;
    loop {
        let (found, next) = app.stores.registry.coming_of_age(day, after, PAGE).await?;
        people.extend(found);
        after = next;
        if after.is_none() {
            return Ok(people);
        }
    }
}
