//! What is to be told together, later: one item a space, sealed, until it is told. Must not
//! know how it is told.

use std::collections::BTreeMap;

use espace_crypto::{Place, SealingKey};
use espace_domain::{NotificationKind, Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::due::shard_name;
use crate::table::{Item, SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, StorageError, sealing};

/// The logical name in sealed places.
const TABLE: &str = "digests";
/// Shards of that index.
pub const DIGEST_SHARDS: u8 = 16;

/// The table of what is told later.
#[derive(Debug, Clone)]
pub struct Digests {
    pub(crate) table: Table,
}

/// What is to be told of one space: how often each kind of thing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingDigest {
    /// By kind.
    pub counts: BTreeMap<NotificationKind, u32>,
    /// Counts its writes; `None` where nothing was pending.
    version: Option<u64>,
    /// Its hour, seconds.
    due_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DigestItem {
    space_id: SpaceId,
    schema: u8,
    version: u64,
    due_shard: String,
    due_at: i64,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

impl Digests {
    /// Uses the table of `ESPACE_DIGESTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_DIGESTS_TABLE") }
    }

    /// What is pending of a space.
    pub async fn pending(
        &self,
        space_id: &SpaceId,
        content_key: &SealingKey,
    ) -> Result<PendingDigest, StorageError> {
        let found: Option<DigestItem> = self.table.find(key(space_id)).await?;
        let Some(found) = found else { return Ok(PendingDigest::default()) };
        let counts = sealing::open(content_key, details_place(space_id), &found.details)?;
        Ok(PendingDigest { counts, version: Some(found.version), due_at: Some(found.due_at) })
    }

    /// The write that adds one thing to what is pending, refused where it changed since it
    /// was read. What is pending keeps its hour.
    pub fn add(
        &self,
        space_id: &SpaceId,
        pending: &PendingDigest,
        (kind, due): (NotificationKind, Timestamp),
        content_key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let mut counts = pending.counts.clone();
        *counts.entry(kind).or_default() += 1;
        let stored = DigestItem {
            space_id: space_id.clone(),
            schema: SCHEMA,
            version: pending.version.map_or(0, |version| version + 1),
            due_shard: shard_of(space_id),
            due_at: pending.due_at.unwrap_or_else(|| due.as_second()),
            details: sealing::seal(content_key, details_place(space_id), &counts, random)?,
        };
        let part = match pending.version {
            None => self.table.put_in_transaction(&stored, "attribute_not_exists(#spaceId)")?,
            Some(seen) => {
                let values = item([(":seen", n(seen))]);
                self.table.replace_in_transaction(&stored, "#version = :seen", values)?
            }
        };
        Ok(Change::new("digest", part))
    }

    /// The write that ends it, refused where something was added since it was read.
    pub fn done(
        &self,
        space_id: &SpaceId,
        pending: &PendingDigest,
    ) -> Result<Change, StorageError> {
        let values = item([(":seen", n(pending.version.unwrap_or(0)))]);
        let part =
            self.table.delete_if_in_transaction(key(space_id), "#version = :seen", values)?;
        Ok(Change::new("digest", part))
    }

    /// The spaces of a shard of which something is to be told by `as_of`.
    pub async fn due(
        &self,
        shard: u8,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<SpaceId>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            space_id: SpaceId,
        }
        let due: Vec<Key> = self.table.due(&shard_name(shard), as_of, limit).await?;
        Ok(due.into_iter().map(|key| key.space_id).collect())
    }
}

/// The shard of a space, by its drawn name.
fn shard_of(space_id: &SpaceId) -> String {
    let sum = space_id.as_str().bytes().fold(0_u32, |sum, b| sum * 31 % 65_521 + u32::from(b));
    format!("{:02}", sum % u32::from(DIGEST_SHARDS))
}

fn key(space_id: &SpaceId) -> Item {
    item([("spaceId", s(space_id.as_str()))])
}

fn details_place(space_id: &SpaceId) -> Place<'_> {
    Place { table: TABLE, key: space_id.as_str(), attribute: "details" }
}
