//! What is left to do after an act: telling whom it concerns, having it looked at. Written
//! in the act's transaction with its trace's number, and worked on after (job `follow-up`).
//! Must not know what is then done.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_domain::decision::Chain;
use espace_domain::{FollowUpId, Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::due::{DueTaken, shard_name};
use crate::table::{Item, SCHEMA, Table, item, s};
use crate::{Aws, Environment, StorageError};

/// Shards of that index: 16 partitions of 1,000 writes a second.
pub const FOLLOW_UP_SHARDS: u8 = 16;
/// Seconds after which the sweep takes what the stream did not bring.
const STREAM_GRACE_S: i64 = 120;
/// First wait after a failed try, doubled each time.
const RETRY_BACKOFF_S: i64 = 60;
/// Tries before it is set aside for an operator.
pub const FOLLOW_UP_TRIES_MAX: u32 = 10;

/// The table of what is left to do.
#[derive(Debug, Clone)]
pub struct FollowUps {
    table: Table,
}

/// One act to be followed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowUp {
    #[serde(rename = "followUpId")]
    id: FollowUpId,
    schema: u8,
    /// Whose space.
    pub space_id: SpaceId,
    /// Its trace's chain.
    pub chain: Chain,
    /// Its trace's number.
    pub sequence: u64,
    tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
}

impl FollowUps {
    /// Uses the table of `ESPACE_FOLLOW_UPS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_FOLLOW_UPS_TABLE") }
    }

    /// The write of one, for the transaction of the act.
    pub(crate) fn put_in_transaction(
        &self,
        space_id: &SpaceId,
        (chain, sequence): (Chain, u64),
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let mut drawn = [0; 1];
        random.fill(&mut drawn);
        let [shard] = drawn.map(|byte| byte % FOLLOW_UP_SHARDS);
        let stored = FollowUp {
            id: FollowUpId::generate(random),
            schema: SCHEMA,
            space_id: space_id.clone(),
            chain,
            sequence,
            tries: 0,
            due_shard: Some(shard_name(shard)),
            due_at: Some(now.as_second() + STREAM_GRACE_S),
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#followUpId)")
    }

    /// The one of that name.
    pub async fn find(&self, id: &FollowUpId) -> Result<Option<FollowUp>, StorageError> {
        self.table.find(key(id)).await
    }

    /// Those of a shard that are due by `as_of`, oldest first.
    pub async fn due(
        &self,
        shard: u8,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<FollowUpId>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            follow_up_id: FollowUpId,
        }
        let due: Vec<Key> = self.table.due(&shard_name(shard), as_of, limit).await?;
        Ok(due.into_iter().map(|key| key.follow_up_id).collect())
    }

    /// Takes one: nobody else will try it before the backoff has passed. Tried too often,
    /// it leaves the index and stays for an operator.
    pub async fn take(
        &self,
        follow_up: &FollowUp,
        now: Timestamp,
    ) -> Result<DueTaken, StorageError> {
        let Some(seen) = follow_up.due_at else {
            return Ok(DueTaken::Elsewhere);
        };
        let key = key(&follow_up.id);
        if follow_up.tries >= FOLLOW_UP_TRIES_MAX {
            return self.table.set_aside(key, seen).await;
        }
        let again = now.as_second() + (RETRY_BACKOFF_S << follow_up.tries);
        self.table.take(key, seen, again).await
    }

    /// The write that ends one; refused where it is gone: it was done.
    pub fn done(&self, follow_up: &FollowUp) -> Result<Change, StorageError> {
        let key = key(&follow_up.id);
        let part = self.table.delete_in_transaction(key, "attribute_exists(#followUpId)")?;
        Ok(Change::new("followUp", part))
    }
}

fn key(id: &FollowUpId) -> Item {
    item([("followUpId", s(id.as_str()))])
}
