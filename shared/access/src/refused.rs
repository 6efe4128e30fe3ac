//! What a refused caller is told: no more than they may know. Must not know why that is
//! so beyond the reason it is given.

use espace_domain::Actor;
use espace_domain::decision::{Action, Check, Party, PartyKind, Reason};
use espace_http::ProblemKind;

/// The problem that stands for a reason, for this party. To who may not know that a space
/// or document is there, it is not there.
pub fn problem_of(party: Party, reason: Reason) -> ProblemKind {
    match reason {
        Reason::NotForThisParty if matches!(party, Party::Stranger | Party::Invited) => {
            ProblemKind::NotFound
        }
        Reason::NotForThisParty | Reason::NoColumn | Reason::NotAdministrator => {
            ProblemKind::Forbidden
        }
        Reason::NoSpace
        | Reason::Blocked
        | Reason::MatrixForbids
        | Reason::Masked
        | Reason::HiddenByRule
        | Reason::NotYetVisible
        | Reason::HiddenFromRepresentatives
        | Reason::NotInThread => ProblemKind::NotFound,
        Reason::SpaceClosed => ProblemKind::SpaceClosed,
        Reason::SpaceFrozen => ProblemKind::SpaceFrozen,
        Reason::NotActivated => ProblemKind::SpaceNotActivated,
        Reason::NotClosed => ProblemKind::SpaceNotClosed,
        Reason::NoAccess | Reason::NoConsent => ProblemKind::AccessRequired,
        Reason::PresenceRequired => ProblemKind::PresenceRequired,
        Reason::ThreadClosed => ProblemKind::ThreadClosed,
        Reason::NotAPharmacy => ProblemKind::NotAPharmacy,
        Reason::HolderLives => ProblemKind::HolderNotDeceased,
        Reason::HeirsObjected => ProblemKind::HeirsObjected,
        Reason::RepresentativesClose => ProblemKind::RepresentativesClose,
        Reason::NotRegulator => ProblemKind::NotRegulator,
        Reason::EmergencyObjected => ProblemKind::EmergencyObjected,
        Reason::NotTheirs => ProblemKind::NotYours,
        Reason::TypeNotDepositable | Reason::MinorsHaveNone => ProblemKind::TypeNotDepositable,
    }
}

/// Whether an act is for callers of this kind at all.
pub(crate) fn admits(action: Action, actor: &Actor) -> bool {
    let kinds: &[PartyKind] = match actor {
        Actor::Citizen { .. } => {
            use PartyKind as K;
            &[K::Holder, K::Representative, K::Caregiver, K::Invited, K::Heir]
        }
        Actor::Professional { .. } => &[PartyKind::Professional],
        Actor::Support { .. } => &[PartyKind::Support, PartyKind::Mandated],
        Actor::Insurer => &[PartyKind::Insurer],
    };
    kinds.iter().any(|kind| admits_kind(action, *kind))
}

/// Whether an act is for parties of this kind at all.
pub(crate) fn admits_kind(action: Action, kind: PartyKind) -> bool {
    action.checks().iter().all(|check| match check {
        Check::IsOneOf(admitted) => admitted.contains(&kind),
        _ => true,
    })
}
