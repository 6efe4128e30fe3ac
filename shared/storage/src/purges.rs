//! What of spaces is to be purged, by date: a sparse index of the spaces themselves, which a
//! closing puts them in and a reopening takes them out of; and what keeps a space from it.
//! Must not know how something is erased.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_domain::{SpaceId, SpaceState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::due::{shard_name, shard_of};
use crate::spaces::key;
use crate::table::{Query, item, n, read, s};
use crate::{Space, Spaces, StorageError};

/// The sparse index of spaces of which something is to be purged one day.
const PURGE_INDEX: &str = "purge";
/// Shards of that index: 64 partitions of 1,000 writes a second each.
pub const PURGE_SHARDS: u8 = 64;

/// A space of which something is due.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgeDue {
    /// Which.
    pub space_id: SpaceId,
    state: String,
    #[serde(default)]
    held_since: Option<i64>,
}

/// Where a page of due spaces ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgePage {
    space_id: SpaceId,
    purge_at: i64,
}

impl PurgeDue {
    /// Whether it is the traces of a space whose content is gone, else its content.
    pub fn is_traces(&self) -> bool {
        self.state != "closed"
    }

    /// Whether something keeps it from being erased.
    pub fn is_held(&self) -> bool {
        self.held_since.is_some()
    }
}

impl Spaces {
    /// A page of the spaces of a shard of which something is due by `as_of`, oldest first.
    /// Those that are dealt with leave the index.
    pub async fn due_for_purge(
        &self,
        shard: u8,
        as_of: Timestamp,
        after: Option<PurgePage>,
        limit: i32,
    ) -> Result<(Vec<PurgeDue>, Option<PurgePage>), StorageError> {
        let (items, more) = self
            .table()
            .query(Query {
                index: Some(PURGE_INDEX),
                condition: "#purgeShard = :shard AND #purgeAt <= :asOf",
                values: item([(":shard", s(shard_name(shard))), (":asOf", n(as_of.as_second()))]),
                start: after.map(|page| {
                    item([
                        ("spaceId", s(page.space_id.as_str())),
                        ("purgeShard", s(shard_name(shard))),
                        ("purgeAt", n(page.purge_at)),
                    ])
                }),
                limit,
            })
            .await?;
        let more = more.map(read::<PurgePage>).transpose()?;
        Ok((items.into_iter().map(read).collect::<Result<_, _>>()?, more))
    }

    /// Keeps a space from being erased, or no longer; `false` where there is no such space.
    /// An erasure under way at that moment is not done: the epoch moves.
    pub async fn hold(
        &self,
        space_id: &SpaceId,
        held: bool,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (update, values) = if held {
            let values = item([(":now", n(now.as_second())), (":one", n(1))]);
            ("SET #heldSince = if_not_exists(#heldSince, :now) ADD #epoch :one", values)
        } else {
            ("REMOVE #heldSince ADD #epoch :one", item([(":one", n(1))]))
        };
        // One whose traces are going cannot be kept any more.
        let condition = "attribute_exists(#spaceId) AND attribute_not_exists(#forgottenAt)";
        let updated = self.table().update(key(space_id), update, condition, values).await?;
        Ok(updated.is_some())
    }

    /// The write by which an erased space's traces begin to go, refused where it is not as it
    /// was read: from then on nothing keeps it.
    pub(crate) fn forgetting(
        &self,
        space: &Space,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        let erased = matches!(space.state, SpaceState::Erased { .. }) && !space.is_held;
        if !erased {
            return Err(StorageError::Corrupt { what: "space to be forgotten" });
        }
        let values = item([
            (":epoch", n(space.epoch)),
            (":state", s(space.state.name())),
            (":now", n(now.as_second())),
        ]);
        let condition = "#epoch = :epoch AND #state = :state AND attribute_not_exists(#heldSince)";
        let set = "SET #forgottenAt = :now";
        self.table().update_in_transaction(key(&space.space_id), set, condition, values)
    }

    /// Removes a space whose traces are gone.
    pub async fn forgotten(&self, space_id: &SpaceId) -> Result<(), StorageError> {
        self.table().delete(key(space_id)).await
    }
}

/// The shard of a space in the index of those to be purged.
pub(crate) fn purge_shard(space_id: &SpaceId) -> String {
    shard_of(space_id.as_str(), PURGE_SHARDS)
}
