//! Where professionals find the conversations they take part in, over all persons: one box a
//! structure, or a professional who writes alone, under names that tell nothing. It holds no
//! word of a conversation: each is read in its space, where it is decided. Must not know who
//! takes part.

use std::sync::Arc;

use espace_crypto::SealingKey;
use espace_domain::{SpaceId, ThreadId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Query, SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// The index of a box by newest message.
const RECENT_INDEX: &str = "recent";

/// The table of boxes.
#[derive(Debug, Clone)]
pub struct Inboxes {
    pub(crate) table: Table,
    keys: Arc<SystemKeys>,
}

/// A conversation in a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxEntry {
    inbox: String,
    /// Which conversation.
    pub thread_id: ThreadId,
    schema: u8,
    /// In whose space.
    pub space_id: SpaceId,
    /// When its newest message came, milliseconds.
    last_at: i64,
}

/// Where the next page of a box begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxAfter {
    thread_id: ThreadId,
    last_at: i64,
}

impl Inboxes {
    /// Uses the table of `ESPACE_INBOXES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_INBOXES_TABLE"), keys }
    }

    /// The write that puts a conversation on top of a box.
    pub fn put(
        &self,
        inbox: &str,
        space_id: &SpaceId,
        thread_id: &ThreadId,
        at: Timestamp,
    ) -> Result<Change, StorageError> {
        let stored = InboxEntry {
            inbox: inbox.to_owned(),
            thread_id: thread_id.clone(),
            schema: SCHEMA,
            space_id: space_id.clone(),
            last_at: at.as_millisecond(),
        };
        Ok(Change::new("inbox", self.table.put_in_transaction(&stored, "")?))
    }

    /// The key of the cursors of its pages.
    pub async fn cursor_key(&self) -> Result<SealingKey, StorageError> {
        self.keys.sealing(KeyName::Inbox).await
    }

    /// A page of a box, newest message first; and whether there are more.
    pub async fn recent(
        &self,
        inbox: &str,
        after: Option<&InboxAfter>,
        limit: i32,
    ) -> Result<(Vec<InboxEntry>, bool), StorageError> {
        let start = after.map(|after| {
            item([
                ("inbox", s(inbox)),
                ("threadId", s(after.thread_id.as_str())),
                ("lastAt", n(after.last_at)),
            ])
        });
        let query = Query {
            index: Some(RECENT_INDEX),
            condition: "#inbox = :inbox",
            values: item([(":inbox", s(inbox))]),
            start,
            limit,
        };
        let (items, more) = self.table.query_backwards(query).await?;
        Ok((items.into_iter().map(read).collect::<Result<_, _>>()?, more.is_some()))
    }
}

impl InboxEntry {
    /// Where a page that ends with it goes on.
    pub fn after(&self) -> InboxAfter {
        InboxAfter { thread_id: self.thread_id.clone(), last_at: self.last_at }
    }

    /// When its newest message came.
    pub fn last_at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.last_at).unwrap_or_default()
    }
}
