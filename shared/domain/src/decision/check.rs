//! The checks of which rows are made. Each looks at one thing; what does not concern a
//! party holds for it. Must not know which row it is in.

use crate::MatrixGroup;
use crate::decision::{
    AccessMode, DocumentFacts, MessagingFacts, Party, PartyKind, Practice, Reason, RuleEffect,
    Situation, SpaceStanding, Standing,
};

/// One thing that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The party is one of these.
    IsOneOf(&'static [PartyKind]),
    /// A space stands, for those who care or feed: opened, in hand, or frozen.
    SpaceStands,
    /// The space is in its holder's hands, for their own side.
    SpaceInHand,
    /// The space is in its holder's hands, or closed.
    SpaceInHandOrClosed,
    /// The space is closed.
    SpaceIsClosed,
    /// The space is closed, by its holder or by their death: its ten years run.
    SpaceIsArchived,
    /// The space may be closed for its holder: it stands, and nobody is kept out of it.
    SpaceMayClose,
    /// Its holder died.
    HolderDied,
    /// The holder is of age.
    IsOfAge,
    /// The holder did not object to heirs.
    HeirsAllowed,
    /// The holder has not blocked this professional.
    NotBlocked,
    /// The matrix has a column for this profession.
    HasColumn,
    /// The professional is a regulator of the SAMU.
    IsRegulator,
    /// The professional is the holder's administrator doctor.
    IsAdministrator,
    /// Presence was proven, or consent stands from before.
    PresentOrConsented,
    /// The holder has not objected to breaking the glass.
    BreakGlassAllowed,
    /// The holder has not objected to the SAMU's regulation.
    RegulationAllowed,
    /// The professional holds an access, whose ground still stands: consent in normal
    /// mode, no objection in an emergency.
    AccessStands,
    /// The matrix lets this profession read this type; a depositor reads their own.
    MatrixAllows,
    /// The document's own visibility.
    IsVisible,
    /// The party deposited it; the holder's side counts as one.
    IsTheirs,
    /// The party deposits documents of this type.
    MayDepositType,
    /// The professional is of a sector that writes to persons.
    MayWrite,
    /// The professional takes part in the conversation, with what they are today.
    TakesPart,
    /// The conversation is not hidden from the party.
    ThreadIsVisible,
    /// The conversation may be answered.
    ThreadIsOpen,
    /// Whom the person writes to first is a pharmacy.
    IsAPharmacy,
    /// The professional holds an access, or deposited it.
    AccessStandsOrTheirs,
    /// What was joined to a conversation is shown to the party: who takes part was sent it,
    /// whatever its type and however it is masked since; not who it is hidden from by name.
    IsVisibleInThread,
}

impl Check {
    /// Whether it holds, or why not.
    pub fn holds(self, party: Party, situation: &Situation) -> Result<(), Reason> {
        let practice = match party {
            Party::Professional(practice) => Some(practice),
            _ => None,
        };
        match self {
            Self::IsOneOf(kinds) => require(kinds.contains(&party.kind()), Reason::NotForThisParty),
            Self::SpaceStands
            | Self::SpaceInHand
            | Self::SpaceInHandOrClosed
            | Self::SpaceIsClosed
            | Self::SpaceIsArchived
            | Self::SpaceMayClose
            | Self::HolderDied => self.holds_of_space(party, situation.space),
            Self::IsOfAge => require(!situation.minor, Reason::RepresentativesClose),
            Self::HeirsAllowed => require(situation.choices.heirs, Reason::HeirsObjected),
            Self::NotBlocked => require(practice.is_none() || !situation.blocked, Reason::Blocked),
            Self::HasColumn => {
                require(practice.is_none_or(|p| p.group.is_some()), Reason::NoColumn)
            }
            Self::IsRegulator => {
                require(practice.is_none_or(|p| p.is_regulator), Reason::NotRegulator)
            }
            Self::IsAdministrator => require(
                practice.is_none_or(|p| p.stands_as() == Some(Standing::Administrator)),
                Reason::NotAdministrator,
            ),
            Self::PresentOrConsented => {
                require(situation.present || situation.consented, Reason::PresenceRequired)
            }
            Self::BreakGlassAllowed => {
                require(situation.choices.break_glass, Reason::EmergencyObjected)
            }
            Self::RegulationAllowed => {
                require(situation.choices.regulation, Reason::EmergencyObjected)
            }
            Self::AccessStands => match (practice, situation.access) {
                (None, _) => Ok(()),
                (Some(_), None) => Err(Reason::NoAccess),
                (Some(_), Some(AccessMode::Normal)) => {
                    require(situation.consented, Reason::NoConsent)
                }
                (Some(_), Some(AccessMode::BreakGlass)) => {
                    Self::BreakGlassAllowed.holds(party, situation)
                }
                (Some(_), Some(AccessMode::Regulation)) => {
                    Self::RegulationAllowed.holds(party, situation)
                }
            },
            Self::MatrixAllows => match (practice, situation.document) {
                (Some(practice), Some(document)) => {
                    let reads = |group| document.document_type.is_readable_by(group);
                    let allowed = document.authored || practice.group.is_some_and(reads);
                    require(allowed, Reason::MatrixForbids)
                }
                _ => Ok(()),
            },
            Self::IsVisible => match situation.document {
                Some(document) => is_visible(party, situation, &document),
                None => Ok(()),
            },
            Self::IsTheirs => match situation.document {
                Some(document) => {
                    let theirs =
                        document.authored || (party.is_own_side() && document.from_own_side);
                    require(theirs, Reason::NotTheirs)
                }
                None => Ok(()),
            },
            Self::MayDepositType => match situation.document {
                Some(document) => may_deposit(party, situation, &document),
                None => Ok(()),
            },
            Self::MayWrite => {
                require(practice.is_none_or(|practice| practice.may_write), Reason::NoColumn)
            }
            Self::TakesPart | Self::ThreadIsVisible | Self::ThreadIsOpen | Self::IsAPharmacy => {
                match situation.thread {
                    Some(thread) => self.holds_in(party, thread),
                    None => Ok(()),
                }
            }
            Self::AccessStandsOrTheirs => match situation.document {
                Some(document) if document.authored => Ok(()),
                _ => Self::AccessStands.holds(party, situation),
            },
            Self::IsVisibleInThread => match practice {
                Some(_) => require(!is_hidden_by_name(situation), Reason::HiddenByRule),
                None => Self::IsVisible.holds(party, situation),
            },
        }
    }

    /// Whether it holds of a space that stands so.
    fn holds_of_space(self, party: Party, space: SpaceStanding) -> Result<(), Reason> {
        use SpaceStanding as S;
        match self {
            Self::SpaceStands if !party.is_own_side() => match space {
                S::Open | S::Active | S::Frozen => Ok(()),
                S::Deceased | S::Closed | S::Absent => Err(Reason::NoSpace),
            },
            Self::SpaceIsClosed => require(space == S::Closed, Reason::NotClosed),
            Self::SpaceIsArchived => {
                require(matches!(space, S::Closed | S::Deceased), Reason::NotClosed)
            }
            Self::SpaceMayClose => match space {
                S::Open | S::Active => Ok(()),
                S::Frozen => Err(Reason::SpaceFrozen),
                S::Closed => Err(Reason::SpaceClosed),
                S::Deceased | S::Absent => Err(Reason::NoSpace),
            },
            Self::HolderDied => match space {
                S::Deceased => Ok(()),
                S::Absent => Err(Reason::NoSpace),
                S::Open | S::Active | S::Frozen | S::Closed => Err(Reason::HolderLives),
            },
            // What is left of a dead person's is for heirs, and theirs is nothing else.
            Self::SpaceInHandOrClosed if party == Party::Heir => {
                require(space == S::Deceased, Reason::NoSpace)
            }
            Self::SpaceInHandOrClosed if space == S::Closed => Ok(()),
            // Those who care or feed aside, a space is for whoever has it in hand.
            _ => match space {
                S::Active => Ok(()),
                S::Open => Err(Reason::NotActivated),
                S::Frozen => Err(Reason::SpaceFrozen),
                S::Closed => Err(Reason::SpaceClosed),
                S::Deceased | S::Absent => Err(Reason::NoSpace),
            },
        }
    }

    /// Whether it holds in a conversation.
    fn holds_in(self, party: Party, thread: MessagingFacts) -> Result<(), Reason> {
        let practice = match party {
            Party::Professional(practice) => Some(practice),
            _ => None,
        };
        match self {
            Self::TakesPart => {
                let is_pharmacist =
                    |practice: Practice| practice.group == Some(MatrixGroup::PharmacienOfficinePui);
                // What a person wrote to a pharmacy is for pharmacists, whatever the number
                // they typed turned out to be.
                let takes_part = practice.is_none_or(|practice| {
                    thread.takes_part && (!thread.with_pharmacy || is_pharmacist(practice))
                });
                require(takes_part, Reason::NotInThread)
            }
            Self::ThreadIsVisible => {
                let is_kept_from = thread.secret
                    && matches!(party, Party::Representative | Party::Caregiver | Party::Mandated);
                require(!is_kept_from, Reason::HiddenFromRepresentatives)
            }
            Self::ThreadIsOpen => require(!thread.closed, Reason::ThreadClosed),
            Self::IsAPharmacy => require(thread.with_pharmacy, Reason::NotAPharmacy),
            _ => Ok(()),
        }
    }
}

/// Whether the document was hidden from this professional by name. What was sent was sent,
/// and all the same they read it no more.
fn is_hidden_by_name(situation: &Situation) -> bool {
    let is_hidden = |d: DocumentFacts| d.rule == Some(RuleEffect::Hide) && !d.authored;
    situation.document.is_some_and(is_hidden)
}

/// The document's own visibility, for this party.
fn is_visible(party: Party, situation: &Situation, document: &DocumentFacts) -> Result<(), Reason> {
    let labels = document.labels;
    match party {
        Party::Professional(_) if document.authored => Ok(()),
        Party::Professional(_) if document.rule == Some(RuleEffect::Hide) => {
            Err(Reason::HiddenByRule)
        }
        Party::Professional(practice) => {
            let in_emergency =
                matches!(situation.access, Some(AccessMode::BreakGlass | AccessMode::Regulation));
            let shown = !labels.masked
                || document.rule == Some(RuleEffect::Show)
                || practice.stands_as().is_some_and(Standing::sees_masked)
                || (in_emergency && situation.choices.show_masked);
            require(shown, Reason::Masked)
        }
        // What a minor kept from their parents stays so after their death (L.1111-5).
        Party::Representative | Party::Caregiver | Party::Mandated | Party::Heir
            if labels.invisible_representatives =>
        {
            Err(Reason::HiddenFromRepresentatives)
        }
        Party::Holder | Party::Representative | Party::Caregiver | Party::Mandated => {
            require(!labels.invisible_patient, Reason::NotYetVisible)
        }
        // After a death nothing is announced any more.
        Party::Heir
        | Party::Invited
        | Party::Support
        | Party::Insurer
        | Party::Application
        | Party::Job
        | Party::Stranger => Ok(()),
    }
}

/// Whether a party deposits documents of this type.
fn may_deposit(
    party: Party,
    situation: &Situation,
    document: &DocumentFacts,
) -> Result<(), Reason> {
    let kind = document.document_type;
    if situation.minor && kind.is_statement() {
        return Err(Reason::MinorsHaveNone);
    }
    // What only the person states comes from nobody else; the insurer takes over a
    // whole DMP, statements included (`domain.md` A19, A25).
    let theirs = match party {
        Party::Insurer => true,
        // What a person wills is not for who helps them to write.
        Party::Caregiver | Party::Mandated if kind.is_statement() => false,
        _ if party.is_own_side() => kind.is_deposited_by_patient(),
        _ => !kind.is_deposited_by_patient(),
    };
    // A label by which a parent would hide from themselves, or a patient, is nobody's on
    // the holder's side to set.
    let labels = document.labels;
    let hides = labels.invisible_patient || labels.invisible_representatives;
    // Nor is what a person wills ever hidden from them.
    let may_label = !hides
        || (matches!(party, Party::Professional(_) | Party::Insurer) && !kind.is_statement());
    require(theirs && may_label, Reason::TypeNotDepositable)
}

fn require(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}
