//! An heir's claim to the record of someone who died: what the law asks for, and the two
//! agents who find it given. Sources: L.1111-18 (heirs, the partner of a civil union, the
//! cohabitant), L.1110-4 V (to know the causes of the death, defend the memory of the dead or
//! assert one's rights, as far as that takes it, unless the person objected; who held the
//! parental authority over a minor has all of it but what the minor kept secret, L.1111-5). Must
//! not know how the claim is proven, nor what is handed over.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::SpaceId;

/// Days for which a second agent may find the same: after them it was not claimed.
pub const HEIR_CLAIM_DAYS: i64 = 30;
/// Days for which an admitted heir may ask for their copy.
pub const HEIR_ACCESS_DAYS: i64 = 30;

/// What one is to the dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeirRelation {
    /// *Ayant droit*: a successor by law or will.
    Successor,
    /// The partner of a civil union.
    Partner,
    /// The cohabitant.
    Cohabitant,
    /// Who held the parental authority over a minor.
    ParentalAuthority,
}

/// What it is for: the law knows three purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeirPurpose {
    /// To know the causes of the death.
    CauseOfDeath,
    /// To defend the memory of the dead.
    Memory,
    /// To assert one's rights.
    Rights,
}

/// What one agent found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeirClaim {
    /// Who claims: their own space.
    pub heir: SpaceId,
    /// What they are to the dead.
    pub relation: HeirRelation,
    /// What it is for.
    pub purpose: HeirPurpose,
    /// The first day of the care it is about: what is older is not needed for it.
    pub care_since: Date,
    /// The file with the proofs.
    pub reference: String,
    /// The agent.
    pub agent: String,
    /// When.
    pub at: Timestamp,
}

/// What a heir was admitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inheritance {
    /// The first day of the care that is handed over.
    pub care_since: Date,
    /// Until when a copy may be asked for.
    pub until: Timestamp,
}

/// What comes of what an agent found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeirFinding {
    /// Another agent looks at it too.
    Pending,
    /// The same agent found it before.
    SameAgent,
    /// Two found the same.
    Admitted(Inheritance),
}

impl HeirClaim {
    /// What comes of it, where another stands `before`. Two that differ in anything the law asks
    /// for are not the same finding: the later one waits for a second.
    pub fn weigh(&self, before: Option<&Self>) -> HeirFinding {
        let after = |at: Timestamp, days: i64| {
            at.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
        };
        let found =
            |claim: &Self| (claim.heir.clone(), claim.relation, claim.purpose, claim.care_since);
        match before {
            Some(before) if self.at >= after(before.at, HEIR_CLAIM_DAYS) => HeirFinding::Pending,
            Some(before) if found(before) != found(self) => HeirFinding::Pending,
            Some(before) if before.agent == self.agent => HeirFinding::SameAgent,
            Some(_) => {
                let until = after(self.at, HEIR_ACCESS_DAYS);
                HeirFinding::Admitted(Inheritance { care_since: self.care_since, until })
            }
            None => HeirFinding::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn two_agents_find_the_same_within_thirty_days() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let claim = |agent: &str, on: &str, care_since| HeirClaim {
            heir: SpaceId::from_bytes([1; 16]),
            relation: HeirRelation::Successor,
            purpose: HeirPurpose::CauseOfDeath,
            care_since,
            reference: "1".to_owned(),
            agent: agent.to_owned(),
            at: at(on),
        };
        let since = date(2026, 6, 1);
        let first = claim("A", "2027-01-01T10:00:00Z", since);
        assert_eq!(first.weigh(None), HeirFinding::Pending);
        let again = claim("A", "2027-01-02T10:00:00Z", since);
        assert_eq!(again.weigh(Some(&first)), HeirFinding::SameAgent);
        let other = claim("B", "2027-01-02T10:00:00Z", date(2020, 1, 1));
        assert_eq!(other.weigh(Some(&first)), HeirFinding::Pending, "more than the first found");
        let late = claim("B", "2027-01-31T10:00:00Z", since);
        assert_eq!(late.weigh(Some(&first)), HeirFinding::Pending);
        let second = claim("B", "2027-01-31T09:59:59Z", since);
        let until = at("2027-03-02T09:59:59Z");
        let admitted = HeirFinding::Admitted(Inheritance { care_since: since, until });
        assert_eq!(second.weigh(Some(&first)), admitted);
    }
}
