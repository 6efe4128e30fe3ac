//! The closing of a child's space that one of two representatives asked for: it takes both
//! (Code civil, art. 372-2: what is not usual takes the agreement of both parents). Must not
//! know how the other is told.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::SpaceId;

/// Days for which the other may agree: after them it was not asked.
pub const CLOSURE_PENDING_DAYS: i64 = 30;

/// What one representative asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosureAsked {
    /// Who: their own space.
    pub by: SpaceId,
    /// When.
    pub at: Timestamp,
    /// Whether they want it erased at once.
    pub erase: bool,
}

/// What comes of a representative's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// Nobody else is to be asked, or both want it: closed, or erased where all say so.
    Complete {
        /// Whether it is erased.
        erase: bool,
    },
    /// The other has not said so yet.
    Pending,
}

impl ClosureAsked {
    /// Until when the other may agree.
    pub fn until(&self) -> Timestamp {
        let days = SignedDuration::from_hours(24 * CLOSURE_PENDING_DAYS);
        self.at.checked_add(days).unwrap_or(Timestamp::MAX)
    }

    /// What comes of the word of one of `representatives` now, where `before` was asked. The
    /// word of one who no longer represents the child does not count. Where the insurer `named`
    /// more than have taken the space in hand, one alone closes it, which either undoes, and
    /// does not have it erased.
    pub fn agree(
        &self,
        before: Option<&Self>,
        representatives: &[SpaceId],
        named: usize,
    ) -> Agreement {
        let is_alone = representatives.iter().all(|one| *one == self.by);
        if is_alone && (named < 2 || !self.erase) {
            return Agreement::Complete { erase: self.erase };
        }
        match before.filter(|before| representatives.contains(&before.by)) {
            Some(before) if before.by != self.by && self.at < before.until() => {
                Agreement::Complete { erase: self.erase && before.erase }
            }
            _ => Agreement::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_both_within_thirty_days_and_erases_only_where_both_say_so() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let id = |by: u8| SpaceId::from_bytes([by; 16]);
        let asked = |by: u8, on: &str, erase| ClosureAsked { by: id(by), at: at(on), erase };
        let both = [id(1), id(2)];
        let first = asked(1, "2027-01-01T10:00:00Z", true);
        let complete = |erase| Agreement::Complete { erase };
        assert_eq!(first.agree(None, &both[..1], 1), complete(true), "alone");
        assert_eq!(first.agree(None, &both, 2), Agreement::Pending);
        assert_eq!(first.agree(None, &both[..1], 2), Agreement::Pending, "another was named");
        let kept = asked(1, "2027-01-01T10:00:00Z", false);
        assert_eq!(kept.agree(None, &both[..1], 2), complete(false), "which is undone");
        let again = asked(1, "2027-01-02T10:00:00Z", true);
        assert_eq!(again.agree(Some(&first), &both, 2), Agreement::Pending, "the same one twice");
        let last = asked(2, "2027-01-31T09:59:59Z", true);
        assert_eq!(last.agree(Some(&first), &both, 2), complete(true));
        let keeps = asked(2, "2027-01-31T09:59:59Z", false);
        assert_eq!(keeps.agree(Some(&first), &both, 2), complete(false), "one of them keeps it");
        let late = asked(2, "2027-01-31T10:00:00Z", true);
        assert_eq!(late.agree(Some(&first), &both, 2), Agreement::Pending);
        let others = [id(2), id(3)];
        assert_eq!(last.agree(Some(&first), &others, 2), Agreement::Pending, "theirs no more");
    }
}
