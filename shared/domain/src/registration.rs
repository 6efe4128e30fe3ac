//! The life of a registration, from the invitation to a space or a refusal.
//! Sources: `domain.md` A3–A8, A13, C2, C3 (R.1111-28, R.1111-36); `design.md`,
//! "The life of a space". Must not know how it is stored: the write repeats the
//! transition as a condition, so that of two racing requests one wins.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{PHONE_UNDO_DAYS, SpaceId, code_expires_at};

/// Days for which the older shared record (*DMP*) of someone who refuses stays
/// readable by professionals (`domain.md` A20: "a transition", of no published
/// length; ours).
pub const DMP_TRANSITION_DAYS: i64 = 180;

/// Until when a refusal that can be reversed stays so.
pub fn reversible_until(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24 * PHONE_UNDO_DAYS)).unwrap_or(Timestamp::MAX)
}

/// By which way a refusal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OppositionChannel {
    /// By the person or their representative, on the web.
    Web,
    /// Through an agent of the phone line.
    PhoneLine,
}

/// Where a fed person stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// A code was sent; without a refusal the space opens by itself.
    Invited {
        /// When the code that started the six weeks was sent. A newer code does
        /// not move it.
        sent_at: Timestamp,
    },
    /// The person refused; they may still change their mind.
    Opposed {
        /// When.
        at: Timestamp,
        /// By which way.
        channel: OppositionChannel,
        /// What a reversal would bring back, while it may: taken by phone, or by
        /// one of two representatives.
        reversible: Option<Reversible>,
    },
    /// A space exists; its own state says the rest.
    Held {
        /// The space.
        space_id: SpaceId,
    },
    /// The space was erased; the person may open a new one.
    Erased {
        /// When.
        at: Timestamp,
    },
}

/// What a reversed refusal falls back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reversible {
    /// When the six weeks began.
    pub sent_at: Timestamp,
    /// The last instant of reversing.
    pub until: Timestamp,
}

/// What may happen to a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationAct {
    /// The person, or their representative, opens the space.
    Activate {
        /// The space to be.
        space_id: SpaceId,
    },
    /// The person, or their representative, refuses.
    Oppose {
        /// When.
        at: Timestamp,
        /// By which way.
        channel: OppositionChannel,
        /// Whether another may reverse it for a while.
        reversible: bool,
    },
    /// The refusal is undone: by the phone line, or by the other representative.
    Reverse {
        /// When.
        at: Timestamp,
    },
    /// The scheduled job opens the space.
    OpenAutomatically {
        /// As of when the job runs.
        as_of: Timestamp,
        /// The space to be.
        space_id: SpaceId,
    },
}

/// Why an act does not apply. A person may be told it once their identity is
/// proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationRefusal {
    /// The space exists already.
    #[error("a space exists already")]
    AlreadyHeld {
        /// Which.
        space_id: SpaceId,
    },
    /// The person has refused already.
    #[error("already opposed")]
    AlreadyOpposed,
    /// The person's space was erased: nothing opens by itself, and there is nothing to refuse.
    #[error("erased")]
    Erased,
    /// The six weeks have not passed.
    #[error("not due yet")]
    NotDue,
    /// There is no refusal that could be reversed, or no longer.
    #[error("not reversible")]
    NotReversible,
}

impl Registration {
    /// When the space opens by itself, where it may.
    pub fn opens_at(&self) -> Option<Timestamp> {
        match self {
            Self::Invited { sent_at } => Some(code_expires_at(*sent_at)),
            Self::Opposed { .. } | Self::Held { .. } | Self::Erased { .. } => None,
        }
    }

    /// Applies an act.
    pub fn apply(self, act: RegistrationAct) -> Result<Self, RegistrationRefusal> {
        match (self, act) {
            (Self::Held { space_id }, _) => Err(RegistrationRefusal::AlreadyHeld { space_id }),
            (
                Self::Invited { .. } | Self::Opposed { .. } | Self::Erased { .. },
                RegistrationAct::Activate { space_id },
            ) => Ok(Self::Held { space_id }),
            (Self::Erased { .. }, _) => Err(RegistrationRefusal::Erased),
            (Self::Invited { sent_at }, RegistrationAct::Oppose { at, channel, reversible }) => {
                let reversible =
                    reversible.then(|| Reversible { sent_at, until: reversible_until(at) });
                Ok(Self::Opposed { at, channel, reversible })
            }
            (Self::Opposed { reversible: Some(back), .. }, RegistrationAct::Reverse { at })
                if at <= back.until =>
            {
                Ok(Self::Invited { sent_at: back.sent_at })
            }
            (Self::Invited { .. } | Self::Opposed { .. }, RegistrationAct::Reverse { .. }) => {
                Err(RegistrationRefusal::NotReversible)
            }
            (
                Self::Opposed { .. },
                RegistrationAct::Oppose { .. } | RegistrationAct::OpenAutomatically { .. },
            ) => Err(RegistrationRefusal::AlreadyOpposed),
            (Self::Invited { sent_at }, RegistrationAct::OpenAutomatically { as_of, space_id }) => {
                if code_expires_at(sent_at) <= as_of {
                    Ok(Self::Held { space_id })
                } else {
                    Err(RegistrationRefusal::NotDue)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or_default()
    }

    fn space() -> SpaceId {
        SpaceId::from_bytes([1; 16])
    }

    #[test]
    fn every_state_answers_every_act() {
        let sent = at("2027-01-04T09:00:00Z");
        let due = at("2027-02-15T09:00:00Z");
        let early = at("2027-02-15T08:59:59Z");
        let invited = Registration::Invited { sent_at: sent };
        let channel = OppositionChannel::Web;
        let opposed = Registration::Opposed { at: sent, channel, reversible: None };
        let back = Reversible { sent_at: sent, until: at("2027-01-18T09:00:00Z") };
        let revocable = Registration::Opposed { at: sent, channel, reversible: Some(back) };
        let held = Registration::Held { space_id: space() };
        let erased = Registration::Erased { at: sent };
        let activate = RegistrationAct::Activate { space_id: space() };
        let oppose = RegistrationAct::Oppose { at: sent, channel, reversible: false };
        let oppose_for = RegistrationAct::Oppose { at: sent, channel, reversible: true };
        let reverse = |at| RegistrationAct::Reverse { at };
        let too_late = at("2027-01-18T09:00:01Z");
        let open = |as_of| RegistrationAct::OpenAutomatically { as_of, space_id: space() };
        let already = Err(RegistrationRefusal::AlreadyHeld { space_id: space() });
        let cases = [
            (&invited, activate.clone(), Ok(held.clone())),
            (&invited, oppose.clone(), Ok(opposed.clone())),
            (&invited, open(due), Ok(held.clone())),
            (&invited, open(early), Err(RegistrationRefusal::NotDue)),
            (&invited, oppose_for, Ok(revocable.clone())),
            (&invited, reverse(sent), Err(RegistrationRefusal::NotReversible)),
            (&revocable, reverse(back.until), Ok(invited.clone())),
            (&revocable, reverse(too_late), Err(RegistrationRefusal::NotReversible)),
            (&revocable, activate.clone(), Ok(held.clone())),
            (&opposed, reverse(sent), Err(RegistrationRefusal::NotReversible)),
            (&held, reverse(sent), already.clone()),
            (&opposed, activate.clone(), Ok(held.clone())),
            (&opposed, oppose.clone(), Err(RegistrationRefusal::AlreadyOpposed)),
            (&opposed, open(due), Err(RegistrationRefusal::AlreadyOpposed)),
            (&held, activate.clone(), already.clone()),
            (&held, oppose.clone(), already.clone()),
            (&held, open(due), already),
            (&erased, activate, Ok(held.clone())),
            (&erased, oppose, Err(RegistrationRefusal::Erased)),
            (&erased, open(due), Err(RegistrationRefusal::Erased)),
            (&erased, reverse(sent), Err(RegistrationRefusal::Erased)),
        ];
        for (state, act, expected) in cases {
            assert_eq!(state.clone().apply(act.clone()), expected, "{state:?} {act:?}");
        }
    }

    #[test]
    fn only_an_invited_person_has_a_date() {
        assert_eq!(
            Registration::Invited { sent_at: at("2027-01-04T09:00:00Z") }.opens_at(),
            Some(at("2027-02-15T09:00:00Z"))
        );
        assert_eq!(Registration::Held { space_id: space() }.opens_at(), None);
    }
}
