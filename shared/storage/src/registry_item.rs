//! The item of a person, as it is stored. Must not know how it is found.

use espace_crypto::BlindIndex;
use espace_domain::{OppositionChannel, OppositionId, Registration, Reversible, SpaceId};
use serde::{Deserialize, Serialize};

use crate::registry::instant;
use crate::{FedFrom, PersonEntry, StorageError, StoredCode};

/// The item of a person. Keyed hashes and the sealed record aside, only ids,
/// state and instants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonItem {
    pub(crate) index: String,
    pub(crate) schema: u8,
    pub(crate) version: u64,
    #[serde(flatten)]
    pub(crate) state: StateItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<i64>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Vec<u8>>,
    #[serde(default)]
    pub(crate) code_sent_at: i64,
    #[serde(default)]
    pub(crate) code_expires_at: i64,
    #[serde(default)]
    pub(crate) code_tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code_used_at: Option<i64>,
    /// Codes beside it: one that stands in for a card, one that reverses a refusal.
    /// They leave the code in a person's hands alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) side_codes: Vec<SideCodeItem>,
    pub(crate) fed: FedFrom,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) card_proof: Option<Vec<u8>>,
    #[serde(default)]
    pub(crate) representative_proofs: Vec<serde_bytes::ByteBuf>,
    /// The day of majority of someone fed as a minor, as a keyed hash: the sparse
    /// index `majority` is by it, and it tells nobody a birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) majority_day: Option<String>,
    /// Birth name, first name and birth date, as a keyed hash: the sparse index `traits`
    /// is by it, for a professional who has no NIR at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) traits: Option<String>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Vec<u8>>,
}

/// A code beside the main one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SideCodeItem {
    pub(crate) kind: SideCodeKind,
    #[serde(with = "serde_bytes")]
    pub(crate) tag: Vec<u8>,
    pub(crate) sent_at: i64,
    pub(crate) expires_at: i64,
}

/// What a side code is for; a person has at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SideCodeKind {
    /// It stands in for a card that cannot be read.
    StandIn,
    /// The other representative reverses a refusal with it.
    Reversal,
}

impl PersonItem {
    /// The item with a side code, in place of one of its kind.
    pub(crate) fn with_side_code(mut self, code: SideCodeItem) -> Self {
        self.side_codes.retain(|other| other.kind != code.kind);
        self.side_codes.push(code);
        self
    }

    /// The item after a code has served: none serves again.
    pub(crate) fn with_codes_used(self, now: i64) -> Self {
        Self { code_used_at: Some(now), side_codes: Vec::new(), ..self }
    }

    /// When the job has something to do about someone who decided to have no space: the
    /// refusal becomes final, the record goes, or the older shared record closes. Whichever
    /// is first.
    pub(crate) fn opposed_due_at(&self) -> Option<i64> {
        let (reversible_until, dmp_until) = match &self.state {
            StateItem::Opposed { reversible_until, dmp_until, .. } => {
                (*reversible_until, *dmp_until)
            }
            StateItem::Erased { .. } => (None, None),
            StateItem::Invited { .. } | StateItem::Held { .. } => return None,
        };
        let record_goes_at = self.record.as_ref().map(|_| self.record_kept_until());
        [reversible_until, dmp_until, record_goes_at].into_iter().flatten().min()
    }

    /// Until when the record of someone who decided to have no space is needed: while a
    /// refusal can be reversed, or a code they were sent lives.
    pub(crate) fn record_kept_until(&self) -> i64 {
        let reversible = match &self.state {
            StateItem::Opposed { reversible_until, .. } => reversible_until.unwrap_or(0),
            StateItem::Invited { .. } | StateItem::Held { .. } | StateItem::Erased { .. } => 0,
        };
        let code = self.code.as_ref().map_or(0, |_| self.code_expires_at);
        let sides = self.side_codes.iter().map(|code| code.expires_at).max().unwrap_or(0);
        reversible.max(code).max(sides)
    }
}

/// The registration as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum StateItem {
    Invited {
        sent_at: i64,
    },
    Opposed {
        opposed_at: i64,
        opposed_by: OppositionChannel,
        opposition_id: OppositionId,
        /// What a reversal brings back, and until when it may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was_sent_at: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reversible_until: Option<i64>,
        /// Until when professionals read the older shared record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dmp_until: Option<i64>,
        /// When it closed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dmp_closed_at: Option<i64>,
    },
    Held {
        space_id: SpaceId,
    },
    Erased {
        erased_at: i64,
    },
}

impl TryFrom<PersonItem> for PersonEntry {
    type Error = StorageError;

    fn try_from(item: PersonItem) -> Result<Self, StorageError> {
        let mut receipt = None;
        let registration = match &item.state {
            StateItem::Invited { sent_at } => Registration::Invited { sent_at: instant(*sent_at)? },
            StateItem::Opposed {
                opposed_at,
                opposed_by,
                opposition_id,
                was_sent_at,
                reversible_until,
                ..
            } => {
                receipt = Some(opposition_id.clone());
                let reversible = match (was_sent_at, reversible_until) {
                    (Some(sent_at), Some(until)) => {
                        Some(Reversible { sent_at: instant(*sent_at)?, until: instant(*until)? })
                    }
                    _ => None,
                };
                Registration::Opposed {
                    at: instant(*opposed_at)?,
                    channel: *opposed_by,
                    reversible,
                }
            }
            StateItem::Held { space_id } => Registration::Held { space_id: space_id.clone() },
            StateItem::Erased { erased_at } => Registration::Erased { at: instant(*erased_at)? },
        };
        let code = item
            .code
            .clone()
            .map(|tag| {
                Ok::<_, StorageError>(StoredCode {
                    tag,
                    sent_at: instant(item.code_sent_at)?,
                    expires_at: instant(item.code_expires_at)?,
                    tries: item.code_tries,
                    used_at: item.code_used_at.map(instant).transpose()?,
                })
            })
            .transpose()?;
        let side_codes = item
            .side_codes
            .iter()
            .map(|side| {
                Ok::<_, StorageError>(StoredCode {
                    tag: side.tag.clone(),
                    sent_at: instant(side.sent_at)?,
                    expires_at: instant(side.expires_at)?,
                    tries: 0,
                    used_at: None,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            side_codes,
            index: BlindIndex::from_stored(item.index.clone()),
            registration,
            version: item.version,
            code,
            fed: item.fed.clone(),
            opposition_id: receipt,
            item,
        })
    }
}
