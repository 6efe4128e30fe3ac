//! Dates and times as they are written in French. Must not know the texts.

use espace_domain::{PARIS, paris_date};
use jiff::Timestamp;
use jiff::civil::Date;

/// The last whole day before an instant, by the clock of Paris.
pub(crate) fn last_day(expires_at: Timestamp) -> Date {
    let date = paris_date(expires_at);
    date.yesterday().unwrap_or(date)
}

/// `9 h 05`, by the clock of Paris.
pub fn french_time(at: Timestamp) -> String {
    let local = at.to_zoned(PARIS.clone());
    format!("{} h {:02}", local.hour(), local.minute())
}

/// `3 mai 2027`, `1er mai 2027`.
pub fn french_date(date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let month = usize::try_from(date.month() - 1).ok().and_then(|m| MONTHS.get(m)).unwrap_or(&"");
    let day = if date.day() == 1 { "1er".to_owned() } else { date.day().to_string() };
    format!("{day} {month} {}", date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_french_and_never_promise_a_day_too_many() {
        assert_eq!(french_date(jiff::civil::date(2027, 3, 1)), "1er mars 2027");
        let expires: Timestamp = "2027-02-15T09:00:00Z".parse().unwrap_or_default();
        assert_eq!(french_date(last_day(expires)), "14 février 2027");
        assert_eq!(french_time(expires), "10 h 00");
    }
}
