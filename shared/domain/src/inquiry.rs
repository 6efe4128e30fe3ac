//! An inquiry into what one professional read: asked by one agent with its legal basis,
//! approved by another (`domain.md` B6: one professional's traces are produced in seven
//! working days). Must not know how traces are found.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Most months of one inquiry: ten years, the two it begins and ends in, and the one before,
/// whose last hours are the first by the clock of Paris.
pub const INQUIRY_MONTHS_MAX: usize = 123;

/// What is asked, by whom, on what ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inquiry {
    /// The professional's RPPS number.
    pub rpps: String,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The law or decision that allows it.
    pub legal_basis: String,
    /// The file it belongs to.
    pub reference: String,
    /// The agent who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// The agent who approved, and when.
    pub approved: Option<(String, Timestamp)>,
}

/// The agent may not approve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("who asked cannot approve")]
pub struct AskedByYou;

impl Inquiry {
    /// Approves it. Approved before, it stays as it was.
    pub fn approve(&mut self, agent: &str, now: Timestamp) -> Result<(), AskedByYou> {
        if self.asked_by == agent {
            return Err(AskedByYou);
        }
        self.approved.get_or_insert_with(|| (agent.to_owned(), now));
        Ok(())
    }

    /// The first days of the months in which its traces are found; none where it ends before it begins, or is longer than
    /// [`INQUIRY_MONTHS_MAX`].
    pub fn months(&self) -> Vec<Date> {
        let mut months = Vec::new();
        if self.to < self.from {
            return months;
        }
        // Traces are found by the month of UTC; midnight in Paris is the day before there.
        let mut month = self.from.saturating_sub(1.day()).first_of_month();
        while month <= self.to {
            if months.len() >= INQUIRY_MONTHS_MAX {
                return Vec::new();
            }
            months.push(month);
            month = month.saturating_add(1.month());
        }
        months
    }

    /// Whether an act of that instant is asked for: within its days, and no later than its
    /// approval, when it begins to be produced.
    pub fn covers(&self, at: Timestamp) -> bool {
        let was_there = self.approved.as_ref().is_some_and(|(_, approved)| at <= *approved);
        was_there && (self.from..=self.to).contains(&crate::paris_date(at))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn inquiry(from: Date, to: Date) -> Inquiry {
        Inquiry {
            rpps: "10100997245".to_owned(),
            from,
            to,
            legal_basis: "Réquisition".to_owned(),
            reference: "1".to_owned(),
            asked_by: "A".to_owned(),
            asked_at: Timestamp::UNIX_EPOCH,
            approved: None,
        }
    }

    #[test]
    fn months_are_whole_and_bounded() {
        let asked = inquiry(date(2026, 11, 30), date(2027, 2, 1));
        let months = [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)];
        assert_eq!(asked.months(), months);
        // The first of December at half past midnight in Paris is in November elsewhere.
        let asked = inquiry(date(2026, 12, 1), date(2026, 12, 31));
        assert_eq!(asked.months(), [date(2026, 11, 1), date(2026, 12, 1)]);
        assert!(inquiry(date(2027, 2, 1), date(2027, 1, 1)).months().is_empty());
        assert!(inquiry(date(1900, 1, 1), date(2027, 1, 1)).months().is_empty());
    }

    #[test]
    fn it_covers_its_days_in_paris_and_nothing_after_its_approval() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut asked = inquiry(date(2026, 12, 1), date(2026, 12, 31));
        assert!(!asked.covers(at("2026-12-05T10:00:00Z")), "nobody approved it");
        asked.approved = Some(("B".to_owned(), at("2026-12-31T12:00:00Z")));
        assert!(asked.covers(at("2026-11-30T23:30:00Z")));
        assert!(!asked.covers(at("2026-11-30T22:30:00Z")));
        assert!(!asked.covers(at("2026-12-31T13:00:00Z")));
    }

    #[test]
    fn who_asked_does_not_approve() {
        let mut asked = inquiry(date(2027, 1, 1), date(2027, 1, 31));
        assert_eq!(asked.approve("A", Timestamp::UNIX_EPOCH), Err(AskedByYou));
        assert_eq!(asked.approve("B", Timestamp::UNIX_EPOCH), Ok(()));
        assert_eq!(asked.approved.map(|(agent, _)| agent).as_deref(), Some("B"));
    }
}
