//! Who asks, in their relation to the space. Must not know how they proved it.

use crate::MatrixGroup;

/// Who asks, in their relation to the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// Whose space it is.
    Holder,
    /// A legal representative of a minor or protected adult; one or two.
    Representative,
    /// Someone the holder lets help.
    Caregiver,
    /// Someone asked to help who has not answered.
    Invited,
    /// A helper by profession (France Services), let in by a code for an hour.
    Mandated,
    /// Who was admitted to the record of someone who died (L.1110-4 V).
    Heir,
    /// A professional.
    Professional(Practice),
    /// An agent of the phone line.
    Support,
    /// The health insurer.
    Insurer,
    /// An application of the catalogue.
    Application,
    /// A scheduled job.
    Job,
    /// Any other citizen.
    Stranger,
}

/// What a professional is, and is to this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Practice {
    /// Their column of the matrix; none for occupational medicine, unknown
    /// professions, and those of no column.
    pub group: Option<MatrixGroup>,
    /// Whether they are of the care, medico-social or social sector, whose professionals
    /// write to a person (`domain.md` A27), also where no column lets them read.
    pub may_write: bool,
    /// Whether they answer calls at the SAMU's regulation.
    pub is_regulator: bool,
    /// What the holder chose them as.
    pub standing: Option<Standing>,
}

/// What a holder chose a professional as (`domain.md` B7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// *Médecin traitant*: sees masked documents (A38).
    TreatingDoctor,
    /// *Médecin administrateur*: sees masked documents, may block others (C9).
    Administrator,
    /// *Sage-femme référente*.
    ReferentMidwife,
    /// *Pharmacien correspondant*.
    CorrespondentPharmacist,
}

/// The kind of a party, by which rows name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartyKind {
    /// [`Party::Holder`].
    Holder,
    /// [`Party::Representative`].
    Representative,
    /// [`Party::Caregiver`].
    Caregiver,
    /// [`Party::Invited`].
    Invited,
    /// [`Party::Mandated`].
    Mandated,
    /// [`Party::Heir`].
    Heir,
    /// [`Party::Professional`].
    Professional,
    /// [`Party::Support`].
    Support,
    /// [`Party::Insurer`].
    Insurer,
    /// [`Party::Application`].
    Application,
    /// [`Party::Job`].
    Job,
    /// [`Party::Stranger`].
    Stranger,
}

impl Party {
    /// Its kind.
    pub fn kind(self) -> PartyKind {
        match self {
            Self::Holder => PartyKind::Holder,
            Self::Representative => PartyKind::Representative,
            Self::Caregiver => PartyKind::Caregiver,
            Self::Invited => PartyKind::Invited,
            Self::Mandated => PartyKind::Mandated,
            Self::Heir => PartyKind::Heir,
            Self::Professional(_) => PartyKind::Professional,
            Self::Support => PartyKind::Support,
            Self::Insurer => PartyKind::Insurer,
            Self::Application => PartyKind::Application,
            Self::Job => PartyKind::Job,
            Self::Stranger => PartyKind::Stranger,
        }
    }

    /// Whether it is the holder's own side: the holder, or who acts or helps for them.
    pub fn is_own_side(self) -> bool {
        matches!(self, Self::Holder | Self::Representative | Self::Caregiver | Self::Mandated)
    }

    /// The name used in traces and in the table.
    pub fn name(self) -> &'static str {
        self.kind().name()
    }
}

impl PartyKind {
    /// The name used in traces and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Representative => "representative",
            Self::Caregiver => "caregiver",
            Self::Invited => "invited",
            Self::Mandated => "mandated",
            Self::Heir => "heir",
            Self::Professional => "professional",
            Self::Support => "support",
            Self::Insurer => "insurer",
            Self::Application => "application",
            Self::Job => "job",
            Self::Stranger => "stranger",
        }
    }
}

impl Practice {
    /// What the holder chose them as, where their profession can be that: only a
    /// physician treats or administers, whatever a typed number turned out to be.
    pub fn stands_as(&self) -> Option<Standing> {
        let needed = match self.standing? {
            Standing::TreatingDoctor | Standing::Administrator => MatrixGroup::Medecin,
            Standing::ReferentMidwife => MatrixGroup::SageFemme,
            Standing::CorrespondentPharmacist => MatrixGroup::PharmacienOfficinePui,
        };
        self.standing.filter(|_| self.group == Some(needed))
    }
}

impl Standing {
    /// Whether masked documents are shown.
    pub fn sees_masked(self) -> bool {
        matches!(self, Self::TreatingDoctor | Self::Administrator)
    }
}
