//! What is true of a space at the moment of an act. Must not know who asks.

use serde::{Deserialize, Serialize};

use crate::decision::Chain;
use crate::{DocumentType, SpaceState, Suspension};

/// What is true of a space, of what its holder chose about the party that asks, and of
/// the document it is about.
#[expect(clippy::struct_excessive_bools, reason = "facts apart: every combination occurs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Situation {
    /// Where the space stands.
    pub space: SpaceStanding,
    /// Whether the holder blocked this professional.
    pub blocked: bool,
    /// The access this professional holds now.
    pub access: Option<AccessMode>,
    /// Whether consent stands: given to them, or to a colleague of their structure.
    pub consented: bool,
    /// Whether the holder's presence was just proven.
    pub present: bool,
    /// What the holder chose about emergencies.
    pub choices: EmergencyChoices,
    /// Whether the holder is a minor.
    pub minor: bool,
    /// The document.
    pub document: Option<DocumentFacts>,
    /// The conversation.
    pub thread: Option<MessagingFacts>,
}

/// What is true of a conversation.
#[expect(clippy::struct_excessive_bools, reason = "facts apart: every combination occurs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessagingFacts {
    /// Whether the professional that asks takes part in it.
    pub takes_part: bool,
    /// Whether a professional ended it.
    pub closed: bool,
    /// Whether it is about secret care of a minor.
    pub secret: bool,
    /// Whether it is with a pharmacy.
    pub with_pharmacy: bool,
}

/// Where a space stands, for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpaceStanding {
    /// Opened by itself, not activated.
    Open,
    /// In its holder's hands.
    Active,
    /// In its holder's hands, who is kept out after an alert; care goes on.
    Frozen,
    /// Its holder died.
    Deceased,
    /// Closed by its holder.
    Closed,
    /// Erased, opposed or never there.
    Absent,
}

/// How a professional came in (`domain.md` B5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessMode {
    /// With the holder's consent.
    Normal,
    /// *Bris de glace*: the holder cannot consent, with a written reason.
    BreakGlass,
    /// *Centre de régulation (15)*.
    Regulation,
}

/// What the holder chose about emergencies, and about the time after their death: all are
/// opt-out (`domain.md` C5, B5).
#[expect(clippy::struct_excessive_bools, reason = "choices apart: every combination occurs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmergencyChoices {
    /// Whether the SAMU's regulation may read.
    pub regulation: bool,
    /// Whether the glass may be broken.
    pub break_glass: bool,
    /// Whether masked documents show in an emergency.
    pub show_masked: bool,
    /// Whether heirs may be given what the law lets them have (L.1110-4 V: unless the person
    /// said otherwise before they died).
    #[serde(default = "allowed")]
    pub heirs: bool,
}

/// What was never said is allowed: each of these choices is an objection.
fn allowed() -> bool {
    true
}

/// What is true of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentFacts {
    /// Its type.
    pub document_type: DocumentType,
    /// Its labels.
    pub labels: Labels,
    /// Whether the party that asks deposited it.
    pub authored: bool,
    /// Whether the holder's side deposited it.
    pub from_own_side: bool,
    /// What the holder chose about it for this professional.
    pub rule: Option<RuleEffect>,
}

/// The visibility labels (`domain.md` B3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Labels {
    /// `MASQUE_PS`: hidden from professionals.
    pub masked: bool,
    /// `INVISIBLE_PATIENT`: not before the announcement consultation.
    pub invisible_patient: bool,
    /// `INVISIBLE_REPRESENTANTS_LEGAUX`: secret care of a minor.
    pub invisible_representatives: bool,
}

/// What the holder chose about one document for one professional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleEffect {
    /// Shown although it is masked.
    Show,
    /// Hidden although others see it.
    Hide,
}

impl Labels {
    /// The labels of what replaces another: masked where either says so; hidden as it was,
    /// for what was shown is not hidden again.
    #[must_use]
    pub fn with(self, before: Self) -> Self {
        Self { masked: self.masked || before.masked, ..before }
    }

    /// Whether it hides from the patient or their representatives what `before` showed.
    pub fn hides_more_than(self, before: Self) -> bool {
        (self.invisible_patient && !before.invisible_patient)
            || (self.invisible_representatives && !before.invisible_representatives)
    }
}

impl Situation {
    /// A space that stands so, and nothing else of it: for acts of its holder alone.
    pub fn of_space(space: SpaceStanding) -> Self {
        Self {
            space,
            blocked: false,
            access: None,
            consented: false,
            present: false,
            choices: EmergencyChoices::default(),
            minor: false,
            document: None,
            thread: None,
        }
    }

    /// The chain that a trace of this goes to.
    pub fn chain(&self) -> Chain {
        let labels = self.document.map(|document| document.labels).unwrap_or_default();
        let secret_thread = self.thread.is_some_and(|thread| thread.secret);
        match (labels.invisible_representatives || secret_thread, labels.invisible_patient) {
            (false, false) => Chain::Ordinary,
            (true, false) => Chain::Secret,
            (false, true) => Chain::Pending,
            (true, true) => Chain::PendingSecret,
        }
    }
}

impl Default for EmergencyChoices {
    fn default() -> Self {
        Self { regulation: true, break_glass: true, show_masked: true, heirs: true }
    }
}

impl SpaceStanding {
    /// Every standing.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Active, Self::Frozen, Self::Deceased, Self::Closed, Self::Absent];

    /// What a space's state and suspension come to.
    pub fn of(state: &SpaceState, suspension: Option<Suspension>) -> Self {
        match (state, suspension) {
            (SpaceState::Erased { .. }, _) => Self::Absent,
            // Closed before or by it, nobody reopens what was a dead person's.
            (_, Some(Suspension::Deceased)) => Self::Deceased,
            (SpaceState::Closed { .. }, _) => Self::Closed,
            (_, Some(Suspension::Frozen)) => Self::Frozen,
            (SpaceState::Open { .. }, None) => Self::Open,
            (SpaceState::Active { .. }, None) => Self::Active,
        }
    }
}

impl AccessMode {
    /// The name used in traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::BreakGlass => "breakGlass",
            Self::Regulation => "regulation",
        }
    }
}
