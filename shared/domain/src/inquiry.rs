//! An inquiry into what one professional read: asked by one agent with its legal basis,
//! approved by another (`domain.md` B6: one professional's traces are produced in seven
//! working days). Must not know how traces are found.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Most months of one inquiry: ten years and the two it begins and ends in.
pub const INQUIRY_MONTHS_MAX: usize = 122;

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

    /// The first days of its months; none where it ends before it begins, or is longer than
    /// [`INQUIRY_MONTHS_MAX`].
    pub fn months(&self) -> Vec<Date> {
        let mut months = Vec::new();
        let mut month = self.from.first_of_month();
        while month <= self.to {
            if months.len() >= INQUIRY_MONTHS_MAX {
                return Vec::new();
            }
            months.push(month);
            month = month.saturating_add(1.month());
        }
        months
    }

    /// Whether an act of that instant is asked for.
    pub fn covers(&self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&crate::paris_date(at))
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
        assert!(inquiry(date(2027, 2, 1), date(2027, 1, 1)).months().is_empty());
        assert!(inquiry(date(1900, 1, 1), date(2027, 1, 1)).months().is_empty());
    }

    #[test]
    fn who_asked_does_not_approve() {
        let mut asked = inquiry(date(2027, 1, 1), date(2027, 1, 31));
        assert_eq!(asked.approve("A", Timestamp::UNIX_EPOCH), Err(AskedByYou));
        assert_eq!(asked.approve("B", Timestamp::UNIX_EPOCH), Ok(()));
        assert_eq!(asked.approved.map(|(agent, _)| agent).as_deref(), Some("B"));
    }
}
