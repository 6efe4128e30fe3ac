//! Who helps a holder (*aidant*): invited, then accepted or refused by the one invited; at
//! most three a person, five persons a helper (`domain.md` B8). Must not know how an
//! invitation travels.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, CaregiverId, SpaceId};

/// Most caregivers of one person, invited ones included.
pub const CAREGIVERS_MAX: usize = 3;
/// Most persons that one caregiver helps.
pub const HELPED_MAX: usize = 5;
/// Days for which an invitation may be answered.
pub const INVITATION_VALIDITY_DAYS: i64 = 30;

/// A caregiver, as the person helped keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caregiver {
    /// Its name.
    pub caregiver_id: CaregiverId,
    /// The helper's own space; none where nobody was found, which is not told.
    pub helper: Option<SpaceId>,
    /// Their name, as the person typed it.
    pub name: String,
    /// When they were invited.
    pub invited_at: Timestamp,
    /// What they answered, and when.
    pub answer: Option<Answer>,
}

/// What an invited person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whether they help.
    pub accepted: bool,
    /// When.
    pub at: Timestamp,
}

/// Seconds for which the code of a helper by profession may be used.
pub const ASSISTANCE_CODE_VALIDITY_S: i64 = 600;
/// Seconds for which such a helper may then help.
pub const ASSISTANCE_S: i64 = 3_600;

/// A helper by profession (France Services), let in by a code that the holder drew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assistance {
    /// The agent's number.
    pub agent: String,
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Whose account let them in: a space taken back by another is not theirs.
    pub account: Option<AccountId>,
}

impl Assistance {
    /// Whether it stands, for a space in the hands of that account.
    pub fn stands_at(&self, now: Timestamp, account: Option<&AccountId>) -> bool {
        now < self.until && self.account.as_ref() == account
    }
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaregiverState {
    /// Not answered yet.
    Pending,
    /// They help.
    Accepted,
    /// They do not.
    Refused,
    /// Nobody answered in time.
    Expired,
}

impl Caregiver {
    /// Where it stands now.
    pub fn state_at(&self, now: Timestamp) -> CaregiverState {
        match self.answer {
            Some(Answer { accepted: true, .. }) => CaregiverState::Accepted,
            Some(Answer { accepted: false, .. }) => CaregiverState::Refused,
            None if now < invitation_expires_at(self.invited_at) => CaregiverState::Pending,
            None => CaregiverState::Expired,
        }
    }

    /// Whether it counts among [`CAREGIVERS_MAX`].
    pub fn counts_at(&self, now: Timestamp) -> bool {
        matches!(self.state_at(now), CaregiverState::Pending | CaregiverState::Accepted)
    }
}

/// When an invitation ends by itself.
pub fn invitation_expires_at(invited_at: Timestamp) -> Timestamp {
    let seconds = invited_at.as_second() + INVITATION_VALIDITY_DAYS * 86_400;
    Timestamp::from_second(seconds).unwrap_or(invited_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(days * 86_400).unwrap()
    }

    #[test]
    fn help_lasts_its_hour_and_ends_with_the_account_that_asked_for_it() {
        let (own, other) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let until = Timestamp::from_second(ASSISTANCE_S).unwrap();
        let (agent, account) = ("A".to_owned(), Some(own.clone()));
        let help = Assistance { agent, since: at(0), until, account };
        let last = Timestamp::from_second(ASSISTANCE_S - 1).unwrap();
        assert!(help.stands_at(last, Some(&own)));
        assert!(!help.stands_at(until, Some(&own)));
        assert!(!help.stands_at(last, Some(&other)));
        assert!(!help.stands_at(last, None));
    }

    #[test]
    fn an_invitation_is_answered_in_time_or_over() {
        let mut invited = Caregiver {
            caregiver_id: CaregiverId::from_bytes([1; 16]),
            helper: None,
            name: "Anne Dupré".to_owned(),
            invited_at: at(0),
            answer: None,
        };
        assert_eq!(invited.state_at(at(29)), CaregiverState::Pending);
        assert!(invited.counts_at(at(29)));
        assert_eq!(invited.state_at(at(30)), CaregiverState::Expired);
        assert!(!invited.counts_at(at(30)), "one that is over leaves its place");
        invited.answer = Some(Answer { accepted: true, at: at(3) });
        assert_eq!(invited.state_at(at(400)), CaregiverState::Accepted);
        invited.answer = Some(Answer { accepted: false, at: at(3) });
        assert_eq!(invited.state_at(at(4)), CaregiverState::Refused);
    }
}
