//! Conversations and their messages, sealed under the space's content key; in clear only
//! names, versions and instants of arrival. A conversation is one item, rewritten with every
//! message in one transaction: its version gives the order, which is the same for all. Must
//! not know who takes part, nor what a message says.

use aws_sdk_dynamodb::types::AttributeValue;
use espace_crypto::{Place, SealingKey};
use espace_domain::{Message, MessageId, Random, SpaceId, Thread, ThreadId};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, Query, SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, StorageError, sealing};

/// The logical name in sealed places.
const TABLE: &str = "messages";
/// The index of conversations by their newest message.
const RECENT_INDEX: &str = "recent";
/// Before the names of conversations.
const THREAD: &str = "thread.";
/// Before the names of messages.
const MESSAGE: &str = "message.";
/// Before the names of drafts.
const DRAFT: &str = "draft.";
/// Before the names by which a message that was sent is found again.
const KEY: &str = "key.";
/// Digits of a message's number in its name.
const NUMBER_DIGITS: usize = 6;
/// How long an idempotency key leads to what was sent, seconds.
const IDEMPOTENCY_S: i64 = 24 * 3_600;

/// The table of conversations.
#[derive(Debug, Clone)]
pub struct Messages {
    pub(crate) table: Table,
}

/// A conversation as read: still sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedThread {
    space_id: SpaceId,
    entry: String,
    schema: u8,
    write: u64,
    /// When its newest message came, milliseconds.
    last_at: i64,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// A conversation, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredThread {
    /// Its name.
    pub thread_id: ThreadId,
    /// Counts its writes.
    pub write: u64,
    /// What is known of it.
    pub thread: Thread,
}

/// What a sender's own name of a message leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownMessage {
    /// The conversation.
    pub thread_id: ThreadId,
    /// The message.
    pub message_id: MessageId,
    /// What was asked for, by keyed hash.
    pub fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// A message that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// What it says so far.
    pub body: String,
    /// The documents joined so far.
    pub attachments: Vec<espace_domain::DocumentId>,
    /// When it was kept.
    pub at: Timestamp,
}

/// Where the next page of conversations begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadsAfter {
    thread_id: ThreadId,
    last_at: i64,
}

/// An item that holds one sealed thing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SealedItem {
    space_id: SpaceId,
    entry: String,
    schema: u8,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

impl Messages {
    /// Uses the table of `ESPACE_MESSAGES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_MESSAGES_TABLE") }
    }

    /// The write of a new conversation.
    pub fn create(
        &self,
        space_id: &SpaceId,
        thread: &StoredThread,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, thread, 0, key, random)?;
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("thread", part))
    }

    /// The write of a conversation that was taken away and comes back, under the number of
    /// writes it had.
    pub fn restore(
        &self,
        space_id: &SpaceId,
        thread: &StoredThread,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, thread, thread.write, key, random)?;
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("thread", part))
    }

    /// The write of a conversation that changed, refused where it was written since it was
    /// read.
    pub fn replace(
        &self,
        space_id: &SpaceId,
        thread: &StoredThread,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, thread, thread.write + 1, key, random)?;
        let values = item([(":seen", n(thread.write))]);
        let part = self.table.replace_in_transaction(&stored, "#write = :seen", values)?;
        Ok(Change::new("thread", part))
    }

    /// The write of a message at the end of its conversation.
    pub fn add(
        &self,
        space_id: &SpaceId,
        thread_id: &ThreadId,
        message: &Message,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let entry = message_name(thread_id, message.number);
        let stored = seal_item(space_id, entry, message, key, random)?;
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("threadMessage", part))
    }

    /// The write by which a sender's own name leads to what was sent: for a day, or for good
    /// where `for_good`. Refused where it leads to something already.
    pub fn claim_key(
        &self,
        space_id: &SpaceId,
        name: &str,
        (thread_id, message_id, fingerprint): (&ThreadId, &MessageId, &str),
        now: Timestamp,
        for_good: bool,
    ) -> Result<Change, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct KeyItem<'a> {
            space_id: &'a SpaceId,
            entry: String,
            schema: u8,
            #[serde(flatten)]
            known: KnownMessage,
        }
        let known = KnownMessage {
            thread_id: thread_id.clone(),
            message_id: message_id.clone(),
            fingerprint: fingerprint.to_owned(),
            expires_at: (!for_good).then(|| now.as_second() + IDEMPOTENCY_S),
        };
        let stored = KeyItem { space_id, entry: key_name(name), schema: SCHEMA, known };
        let free = "attribute_not_exists(#entry) OR #expiresAt < :now";
        let values = item([(":now", n(now.as_second()))]);
        let part = self.table.replace_in_transaction(&stored, free, values)?;
        Ok(Change::new("key", part))
    }

    /// What a sender's own name leads to.
    pub async fn known(
        &self,
        space_id: &SpaceId,
        name: &str,
    ) -> Result<Option<KnownMessage>, StorageError> {
        self.table.find(key(space_id, &key_name(name))).await
    }

    /// One conversation.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        thread_id: &ThreadId,
        content_key: &SealingKey,
    ) -> Result<Option<StoredThread>, StorageError> {
        let found: Option<SealedThread> = self.table.find(thread_key(space_id, thread_id)).await?;
        found.map(|found| found.open(content_key)).transpose()
    }

    /// A page of conversations, that with the newest message first, after the one named; and
    /// whether there are more.
    pub async fn recent(
        &self,
        space_id: &SpaceId,
        after: Option<&ThreadsAfter>,
        limit: i32,
        content_key: &SealingKey,
    ) -> Result<(Vec<StoredThread>, bool), StorageError> {
        let start = after.map(|after| {
            let mut start = thread_key(space_id, &after.thread_id);
            start.insert("lastAt".to_owned(), n(after.last_at));
            start
        });
        let query = Query {
            index: Some(RECENT_INDEX),
            condition: "#spaceId = :space",
            values: item([(":space", s(space_id.as_str()))]),
            start,
            limit,
        };
        let (items, more) = self.table.query_backwards(query).await?;
        let opened = items.into_iter().map(|found| read::<SealedThread>(found)?.open(content_key));
        Ok((opened.collect::<Result<_, _>>()?, more.is_some()))
    }

    /// A page of messages, oldest first, after the number given; and whether there are more.
    pub async fn messages(
        &self,
        space_id: &SpaceId,
        thread_id: &ThreadId,
        after: u32,
        limit: i32,
        content_key: &SealingKey,
    ) -> Result<(Vec<Message>, bool), StorageError> {
        let query = Query {
            index: None,
            condition: "#spaceId = :space AND #entry BETWEEN :first AND :last",
            values: item([
                (":space", s(space_id.as_str())),
                (":first", s(message_name(thread_id, after.saturating_add(1)))),
                (":last", s(format!("{MESSAGE}{thread_id}.~"))),
            ]),
            start: None,
            limit,
        };
        let (items, more) = self.table.query(query).await?;
        let opened = items.into_iter().map(|found| read::<SealedItem>(found)?.open(content_key));
        Ok((opened.collect::<Result<_, _>>()?, more.is_some()))
    }

    /// One message.
    pub async fn message(
        &self,
        space_id: &SpaceId,
        thread_id: &ThreadId,
        number: u32,
        content_key: &SealingKey,
    ) -> Result<Option<Message>, StorageError> {
        let key = key(space_id, &message_name(thread_id, number));
        let found: Option<SealedItem> = self.table.find(key).await?;
        found.map(|found| found.open(content_key)).transpose()
    }

    /// What a writer has kept of a message that is not sent; `writer` tells nothing.
    pub async fn draft(
        &self,
        space_id: &SpaceId,
        writer: &str,
        content_key: &SealingKey,
    ) -> Result<Option<Draft>, StorageError> {
        let found: Option<SealedItem> = self.table.find(key(space_id, &draft_name(writer))).await?;
        found.map(|found| found.open(content_key)).transpose()
    }

    /// The write of a draft, over the one before.
    pub fn keep_draft(
        &self,
        space_id: &SpaceId,
        writer: &str,
        draft: &Draft,
        content_key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = seal_item(space_id, draft_name(writer), draft, content_key, random)?;
        Ok(Change::new("draft", self.table.put_in_transaction(&stored, "")?))
    }

    /// The write that drops a draft, where there is one.
    pub fn drop_draft(&self, space_id: &SpaceId, writer: &str) -> Result<Change, StorageError> {
        let part = self.table.delete_in_transaction(key(space_id, &draft_name(writer)), "")?;
        Ok(Change::new("draft", part))
    }
}

impl StoredThread {
    /// Where a page that ends with it goes on.
    pub fn after(&self) -> ThreadsAfter {
        ThreadsAfter {
            thread_id: self.thread_id.clone(),
            last_at: self.thread.last_message_at.as_millisecond(),
        }
    }
}

impl KnownMessage {
    /// Whether it still leads there.
    pub fn stands_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|ends| now.as_second() <= ends)
    }
}

impl SealedThread {
    /// Opens it under the content key.
    pub fn open(&self, content_key: &SealingKey) -> Result<StoredThread, StorageError> {
        let corrupt = |_| StorageError::Corrupt { what: "name of a conversation" };
        let name = self.entry.strip_prefix(THREAD).unwrap_or_default();
        let thread_id = ThreadId::parse(name).map_err(corrupt)?;
        let place = place_key(&self.space_id, &self.entry);
        let thread = sealing::open(content_key, details_place(&place), &self.details)?;
        Ok(StoredThread { thread_id, write: self.write, thread })
    }
}

impl SealedItem {
    fn open<T: DeserializeOwned>(&self, key: &SealingKey) -> Result<T, StorageError> {
        let place = place_key(&self.space_id, &self.entry);
        sealing::open(key, details_place(&place), &self.details)
    }
}

fn sealed(
    space_id: &SpaceId,
    stored: &StoredThread,
    write: u64,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<SealedThread, StorageError> {
    let entry = thread_name(&stored.thread_id);
    let place = place_key(space_id, &entry);
    let details = sealing::seal(key, details_place(&place), &stored.thread, random)?;
    let last_at = stored.thread.last_message_at.as_millisecond();
    Ok(SealedThread { space_id: space_id.clone(), entry, schema: SCHEMA, write, last_at, details })
}

fn seal_item(
    space_id: &SpaceId,
    entry: String,
    value: &impl Serialize,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<SealedItem, StorageError> {
    let place = place_key(space_id, &entry);
    let details = sealing::seal(key, details_place(&place), value, random)?;
    Ok(SealedItem { space_id: space_id.clone(), entry, schema: SCHEMA, details })
}

/// The key of a conversation.
pub(crate) fn thread_key(space_id: &SpaceId, thread_id: &ThreadId) -> Item {
    key(space_id, &thread_name(thread_id))
}

/// The key of a sender's own name.
pub(crate) fn sent_key(space_id: &SpaceId, name: &str) -> Item {
    key(space_id, &key_name(name))
}

/// Whether an item of the table is a conversation.
pub(crate) fn is_thread(found: &Item) -> bool {
    let name = found.get("entry").and_then(|entry| entry.as_s().ok());
    name.is_some_and(|name| name.starts_with(THREAD))
}

fn key(space_id: &SpaceId, entry: &str) -> Item {
    item([("spaceId", s(space_id.as_str())), ("entry", AttributeValue::S(entry.to_owned()))])
}

fn thread_name(thread_id: &ThreadId) -> String {
    format!("{THREAD}{thread_id}")
}

fn message_name(thread_id: &ThreadId, number: u32) -> String {
    format!("{MESSAGE}{thread_id}.{number:0NUMBER_DIGITS$}")
}

fn draft_name(writer: &str) -> String {
    format!("{DRAFT}{writer}")
}

fn key_name(name: &str) -> String {
    format!("{KEY}{name}")
}

/// The key in a sealed place.
fn place_key(space_id: &SpaceId, entry: &str) -> String {
    format!("{space_id}.{entry}")
}

fn details_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "details" }
}
