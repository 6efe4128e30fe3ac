//! What a holder and a professional are to each other: consent given, an access held, a
//! block. Sources: `domain.md` B4 (a blocked professional never gets in, even with an
//! authorisation), B5 (after unblocking, authorised again), C14 (consent counts for the
//! care team: R.1111-46). Must not know how it is sealed or found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decision::{AccessMode, RuleEffect, Standing};
use crate::{AccessId, BlockId, DocumentId, GrantId, RuleId};

/// Seconds an access with consent lasts: a day's work.
pub const NORMAL_ACCESS_S: i64 = 12 * 3_600;
/// Seconds an access in an emergency lasts.
pub const EMERGENCY_ACCESS_S: i64 = 4 * 3_600;
/// Most members of a care team that one consent can count for.
pub const TEAM_MEMBERS_MAX: usize = 500;

/// What a holder and one professional are to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tie {
    /// The professional's RPPS number.
    pub rpps: String,
    /// Their name, once they have come.
    pub name: Option<String>,
    /// Their profession's code, once they have come.
    pub profession: Option<String>,
    /// The structure they last came from.
    pub structure: Option<String>,
    /// The holder's consent.
    pub grant: Option<Grant>,
    /// The access they hold.
    pub access: Option<HeldAccess>,
    /// Whether a colleague's consent does not count for them: theirs was withdrawn, or
    /// they were blocked, and presence was not proven since.
    pub apart: bool,
}

/// A holder's consent for one professional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Its name.
    pub grant_id: GrantId,
    /// What the holder chose them as.
    pub role: Option<Standing>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// When it was given.
    pub since: Timestamp,
    /// How it was given.
    pub given: ConsentForm,
    /// The structure it counts in: for colleagues there too. That from which the
    /// professional first came with it; none before, and none without a structure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
}

/// How consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConsentForm {
    /// By the holder's side, in their space.
    InSpace,
    /// Told to the professional, who attests it.
    Oral,
    /// Signed, which the professional attests.
    Written,
}

/// An access that a professional holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldAccess {
    /// Its name.
    pub access_id: AccessId,
    /// How they came in.
    pub mode: AccessMode,
    /// When it ends.
    pub until: Timestamp,
}

/// A holder's block of one professional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Its name.
    pub block_id: BlockId,
    /// Whom it keeps out.
    pub rpps: String,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// A holder's choice about one document for one professional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its name.
    pub rule_id: RuleId,
    /// The document.
    pub document_id: DocumentId,
    /// For whom.
    pub rpps: String,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// What they see of it.
    pub effect: RuleEffect,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is about a minor's secret care: representatives are not shown it.
    #[serde(default)]
    pub secret: bool,
}

/// Those of one structure whom the holder consented to: for their colleagues it counts
/// too (R.1111-46).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CareTeam {
    /// By RPPS number, until when.
    pub members: BTreeMap<String, Option<Timestamp>>,
}

impl Tie {
    /// With someone who never came.
    pub fn new(rpps: &str) -> Self {
        Self {
            rpps: rpps.to_owned(),
            name: None,
            profession: None,
            structure: None,
            grant: None,
            access: None,
            apart: false,
        }
    }

    /// The consent that stands.
    pub fn grant_at(&self, now: Timestamp) -> Option<&Grant> {
        self.grant.as_ref().filter(|grant| stands(grant.until, now))
    }

    /// What the holder chose them as, while that stands.
    pub fn standing_at(&self, now: Timestamp) -> Option<Standing> {
        self.grant_at(now).and_then(|grant| grant.role)
    }

    /// How they came in, while that lasts.
    pub fn access_at(&self, now: Timestamp) -> Option<AccessMode> {
        self.access.as_ref().filter(|access| now < access.until).map(|access| access.mode)
    }

    /// Whether consent stands: their own, or that for a colleague.
    pub fn consented_at(&self, team: Option<&CareTeam>, now: Timestamp) -> bool {
        let by_team = || team.is_some_and(|team| team.stands_beside(&self.rpps, now));
        self.grant_at(now).is_some() || (!self.apart && by_team())
    }

    /// Consent is given, or given anew under the same name.
    pub fn give(&mut self, grant: Grant) {
        self.apart = false;
        self.grant = Some(grant);
    }

    /// Consent is withdrawn: the access ends, and a colleague's consent does not count.
    pub fn withdraw(&mut self) {
        self.grant = None;
        self.access = None;
        self.apart = true;
    }
}

impl ConsentForm {
    /// The name used in traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::InSpace => "inSpace",
            Self::Oral => "oral",
            Self::Written => "written",
        }
    }
}

impl HeldAccess {
    /// An access opened now.
    pub fn new(access_id: AccessId, mode: AccessMode, now: Timestamp) -> Self {
        let lasts_s = match mode {
            AccessMode::Normal => NORMAL_ACCESS_S,
            AccessMode::BreakGlass | AccessMode::Regulation => EMERGENCY_ACCESS_S,
        };
        let until = Timestamp::from_second(now.as_second() + lasts_s).unwrap_or(now);
        Self { access_id, mode, until }
    }
}

impl CareTeam {
    /// Whether consent for any of them but `rpps` stands: one's own is one's own.
    pub fn stands_beside(&self, rpps: &str, now: Timestamp) -> bool {
        self.members.iter().any(|(member, until)| member != rpps && stands(*until, now))
    }

    /// Counts someone in; those whose consent is over leave, so that it does not grow.
    pub fn join(&mut self, rpps: &str, until: Option<Timestamp>, now: Timestamp) {
        self.members.retain(|_, until| stands(*until, now));
        if self.members.len() < TEAM_MEMBERS_MAX {
            self.members.insert(rpps.to_owned(), until);
        }
    }
}

/// Whether what ends then still stands.
fn stands(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_none_or(|until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn grant(until: Option<i64>) -> Grant {
        Grant {
            grant_id: GrantId::from_bytes([1; 16]),
            role: None,
            until: until.map(at),
            since: at(0),
            given: ConsentForm::Oral,
            structure: None,
        }
    }

    #[test]
    fn consent_ends_at_its_date_and_counts_for_colleagues() {
        let mut team = CareTeam::default();
        let mut tie = Tie::new("10100997245");
        assert!(!tie.consented_at(Some(&team), at(1)));
        tie.give(grant(Some(10)));
        assert!(tie.consented_at(None, at(9)));
        assert!(!tie.consented_at(None, at(10)));
        team.join("10100997245", Some(at(10)), at(1));
        let colleague = Tie::new("10002422979");
        assert!(colleague.consented_at(Some(&team), at(9)));
        assert!(!colleague.consented_at(Some(&team), at(10)));
        assert!(!tie.consented_at(Some(&team), at(10)), "one's own end is not outlived by it");
        team.join("10002422979", None, at(11));
        assert_eq!(team.members.len(), 1);
        assert!(!colleague.consented_at(Some(&team), at(12)), "nor is one beside oneself");
    }

    #[test]
    fn who_was_set_apart_does_not_come_back_with_a_colleague() {
        let mut team = CareTeam::default();
        team.join("10002422979", None, at(0));
        let mut tie = Tie::new("10100997245");
        tie.give(grant(None));
        tie.access =
            Some(HeldAccess::new(AccessId::from_bytes([2; 16]), AccessMode::Normal, at(0)));
        assert_eq!(tie.access_at(at(1)), Some(AccessMode::Normal));
        tie.withdraw();
        assert!(!tie.consented_at(Some(&team), at(1)));
        assert_eq!(tie.access_at(at(1)), None);
        tie.give(grant(None));
        assert!(tie.consented_at(Some(&team), at(1)));
    }
}
