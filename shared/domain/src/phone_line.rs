//! When the phone line is open. Source: `domain.md` A10 (Monday to Friday, 8:30
//! to 17:30, by the clock of Paris). Must not know what agents do.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

/// The hours, one line a day: data, so that a change of hours is no change of
/// code.
const HOURS: &str = include_str!("../data/phone_line_hours.csv");

/// The clock of mainland France: on the phone line's wall, and in every text.
pub static PARIS: jiff::tz::TimeZone = jiff::tz::get!("Europe/Paris");

/// The day it is in mainland France: ages and dates of documents go by it.
pub fn paris_date(at: Timestamp) -> Date {
    at.to_zoned(PARIS.clone()).date()
}

/// Days within which an opposition taken by phone can be undone.
pub const PHONE_UNDO_DAYS: i64 = 14;

/// Whether an agent answers at `at`.
pub fn phone_line_is_open(at: Timestamp) -> bool {
    let local = at.to_zoned(PARIS.clone());
    let time = local.strftime("%H:%M").to_string();
    HOURS.lines().skip(1).any(|line| {
        let mut fields = line.split(',');
        let day = fields.next().and_then(weekday);
        match (fields.next(), fields.next()) {
            (Some(opens), Some(closes)) => {
                day == Some(local.weekday()) && opens <= time.as_str() && time.as_str() < closes
            }
            _ => false,
        }
    })
}

/// The day of that name.
fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_follow_the_clock_of_paris_summer_and_winter() {
        let open = |text: &str| phone_line_is_open(text.parse().unwrap_or_default());
        // A winter Monday: 8:30 in Paris is 7:30 UTC.
        assert!(!open("2027-01-04T07:29:59Z") && open("2027-01-04T07:30:00Z"));
        assert!(open("2027-01-04T16:29:59Z") && !open("2027-01-04T16:30:00Z"));
        // A summer Friday: 6:30 UTC.
        assert!(!open("2027-07-02T06:29:00Z") && open("2027-07-02T06:30:00Z"));
        // The weekend.
        assert!(!open("2027-01-09T10:00:00Z") && !open("2027-01-10T10:00:00Z"));
    }

    #[test]
    fn every_line_of_the_hours_is_read() {
        for line in HOURS.lines().skip(1) {
            let fields: Vec<_> = line.split(',').collect();
            assert!(fields.len() == 3 && weekday(fields[0]).is_some(), "{line}");
            assert!(fields[1..].iter().all(|time| time.len() == 5), "{line}");
        }
    }
}
