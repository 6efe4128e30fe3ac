//! Who may do what: the one place that decides.
//!
//! `decide(party, action, situation)` is pure and total. Each action has its row of
//! checks ([`Action::checks`]); the first that does not hold denies, and a party that a
//! row does not name is denied by its first check. `docs/access/` holds the complete
//! table, written by a test from this code. Sources: `domain.md` B3–B8, C5–C9, C14; the
//! order of the checks is that of B4. Must not know storage, tokens, nor how a fact of
//! the situation was established.

mod action;
mod check;
mod party;
mod situation;

pub use action::Action;
pub use check::Check;
pub use party::{Party, PartyKind, Practice, Standing};
pub use situation::{
    AccessMode, DocumentFacts, EmergencyChoices, Labels, MessagingFacts, RuleEffect, Situation,
    SpaceStanding,
};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It may be done, with what goes with it.
    Allow(Duties),
    /// It may not.
    Deny(Reason),
}

/// What goes with an act that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Duties {
    /// The chain its trace goes to; none for holders who look at their own rules and log.
    pub trace: Option<Chain>,
    /// Who is told.
    pub tell: Tell,
}

/// A chain of traces. Four, so that each viewer may see the whole of a chain or the
/// whole of its beginning, and no gap betrays the rest (ADR 11).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Chain {
    /// For the holder and all who represent them.
    Ordinary,
    /// About secret care: for the holder alone.
    Secret,
    /// About what the holder may not see yet.
    Pending,
    /// About both: for the holder alone, once they may see it.
    PendingSecret,
}

/// Who is told of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tell {
    /// Nobody: the holder's own side did it.
    Nobody,
    /// The holder.
    Holder,
    /// The holder and their treating doctor (R.1111-48).
    HolderAndTreatingDoctor,
    /// The professionals of the conversation.
    Correspondents,
}

/// Why an act is denied. What the caller is told may be less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The action is not for this kind of party.
    NotForThisParty,
    /// No space stands there: unknown, erased, closed, or its holder died.
    NoSpace,
    /// The holder closed it.
    SpaceClosed,
    /// It was frozen after an alert.
    SpaceFrozen,
    /// The holder has not activated it yet.
    NotActivated,
    /// It is not closed.
    NotClosed,
    /// The holder blocked this professional.
    Blocked,
    /// The matrix has no column for this profession.
    NoColumn,
    /// The professional has opened no access, or it is over.
    NoAccess,
    /// The holder's consent does not stand.
    NoConsent,
    /// A first access takes the holder's presence.
    PresenceRequired,
    /// Only a regulator of the SAMU.
    NotRegulator,
    /// The holder objected to emergencies of this kind.
    EmergencyObjected,
    /// The matrix does not let this profession read this type.
    MatrixForbids,
    /// The holder masked it.
    Masked,
    /// The holder hid it from this professional.
    HiddenByRule,
    /// It waits for the announcement consultation.
    NotYetVisible,
    /// Secret care of a minor.
    HiddenFromRepresentatives,
    /// Someone else deposited it.
    NotTheirs,
    /// This party does not deposit documents of this type.
    TypeNotDepositable,
    /// Minors write no directives.
    MinorsHaveNone,
    /// An administrator's power that this professional does not have.
    NotAdministrator,
    /// A conversation of others.
    NotInThread,
    /// A professional ended the conversation.
    ThreadClosed,
    /// The person writes first to pharmacies alone.
    NotAPharmacy,
    /// No death was reported.
    HolderLives,
    /// The holder did not want heirs to have anything.
    HeirsObjected,
    /// A child's space is closed by who represents them.
    RepresentativesClose,
}

/// Decides.
pub fn decide(party: Party, action: Action, situation: &Situation) -> Decision {
    for check in action.checks() {
        if let Err(reason) = check.holds(party, situation) {
            return Decision::Deny(reason);
        }
    }
    let trace = action.is_traced(party).then(|| situation.chain());
    Decision::Allow(Duties { trace, tell: action.tells(party, situation) })
}

impl Reason {
    /// The name used in traces and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotForThisParty => "notForThisParty",
            Self::NoSpace => "noSpace",
            Self::SpaceClosed => "spaceClosed",
            Self::SpaceFrozen => "spaceFrozen",
            Self::NotActivated => "notActivated",
            Self::NotClosed => "notClosed",
            Self::Blocked => "blocked",
            Self::NoColumn => "noColumn",
            Self::NoAccess => "noAccess",
            Self::NoConsent => "noConsent",
            Self::PresenceRequired => "presenceRequired",
            Self::NotRegulator => "notRegulator",
            Self::EmergencyObjected => "emergencyObjected",
            Self::MatrixForbids => "matrixForbids",
            Self::Masked => "masked",
            Self::HiddenByRule => "hiddenByRule",
            Self::NotYetVisible => "notYetVisible",
            Self::HiddenFromRepresentatives => "hiddenFromRepresentatives",
            Self::NotTheirs => "notTheirs",
            Self::TypeNotDepositable => "typeNotDepositable",
            Self::MinorsHaveNone => "minorsHaveNone",
            Self::NotAdministrator => "notAdministrator",
            Self::NotInThread => "notInThread",
            Self::ThreadClosed => "threadClosed",
            Self::NotAPharmacy => "notAPharmacy",
            Self::HolderLives => "holderLives",
            Self::HeirsObjected => "heirsObjected",
            Self::RepresentativesClose => "representativesClose",
        }
    }
}

impl Decision {
    /// Whether it may be done.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

impl Chain {
    /// Every chain.
    pub const ALL: [Self; 4] = [Self::Ordinary, Self::Secret, Self::Pending, Self::PendingSecret];

    /// The name used in storage and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Secret => "secret",
            Self::Pending => "pending",
            Self::PendingSecret => "pendingSecret",
        }
    }

    /// The chain of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chain| chain.name() == name)
    }

    /// The chain of a trace that tells of what is in both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        let is_secret = |chain| matches!(chain, Self::Secret | Self::PendingSecret);
        let secret = is_secret(self) || is_secret(other);
        match (secret, self.is_pending() || other.is_pending()) {
            (false, false) => Self::Ordinary,
            (true, false) => Self::Secret,
            (false, true) => Self::Pending,
            (true, true) => Self::PendingSecret,
        }
    }

    /// Whether it holds what its viewers may not see yet: of it they are shown the
    /// beginning, up to the first trace of what is still hidden.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::PendingSecret)
    }

    /// Whether a party may ever see what is in it.
    pub fn is_shown_to(self, party: Party) -> bool {
        match self {
            Self::Ordinary | Self::Pending => {
                matches!(party, Party::Holder | Party::Representative)
            }
            Self::Secret | Self::PendingSecret => party == Party::Holder,
        }
    }
}
