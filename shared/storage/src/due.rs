//! What is due: the sparse index `due` that several tables have, by shard and instant, and how an
//! item of it is taken so that nobody else works on it. Must not know what is to be done.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::StorageError;
use crate::table::{Item, Query, Table, item, n, read, s};

/// The index.
const DUE_INDEX: &str = "due";

/// What became of taking one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueTaken {
    /// It is the taker's for a while.
    Yes,
    /// Another has it.
    Elsewhere,
    /// It was tried too often: it is set aside.
    GivenUp,
}

impl Table {
    /// The keys of what is due in a shard by `as_of`, oldest first.
    pub(crate) async fn due<K: DeserializeOwned>(
        &self,
        shard: &str,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<K>, StorageError> {
        let query = Query {
            index: Some(DUE_INDEX),
            condition: "#dueShard = :shard AND #dueAt <= :asOf",
            values: item([(":shard", s(shard)), (":asOf", n(as_of.as_second()))]),
            start: None,
            limit,
        };
        let (items, _) = self.query(query).await?;
        items.into_iter().map(read).collect()
    }

    /// Takes one that was `seen` due at an instant: it is due again at another, and a try is
    /// counted. Not where another took it.
    pub(crate) async fn take(
        &self,
        key: Item,
        seen: i64,
        again: i64,
    ) -> Result<DueTaken, StorageError> {
        let values = item([(":due", n(again)), (":seen", n(seen)), (":one", n(1))]);
        let update = "SET #dueAt = :due ADD #tries :one";
        let taken = self.update(key, update, "#dueAt = :seen", values).await?;
        Ok(if taken.is_some() { DueTaken::Yes } else { DueTaken::Elsewhere })
    }

    /// Takes one out of the index that was tried too often: it stays for an operator.
    pub(crate) async fn set_aside(&self, key: Item, seen: i64) -> Result<DueTaken, StorageError> {
        let values = item([(":seen", n(seen))]);
        self.update(key, "REMOVE #dueShard, #dueAt", "#dueAt = :seen", values).await?;
        Ok(DueTaken::GivenUp)
    }

    /// The same, of one whose failure its owner sees.
    pub(crate) async fn fail(&self, key: Item, seen: i64) -> Result<DueTaken, StorageError> {
        let values = item([(":failed", s("failed")), (":seen", n(seen))]);
        let update = "SET #state = :failed REMOVE #dueShard, #dueAt";
        let failed = self.update(key, update, "#dueAt = :seen", values).await?;
        Ok(if failed.is_some() { DueTaken::GivenUp } else { DueTaken::Elsewhere })
    }
}

/// The shard of what has a random name: its bytes spread evenly.
pub(crate) fn shard_of(name: &str, shards: u8) -> String {
    let sum: u32 = name.bytes().map(u32::from).sum();
    shard_name(u8::try_from(sum % u32::from(shards)).unwrap_or(0))
}

/// The hash key of a shard.
pub(crate) fn shard_name(shard: u8) -> String {
    format!("{shard:02}")
}
