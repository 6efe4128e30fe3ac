//! The review of an emergency access by two pairs of eyes: an agent finds, another one
//! closes. Sources: R.1111-48; `domain.md` D1 (API4), section C (oversight of overrides was
//! found weak elsewhere). Must not know how it is stored, nor what the written reason says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an agent found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Finding {
    /// The emergency was one.
    Justified,
    /// It was not.
    Unjustified,
}

/// One agent's review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The agent's number.
    pub agent: String,
    /// What they found.
    pub finding: Finding,
    /// Why.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Where the review of an access stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReviewState {
    /// Nobody has looked.
    Open,
    /// One agent has.
    Halfway,
    /// Two found the same.
    Closed,
    /// Two found otherwise: for the operator's own procedure.
    Disputed,
}

/// The review may not be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefused {
    /// The same agent looked before.
    #[error("the same agent reviewed it before")]
    SameAgent,
    /// Two have looked.
    #[error("it is closed")]
    Over,
}

impl ReviewState {
    /// Where it stands after these reviews.
    pub fn after(reviews: &[Review]) -> Self {
        match reviews {
            [] => Self::Open,
            [_] => Self::Halfway,
            [first, second, ..] if first.finding == second.finding => Self::Closed,
            _ => Self::Disputed,
        }
    }

    /// Whether a review is still wanted.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Halfway)
    }
}

/// Adds an agent's review to those there are.
pub fn add_review(reviews: &mut Vec<Review>, review: Review) -> Result<(), ReviewRefused> {
    if !ReviewState::after(reviews).is_open() {
        return Err(ReviewRefused::Over);
    }
    if reviews.iter().any(|before| before.agent == review.agent) {
        return Err(ReviewRefused::SameAgent);
    }
    reviews.push(review);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(agent: &str, finding: Finding) -> Review {
        let (note, at) = ("vu".to_owned(), Timestamp::UNIX_EPOCH);
        Review { agent: agent.to_owned(), finding, note, at }
    }

    #[test]
    fn two_agents_close_it_and_one_cannot() {
        let mut reviews = Vec::new();
        assert_eq!(ReviewState::after(&reviews), ReviewState::Open);
        assert_eq!(add_review(&mut reviews, review("a", Finding::Justified)), Ok(()));
        let again = add_review(&mut reviews, review("a", Finding::Justified));
        assert_eq!(again, Err(ReviewRefused::SameAgent));
        assert_eq!(ReviewState::after(&reviews), ReviewState::Halfway);
        assert_eq!(add_review(&mut reviews, review("b", Finding::Justified)), Ok(()));
        assert_eq!(ReviewState::after(&reviews), ReviewState::Closed);
        let third = add_review(&mut reviews, review("c", Finding::Unjustified));
        assert_eq!(third, Err(ReviewRefused::Over));
    }

    #[test]
    fn two_who_disagree_leave_it_to_the_operator() {
        let reviews = [review("a", Finding::Justified), review("b", Finding::Unjustified)];
        assert_eq!(ReviewState::after(&reviews), ReviewState::Disputed);
    }
}
