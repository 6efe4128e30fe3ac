//! The schedule's event becomes one message a day of contents and a part of entries.
//!
//! Must not know: what is done with either.

use espace_domain::RunId;
use espace_jobs::{JobContext, JobError, JobOutcome, Scheduled};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::App;

/// Days whose contents are looked at every night.
const RECENT_DAYS: i64 = 7;
/// Nights within which every day's contents are looked at.
const DAYS_CYCLE: i64 = 30;
/// The first day of which there can be contents.
const FIRST_DAY: Date = jiff::civil::date(2026, 1, 1);
/// Nights within which every entry is looked at.
const ENTRIES_CYCLE: i64 = 90;
/// Parts of entries of one night.
const ENTRY_PARTS: i64 = 32;

/// Work to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SweepMessage {
    /// The contents that came on a day.
    Contents(Contents),
    /// A part of the entries.
    Entries(Entries),
}

/// The contents that came on a day.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contents {
    pub(crate) run_id: RunId,
    pub(crate) as_of: Timestamp,
    pub(crate) number: u32,
    pub(crate) day: Date,
    /// Where to go on.
    #[serde(default)]
    pub(crate) from: Option<String>,
}

/// A part of the entries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entries {
    pub(crate) run_id: RunId,
    pub(crate) number: u32,
    pub(crate) segment: i32,
    pub(crate) segments: i32,
    /// Where to go on: a space and an entry.
    #[serde(default)]
    pub(crate) from: Option<(String, String)>,
}

/// Begins a run, named by the event: delivered twice, it is one run.
pub(crate) async fn dispatch(
    app: &App,
    scheduled: &Scheduled,
    context: &JobContext,
) -> Result<JobOutcome, JobError> {
    let now = context.clock.now();
    let as_of = app.settings.as_of(scheduled, now)?;
    let run_id = scheduled.run_id();
    let today = as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = days(today);
    let segments = segments(today);
    let parts = u32::try_from(days.len() + segments.len()).unwrap_or(u32::MAX);
    app.runs.begin(&run_id, app.settings.name, as_of, parts, now).await?;
    let mut messages = Vec::new();
    for (number, day) in (0..).zip(days) {
        let run_id = run_id.clone();
        messages.push(SweepMessage::Contents(Contents { run_id, as_of, number, day, from: None }));
    }
    let first = u32::try_from(messages.len()).unwrap_or(0);
    for (number, segment) in (first..).zip(segments) {
        messages.push(SweepMessage::Entries(Entries {
            run_id: run_id.clone(),
            number,
            segment,
            segments: i32::try_from(ENTRY_PARTS * ENTRIES_CYCLE).unwrap_or(i32::MAX),
            from: None,
        }));
    }
    app.queue.send_all(&messages).await?;
    let mut outcome = JobOutcome::default();
    outcome.add("parts", u64::from(parts));
    Ok(outcome)
}

/// The days of a night: the last week, and those of which it is a thirtieth day since.
fn days(today: Date) -> Vec<Date> {
    let ordinal = i64::from((today - FIRST_DAY).get_days());
    let past = (1..).map(|times| times * DAYS_CYCLE).take_while(|back| *back <= ordinal);
    (0..RECENT_DAYS).chain(past).map(|back| today.saturating_sub(back.days())).collect()
}

/// The parts of the entries of a night.
fn segments(today: Date) -> Vec<i32> {
    let ordinal = i64::from((today - FIRST_DAY).get_days());
    let first = ordinal.rem_euclid(ENTRIES_CYCLE) * ENTRY_PARTS;
    (first..first + ENTRY_PARTS).filter_map(|segment| i32::try_from(segment).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_day_is_looked_at_within_a_month_and_every_entry_within_three() {
        let last = jiff::civil::date(2028, 6, 30);
        let nights = |count: i64| (0..count).map(move |back| last.saturating_sub(back.days()));
        let looked: BTreeSet<Date> = nights(DAYS_CYCLE).flat_map(days).collect();
        let mut day = FIRST_DAY;
        while day <= last {
            assert!(looked.contains(&day), "{day}");
            day = day.saturating_add(1.day());
        }
        let parts: BTreeSet<i32> = nights(ENTRIES_CYCLE).flat_map(segments).collect();
        let all = i32::try_from(ENTRIES_CYCLE * ENTRY_PARTS).unwrap_or(0);
        assert_eq!(parts, (0..all).collect());
    }
}
