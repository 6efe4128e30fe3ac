//! The life of a registration, from the invitation to a space or a refusal.
//! Sources: `domain.md` A3–A8, A13, C2, C3 (R.1111-28, R.1111-36); `design.md`,
//! "The life of a space". Must not know how it is stored: the write repeats the
//! transition as a condition, so that of two racing requests one wins.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{SpaceId, code_expires_at};

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
    },
    /// A space exists; its own state says the rest.
    Held {
        /// The space.
        space_id: SpaceId,
    },
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
    /// The six weeks have not passed.
    #[error("not due yet")]
    NotDue,
}

impl Registration {
    /// When the space opens by itself, where it may.
    pub fn opens_at(&self) -> Option<Timestamp> {
        match self {
            Self::Invited { sent_at } => Some(code_expires_at(*sent_at)),
            Self::Opposed { .. } | Self::Held { .. } => None,
        }
    }

    /// Applies an act.
    pub fn apply(self, act: RegistrationAct) -> Result<Self, RegistrationRefusal> {
        match (self, act) {
            (Self::Held { space_id }, _) => Err(RegistrationRefusal::AlreadyHeld { space_id }),
            (
                Self::Invited { .. } | Self::Opposed { .. },
                RegistrationAct::Activate { space_id },
            ) => Ok(Self::Held { space_id }),
            (Self::Invited { .. }, RegistrationAct::Oppose { at, channel }) => {
                Ok(Self::Opposed { at, channel })
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
        let opposed = Registration::Opposed { at: sent, channel: OppositionChannel::Web };
        let held = Registration::Held { space_id: space() };
        let activate = RegistrationAct::Activate { space_id: space() };
        let oppose = RegistrationAct::Oppose { at: sent, channel: OppositionChannel::Web };
        let open = |as_of| RegistrationAct::OpenAutomatically { as_of, space_id: space() };
        let already = Err(RegistrationRefusal::AlreadyHeld { space_id: space() });
        let cases = [
            (&invited, activate.clone(), Ok(held.clone())),
            (&invited, oppose.clone(), Ok(opposed.clone())),
            (&invited, open(due), Ok(held.clone())),
            (&invited, open(early), Err(RegistrationRefusal::NotDue)),
            (&opposed, activate.clone(), Ok(held.clone())),
            (&opposed, oppose.clone(), Err(RegistrationRefusal::AlreadyOpposed)),
            (&opposed, open(due), Err(RegistrationRefusal::AlreadyOpposed)),
            (&held, activate, already.clone()),
            (&held, oppose, already.clone()),
            (&held, open(due), already),
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
