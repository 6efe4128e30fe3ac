//! Recognising a person by code, number and card, on the web and by phone.
//!
//! Until all three have matched, the same calls are made for everyone, known or
//! not (`design.md`, Identity). Must not know what the person will choose, nor
//! how a refusal is said.

use espace_crypto::BlindIndex;
use espace_domain::{Card, InvitationCode};

use crate::{
    CodeCause, CodeRequest, CodeRequests, PersonEntry, Registry, StorageError, StoredCode,
};

/// What someone claims.
#[derive(Debug, Clone)]
pub struct IdentityClaim {
    /// The code they received.
    pub code: InvitationCode,
    /// Whom it is about.
    pub person: BlindIndex,
    /// What they show beside it.
    pub holder: ClaimedHolder,
}

/// What is shown beside the code. Cards are those that the serial given may
/// belong to: by phone nobody asks for the type.
#[derive(Debug, Clone)]
pub enum ClaimedHolder {
    /// The person's own card.
    Card(Vec<Card>),
    /// Someone who acts for the person, with their own card unless its serial
    /// cannot be read.
    Representative {
        /// Their blind index.
        index: BlindIndex,
        /// Their card.
        cards: Vec<Card>,
    },
    /// No card: the code itself stands in for it.
    Nothing,
}

/// What came of it.
#[derive(Debug)]
pub enum Recognised {
    /// Code, number and card belong together.
    Yes {
        /// The person.
        entry: Box<PersonEntry>,
        /// Their code.
        code: StoredCode,
    },
    /// They do not. Nothing more may be told.
    No,
}

/// Recognises someone. A wrong code is counted against the right number and
/// card; the fifth burns it, and the codes job replaces it.
pub async fn recognise(
    registry: &Registry,
    requests: &CodeRequests,
    claim: &IdentityClaim,
) -> Result<Recognised, StorageError> {
    let found = registry.find_by_index(&claim.person).await?;
    let entry = found.as_ref();
    let stands_in = claim.code.stands_for_card();
    let holds_card = match &claim.holder {
        ClaimedHolder::Card(cards) => any_card(registry, &claim.person, entry, cards).await?,
        ClaimedHolder::Representative { index, cards } => {
            let by = registry.find_by_index(index).await?;
            let theirs = any_card(registry, index, by.as_ref(), cards).await?;
            let acts = match entry {
                Some(entry) => registry.represents(index, entry).await?,
                None => false,
            };
            (theirs || (cards.is_empty() && stands_in && by.is_some())) && acts
        }
        ClaimedHolder::Nothing => stands_in,
    };
    let shown = registry.matching_code(&claim.person, entry, &claim.code).await?;
    let knows_code = shown.is_some();
    let current = entry.and_then(|entry| entry.code.clone());
    let counted_tag = match &current {
        // Only a card that was shown counts: a stand-in that is wrong proves nothing.
        Some(code) if holds_card && !knows_code && !claim.holder.is_cardless() => code.tag.clone(),
        _ => vec![0; 32],
    };
    let alive = shown.filter(|code| !code.is_burnt());
    if let (true, Some(entry), Some(code)) = (holds_card, found, alive) {
        return Ok(Recognised::Yes { entry: Box::new(entry), code });
    }
    // The same two calls for everyone; they change something only for a wrong
    // code with the right number and card.
    registry.count_wrong_try(&claim.person, &counted_tag).await?;
    requests
        .send(&CodeRequest {
            person: claim.person.as_str().to_owned(),
            cause: CodeCause::PerhapsBurnt,
        })
        .await?;
    Ok(Recognised::No)
}

/// Whether one of the cards is the person's.
async fn any_card(
    registry: &Registry,
    index: &BlindIndex,
    entry: Option<&PersonEntry>,
    cards: &[Card],
) -> Result<bool, StorageError> {
    let mut any = false;
    for card in cards {
        any |= registry.card_matches(index, entry, card).await?;
    }
    Ok(any)
}

impl ClaimedHolder {
    /// Whether no card is shown.
    fn is_cardless(&self) -> bool {
        match self {
            Self::Card(_) => false,
            Self::Representative { cards, .. } => cards.is_empty(),
            Self::Nothing => true,
        }
    }

    /// Who acts for the person, where someone does.
    pub fn representative(&self) -> Option<&BlindIndex> {
        match self {
            Self::Representative { index, .. } => Some(index),
            Self::Card(_) | Self::Nothing => None,
        }
    }
}
