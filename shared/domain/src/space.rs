//! The life of a space once it exists. Sources: `domain.md` A13, A15–A18, C8
//! (R.1111-36); `design.md`, "The life of a space". Must not know how it is
//! stored, nor its keys.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// Years a closed space is kept (R.1111-36).
const ARCHIVE_YEARS: i64 = 10;

/// Where a space stands. Each variant carries only what is true in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpaceState {
    /// Created by itself after six weeks; professionals may deposit, the holder
    /// has not activated it.
    Open {
        /// When it was created.
        opened_at: Timestamp,
    },
    /// In the holder's hands.
    Active {
        /// When it was created.
        opened_at: Timestamp,
        /// When the holder activated it.
        activated_at: Timestamp,
    },
    /// Closed by the holder; archived until the purge.
    Closed {
        /// When it was created.
        opened_at: Timestamp,
        /// When the holder activated it; `None` where they never did.
        activated_at: Option<Timestamp>,
        /// When it was closed.
        closed_at: Timestamp,
        /// When the purge erases it.
        erasure_due_at: Timestamp,
    },
    /// Nothing is left but the traces.
    Erased {
        /// When it was created.
        opened_at: Timestamp,
        /// When.
        at: Timestamp,
        /// When the traces go: ten years after it was closed, or erased at once.
        traces_due_at: Timestamp,
    },
}

/// What keeps a holder out of a space that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspension {
    /// Someone who is told of what happens there said "Ce n'est pas moi"; only a
    /// new proof of identity lifts it.
    Frozen,
    /// The insurer reported the holder's death.
    Deceased,
}

/// The act does not apply in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the space is {state}")]
pub struct InvalidTransition {
    /// The state that stood in the way, as [`SpaceState::name`] has it.
    pub state: &'static str,
}

impl SpaceState {
    /// The name used in the API and in storage.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Active { .. } => "active",
            Self::Closed { .. } => "closed",
            Self::Erased { .. } => "erased",
        }
    }

    /// The holder takes an automatically opened space in hand.
    pub fn activate(self, now: Timestamp) -> Result<Self, InvalidTransition> {
        match self {
            Self::Open { opened_at } => Ok(Self::Active { opened_at, activated_at: now }),
            other => Err(other.refuse()),
        }
    }

    /// The holder closes; ten years of archive begin.
    pub fn close(self, now: Timestamp) -> Result<Self, InvalidTransition> {
        let (opened_at, activated_at) = match self {
            Self::Open { opened_at } => (opened_at, None),
            Self::Active { opened_at, activated_at } => (opened_at, Some(activated_at)),
            other => return Err(other.refuse()),
        };
        let erasure_due_at = archive_ends_at(now);
        Ok(Self::Closed { opened_at, activated_at, closed_at: now, erasure_due_at })
    }

    /// The content goes: at the holder's word while they have it in hand, or once the ten
    /// years of a closed one are over. The traces outlive it until those ten years end.
    pub fn erase(self, now: Timestamp) -> Result<Self, InvalidTransition> {
        match self {
            Self::Open { opened_at } | Self::Active { opened_at, .. } => {
                Ok(Self::Erased { opened_at, at: now, traces_due_at: archive_ends_at(now) })
            }
            Self::Closed { opened_at, erasure_due_at, .. } if erasure_due_at <= now => {
                Ok(Self::Erased { opened_at, at: now, traces_due_at: erasure_due_at })
            }
            other => Err(other.refuse()),
        }
    }

    /// The holder takes a closed space back as it was. Once its ten years are over it is
    /// the purge's, whether or not that has come by.
    pub fn reopen(self, now: Timestamp) -> Result<Self, InvalidTransition> {
        match self {
            Self::Closed { opened_at, activated_at, erasure_due_at, .. }
                if now < erasure_due_at =>
            {
                Ok(match activated_at {
                    Some(activated_at) => Self::Active { opened_at, activated_at },
                    None => Self::Open { opened_at },
                })
            }
            other => Err(other.refuse()),
        }
    }

    /// When something of it is to be purged: the content of a closed space, the traces of an
    /// erased one.
    pub fn purge_due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open { .. } | Self::Active { .. } => None,
            Self::Closed { erasure_due_at, .. } => Some(*erasure_due_at),
            Self::Erased { traces_due_at, .. } => Some(*traces_due_at),
        }
    }

    /// The refusal that this state gives.
    fn refuse(&self) -> InvalidTransition {
        InvalidTransition { state: self.name() }
    }
}

/// Ten calendar years on; 29 February falls back to the 28th.
fn archive_ends_at(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC)
        .checked_add(ARCHIVE_YEARS.years())
        .map_or(Timestamp::MAX, |due| due.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn every_state_answers_every_act() {
        let t = at("2028-02-29T10:00:00Z");
        let open = SpaceState::Open { opened_at: t };
        let active = SpaceState::Active { opened_at: t, activated_at: t };
        let due = at("2038-02-28T10:00:00Z");
        let closed = |activated_at| SpaceState::Closed {
            opened_at: t,
            activated_at,
            closed_at: t,
            erasure_due_at: due,
        };
        let erased_at = |at| SpaceState::Erased { opened_at: t, at, traces_due_at: due };
        let erased = erased_at(t);
        let no = |state| Err(InvalidTransition { state });
        assert_eq!(open.clone().activate(t), Ok(active.clone()));
        assert_eq!(active.clone().activate(t), no("active"));
        assert_eq!(closed(None).activate(t), no("closed"));
        assert_eq!(erased.clone().activate(t), no("erased"));
        assert_eq!(open.clone().close(t), Ok(closed(None)));
        assert_eq!(active.clone().close(t), Ok(closed(Some(t))));
        assert_eq!(closed(None).close(t), no("closed"));
        assert_eq!(erased.clone().close(t), no("erased"));
        let last = at("2038-02-28T09:59:59Z");
        assert_eq!(closed(None).reopen(last), Ok(open.clone()));
        assert_eq!(closed(Some(t)).reopen(last), Ok(active.clone()));
        assert_eq!(closed(Some(t)).reopen(due), no("closed"), "its ten years are over");
        assert_eq!(open.clone().reopen(t), no("open"));
        assert_eq!(active.clone().reopen(t), no("active"));
        assert_eq!(open.erase(t), Ok(erased_at(t)));
        assert_eq!(active.erase(t), Ok(erased_at(t)));
        assert_eq!(closed(None).erase(last), no("closed"), "its ten years are not over");
        assert_eq!(closed(Some(t)).erase(due), Ok(erased_at(due)));
        assert_eq!(erased.clone().erase(due), no("erased"));
        assert_eq!(closed(None).purge_due_at(), Some(due));
        assert_eq!(erased.purge_due_at(), Some(due));
        assert_eq!(erased.reopen(t), no("erased"));
    }
}
