//! A space as it is stored, and read back. Must not know what is written of it.

use aws_sdk_dynamodb::types::AttributeValue;
use espace_crypto::{ChainHash, ChainHead};
use espace_domain::decision::Chain;
use espace_domain::{SpaceId, SpaceState, Suspension};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::purges::purge_shard;
use crate::table::{Item, item, n, s};
use crate::{Space, SpaceAccount, StorageError};

/// How far each chain of a space's traces has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads {
    ordinary: ChainHead,
    secret: ChainHead,
    pending: ChainHead,
    pending_secret: ChainHead,
}

/// How an item changes when a space's state does.
pub(crate) struct StateUpdate {
    /// What is set, as it stands in an update after other things that are set.
    pub(crate) set: String,
    /// What goes.
    pub(crate) remove: &'static str,
    /// What both name.
    pub(crate) values: Item,
}

/// A head as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HeadItem {
    pub(crate) sequence: u64,
    #[serde(with = "serde_bytes")]
    pub(crate) hash: Vec<u8>,
}

/// The heads as stored; a chain without traces has none.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HeadsItem {
    #[serde(default, rename = "ordinaryHead", skip_serializing_if = "Option::is_none")]
    ordinary: Option<HeadItem>,
    #[serde(default, rename = "secretHead", skip_serializing_if = "Option::is_none")]
    secret: Option<HeadItem>,
    #[serde(default, rename = "pendingHead", skip_serializing_if = "Option::is_none")]
    pending: Option<HeadItem>,
    #[serde(default, rename = "pendingSecretHead", skip_serializing_if = "Option::is_none")]
    pending_secret: Option<HeadItem>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceItem {
    pub(crate) space_id: SpaceId,
    pub(crate) schema: u8,
    pub(crate) state: String,
    pub(crate) epoch: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(crate) opened_at: Timestamp,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) activated_at: Option<Timestamp>,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) closed_at: Option<Timestamp>,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) erasure_due_at: Option<Timestamp>,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) erased_at: Option<Timestamp>,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) traces_due_at: Option<Timestamp>,
    /// Since when a judge or the supervision keeps it from being erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held_since: Option<i64>,
    /// Since when its traces are going: their key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forgotten_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) frozen: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deceased: Option<bool>,
    /// Whether it was the death that closed it: taken back, it opens it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closed_by_death: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<SpaceAccount>,
    #[serde(flatten)]
    pub(crate) heads: HeadsItem,
    /// Gone with the content.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Vec::is_empty")]
    pub(crate) holder: Vec<u8>,
}

impl Heads {
    /// How far a chain has come.
    pub fn of(&self, chain: Chain) -> ChainHead {
        match chain {
            Chain::Ordinary => self.ordinary,
            Chain::Secret => self.secret,
            Chain::Pending => self.pending,
            Chain::PendingSecret => self.pending_secret,
        }
    }
}

impl TryFrom<HeadsItem> for Heads {
    type Error = StorageError;

    fn try_from(stored: HeadsItem) -> Result<Self, StorageError> {
        let head = |stored: Option<HeadItem>| match stored {
            None => Ok(ChainHead::default()),
            Some(stored) => ChainHash::from_slice(&stored.hash)
                .map(|hash| ChainHead { sequence: stored.sequence, hash })
                .ok_or(StorageError::Corrupt { what: "head of a chain" }),
        };
        Ok(Self {
            ordinary: head(stored.ordinary)?,
            secret: head(stored.secret)?,
            pending: head(stored.pending)?,
            pending_secret: head(stored.pending_secret)?,
        })
    }
}

/// The attribute that holds a chain's head.
pub(crate) fn head_attribute(chain: Chain) -> &'static str {
    match chain {
        Chain::Ordinary => "ordinaryHead",
        Chain::Secret => "secretHead",
        Chain::Pending => "pendingHead",
        Chain::PendingSecret => "pendingSecretHead",
    }
}

impl StateUpdate {
    /// To a state, of a space.
    pub(crate) fn to(state: &SpaceState, space_id: &SpaceId) -> Self {
        let mut values = item([(":becomes", s(state.name()))]);
        let mut set = ", #state = :becomes".to_owned();
        if let Some(due) = state.purge_due_at() {
            set.push_str(", #purgeShard = :purgeShard, #purgeAt = :due");
            values.insert(":purgeShard".to_owned(), s(purge_shard(space_id)));
            values.insert(":due".to_owned(), n(due.as_second()));
        }
        let mut also = |name: &str, value: &str, to: AttributeValue| {
            set.push_str(&[", #", name, " = ", value].concat());
            values.insert(value.to_owned(), to);
        };
        let remove = match state {
            SpaceState::Open { .. } | SpaceState::Active { .. } => {
                " REMOVE #closedAt, #erasureDueAt, #purgeShard, #purgeAt, #closedByDeath"
            }
            SpaceState::Closed { closed_at, erasure_due_at, .. } => {
                also("closedAt", ":closedAt", n(closed_at.as_second()));
                also("erasureDueAt", ":erasureDueAt", n(erasure_due_at.as_second()));
                ""
            }
            SpaceState::Erased { at, traces_due_at, .. } => {
                also("erasedAt", ":erasedAt", n(at.as_second()));
                also("tracesDueAt", ":tracesDueAt", n(traces_due_at.as_second()));
                " REMOVE #account, #holder, #frozen, #deceased, #activatedAt, #closedAt, \
                 #erasureDueAt, #closedByDeath"
            }
        };
        Self { set, remove, values }
    }
}

impl TryFrom<SpaceItem> for Space {
    type Error = StorageError;

    fn try_from(stored: SpaceItem) -> Result<Self, StorageError> {
        let corrupt = StorageError::Corrupt { what: "state of a space" };
        let opened_at = stored.opened_at;
        let state = match (stored.state.as_str(), stored.activated_at, stored.closed_at) {
            ("open", None, None) => SpaceState::Open { opened_at },
            ("active", Some(activated_at), None) => SpaceState::Active { opened_at, activated_at },
            ("closed", activated_at, Some(closed_at)) => SpaceState::Closed {
                opened_at,
                activated_at,
                closed_at,
                erasure_due_at: stored.erasure_due_at.ok_or(corrupt)?,
            },
            ("erased", None, None) => {
                let (at, traces_due_at) =
                    stored.erased_at.zip(stored.traces_due_at).ok_or(corrupt)?;
                SpaceState::Erased { opened_at, at, traces_due_at }
            }
            _ => return Err(corrupt),
        };
        Ok(Self {
            space_id: stored.space_id,
            state,
            epoch: stored.epoch,
            // A death weighs more than a freeze, and does not lift it.
            suspension: match (stored.deceased, stored.frozen) {
                (Some(true), _) => Some(Suspension::Deceased),
                (_, Some(true)) => Some(Suspension::Frozen),
                _ => None,
            },
            is_frozen: stored.frozen == Some(true),
            closed_by_death: stored.closed_by_death == Some(true),
            is_held: stored.held_since.is_some(),
            is_forgotten: stored.forgotten_at.is_some(),
            account: stored.account,
            heads: stored.heads.try_into()?,
            holder: stored.holder,
        })
    }
}
