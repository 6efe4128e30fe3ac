//! The announcement consultation (*consultation d'annonce*): what its author keeps from the
//! patient until they have met. Told of after two weeks, shown after a month
//! (`domain.md` B3, `INVISIBLE_PATIENT`). Must not know the document, nor who is told.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::paris_date;

/// Days after which the patient is told that something waits.
const TOLD_AFTER_DAYS: i64 = 14;

/// The day on which the patient is told that something waits.
pub fn told_on(since: Timestamp) -> Date {
    paris_date(since).saturating_add(TOLD_AFTER_DAYS.days())
}

/// The day on which it is shown by itself: the same day of the next month, or the last of
/// a shorter one.
pub fn shown_on(since: Timestamp) -> Date {
    paris_date(since).saturating_add(1.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_after_two_weeks_and_shown_after_a_calendar_month() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        for (since, told, shown) in [
            ("2027-03-04T10:00:00Z", "2027-03-18", "2027-04-04"),
            ("2027-01-31T10:00:00Z", "2027-02-14", "2027-02-28"),
            // Half past midnight in Paris is the next day.
            ("2027-03-03T23:30:00Z", "2027-03-18", "2027-04-04"),
        ] {
            assert_eq!(told_on(at(since)).to_string(), told);
            assert_eq!(shown_on(at(since)).to_string(), shown);
        }
    }
}
