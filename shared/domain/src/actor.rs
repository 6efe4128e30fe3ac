//! Who is asking. Must not know how they proved it.

use serde::{Deserialize, Serialize};

use crate::SpaceId;

/// A caller, as their token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Actor {
    /// The holder of a space.
    Citizen {
        /// Their own space.
        space_id: SpaceId,
        /// Whether it is closed: they may only reopen it or take everything away.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
    },
    /// A health professional.
    Professional {
        /// National number.
        rpps: String,
        /// Profession code (`TRE_G15`).
        profession: String,
        /// Specialty code, where there is one.
        specialty: Option<String>,
        /// The structure they work in.
        structure: Option<String>,
        /// Their name, as their provider gives it.
        name: String,
    },
    /// An agent of the phone line.
    Support {
        /// The agent's number.
        agent: String,
    },
    /// The health insurer's feed.
    Insurer,
}

impl Actor {
    /// The kind, as the API description and the log name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Citizen { .. } => "citizen",
            Self::Professional { .. } => "professional",
            Self::Support { .. } => "support",
            Self::Insurer => "insurer",
        }
    }
}
