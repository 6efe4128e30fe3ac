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
    pub(crate) fed: FedFrom,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) card_proof: Option<Vec<u8>>,
    #[serde(default)]
    pub(crate) representative_proofs: Vec<serde_bytes::ByteBuf>,
    /// The month of majority of someone fed as a minor, as a keyed hash: the
    /// sparse index `majority` is by it, and it tells nobody a birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) majority_month: Option<String>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Vec<u8>>,
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
    },
    Held {
        space_id: SpaceId,
    },
}

impl StateItem {
    /// When the job has something to do about someone who refused: the record
    /// goes, or the older shared record closes. Whichever is first.
    pub(crate) fn opposed_due_at(&self) -> Option<i64> {
        match self {
            Self::Opposed { reversible_until, dmp_until, .. } => {
                reversible_until.iter().chain(dmp_until).min().copied()
            }
            Self::Invited { .. } | Self::Held { .. } => None,
        }
    }
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
        Ok(Self {
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
