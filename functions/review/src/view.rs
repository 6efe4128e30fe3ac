//! An emergency access as an agent sees it.
//!
//! Must not know: how it is stored.

use espace_domain::decision::AccessMode;
use espace_domain::{AccessId, Finding, MatrixGroup, Review, ReviewState};
use espace_storage::EmergencyReview;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An emergency access.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewedEmergency {
    #[schema(value_type = String)]
    id: AccessId,
    opened_at: Timestamp,
    /// When it ends, or ended.
    ends_at: Timestamp,
    /// `breakGlass`, `regulation`.
    #[schema(value_type = String)]
    mode: AccessMode,
    professional: ProfessionalView,
    /// What they wrote; none from the SAMU's regulation.
    reason: Option<String>,
    /// Documents read in it.
    documents_read: u32,
    /// Documents deposited in it.
    documents_deposited: u32,
    /// It is over, and nothing medical followed: nothing was deposited. To be looked at first.
    flagged: bool,
    /// `open`, `halfway`, `closed`, `disputed`.
    #[schema(value_type = String)]
    state: ReviewState,
    reviews: Vec<ReviewView>,
}

/// Who came.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfessionalView {
    rpps: String,
    name: Option<String>,
    /// The profession's code.
    profession: Option<String>,
    /// The profession in French.
    profession_name: Option<&'static str>,
    structure: Option<String>,
}

/// What one agent found. What the first found is shown to the second once they have said
/// what they found themselves.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewView {
    agent: String,
    at: Timestamp,
    /// `justified`, `unjustified`.
    #[schema(value_type = Option<String>)]
    finding: Option<Finding>,
    note: Option<String>,
}

impl ReviewedEmergency {
    /// An access as `agent` sees it now.
    pub(crate) fn of(found: EmergencyReview, agent: &str, now: Timestamp) -> Self {
        let state = ReviewState::after(&found.reviews);
        let details = found.details;
        let shown = |review: &Review| !state.is_open() || review.agent == agent;
        let reviews = found.reviews.iter().map(|review| ReviewView {
            agent: review.agent.clone(),
            at: review.at,
            finding: shown(review).then_some(review.finding),
            note: shown(review).then(|| review.note.clone()),
        });
        let profession = details.profession;
        Self {
            id: found.access_id,
            opened_at: found.opened_at,
            ends_at: found.ends_at,
            mode: details.mode,
            professional: ProfessionalView {
                rpps: details.rpps,
                name: details.name,
                profession_name: profession.as_deref().and_then(MatrixGroup::profession_display),
                profession,
                structure: details.structure,
            },
            reason: details.reason,
            documents_read: found.reads,
            documents_deposited: found.deposits,
            flagged: found.deposits == 0 && found.ends_at <= now,
            state,
            reviews: reviews.collect(),
        }
    }
}
