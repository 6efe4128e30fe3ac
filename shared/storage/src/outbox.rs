//! Messages to people, written in the transaction of the act they tell of and
//! delivered after: sealed until then, gone after. Must not know their text nor
//! how they travel.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::Place;
use espace_domain::{CampaignId, Contact, NotificationId, PushEndpoint, PushId, Random};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::system_keys::KEY_SHARDS;
use crate::table::{Item, Query, SCHEMA, Table, item, n, read, s};
use crate::transaction::{Committed, TRANSACTION_PARTS_MAX, Transaction};
use crate::{Aws, Campaigns, Environment, KeyName, StorageError, SystemKeys};

/// The logical name in sealed places.
const TABLE: &str = "outbox";
/// The sparse index of what is still to be done.
const DUE_INDEX: &str = "due";
/// Seconds after which the sweep takes a message that the stream did not bring.
const STREAM_GRACE_S: i64 = 120;
/// First wait after a failed delivery, doubled each time.
const RETRY_BACKOFF_S: i64 = 60;
/// Deliveries tried before a message is set aside for an operator.
pub const DELIVERY_ATTEMPTS_MAX: u32 = 8;
/// Seconds for which a delivered message's item is kept, without its content.
const DELIVERED_KEPT_S: i64 = 30 * 86_400;
/// Most letters of one print batch: they are marked in one transaction, beside
/// the counters of the campaigns they belong to.
pub const LETTERS_PER_BATCH_MAX: usize = TRANSACTION_PARTS_MAX - 10;

/// The table of messages and the keys that seal them.
#[derive(Debug, Clone)]
pub struct Outbox {
    pub(crate) table: Table,
    keys: Arc<SystemKeys>,
}

/// A message and whom it is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<N> {
    /// Where it goes.
    pub to: Contact,
    /// The name on the envelope.
    pub addressee: String,
    /// What it tells.
    pub notice: N,
}

/// A word to a browser that there is something new. It says nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushNotice {
    /// Whose browser, by a keyed hash.
    pub push_owner: String,
    /// Which.
    pub push_id: PushId,
    /// Where it is told.
    pub endpoint: PushEndpoint,
}

/// What is delivered.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Parcel<N> {
    /// To a browser.
    Push(PushNotice),
    /// To an address.
    Letter(Envelope<N>),
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutboxState {
    /// To be delivered.
    Pending,
    /// A letter, waiting for its print batch.
    ToPrint,
    /// Delivered; the content is gone.
    Sent,
    /// Given up after [`DELIVERY_ATTEMPTS_MAX`] tries; an alarm watches these.
    Failed,
}

/// A message as found.
#[derive(Debug, Clone)]
pub struct OutboxEntry {
    /// Its name.
    pub notification_id: NotificationId,
    /// Where it stands.
    pub state: OutboxState,
    /// Deliveries that failed so far.
    pub attempts: u32,
    /// When it is due again, seconds; 0 where it is not.
    due_at: i64,
    /// The campaign it is counted in.
    pub campaign: Option<CampaignId>,
    sealed: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutboxItem {
    notification_id: NotificationId,
    schema: u8,
    state: OutboxState,
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<CampaignId>,
    #[serde(default, with = "serde_bytes")]
    envelope: Vec<u8>,
}

impl Outbox {
    /// Uses the table of `ESPACE_OUTBOX_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_OUTBOX_TABLE"), keys }
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.table.client
    }

    /// The write of a new message, for the transaction of the act it tells of.
    pub(crate) async fn put_in_transaction(
        &self,
        envelope: &impl Serialize,
        campaign: Option<&CampaignId>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let notification_id = NotificationId::generate(random);
        let shard = shard_of(&notification_id);
        let key = self.keys.sealing(KeyName::Outbox(shard)).await?;
        let stored = OutboxItem {
            envelope: sealing::seal(&key, place(&notification_id), envelope, random)?,
            notification_id,
            schema: SCHEMA,
            state: OutboxState::Pending,
            attempts: 0,
            due_shard: Some(due_shard(OutboxState::Pending, shard)),
            due_at: Some(now.as_second() + STREAM_GRACE_S),
            campaign: campaign.cloned(),
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#notificationId)")
    }

    /// The write of a new message, beside what it tells of.
    pub async fn message<N: Serialize>(
        &self,
        envelope: &Envelope<N>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let part = self.put_in_transaction(envelope, None, now, random).await?;
        Ok(Change::new("message", part))
    }

    /// The write of a word to a browser, beside what it tells of.
    pub async fn push(
        &self,
        notice: &PushNotice,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let part = self.put_in_transaction(notice, None, now, random).await?;
        Ok(Change::new("push", part))
    }

    /// Writes a message that tells of no change.
    pub async fn put<N: Serialize>(
        &self,
        envelope: &Envelope<N>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let message = self.put_in_transaction(envelope, None, now, random).await?;
        let written = Transaction::default().with("message", message).commit(&self.table.client);
        match written.await? {
            Committed::Yes => Ok(()),
            Committed::Refused(_) => Err(StorageError::Contended { what: "a new message" }),
        }
    }

    /// The message of that name.
    pub async fn find(
        &self,
        notification_id: &NotificationId,
    ) -> Result<Option<OutboxEntry>, StorageError> {
        let found: Option<OutboxItem> = self.table.find(key(notification_id)).await?;
        Ok(found.map(OutboxEntry::from))
    }

    /// Opens a message: an [`Envelope`], or a [`Parcel`] where it may be either.
    pub async fn open<P: DeserializeOwned>(&self, entry: &OutboxEntry) -> Result<P, StorageError> {
        let id = &entry.notification_id;
        let key = self.keys.sealing(KeyName::Outbox(shard_of(id))).await?;
        sealing::open(&key, place(id), &entry.sealed)
    }

    /// Messages of one shard in `state` that are due by `as_of`, oldest first.
    pub async fn due(
        &self,
        state: OutboxState,
        shard: u8,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<NotificationId>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            notification_id: NotificationId,
        }
        let (items, _) = self
            .table
            .query(Query {
                index: Some(DUE_INDEX),
                condition: "#dueShard = :shard AND #dueAt <= :asOf",
                values: item([
                    (":shard", s(due_shard(state, shard))),
                    (":asOf", n(as_of.as_second())),
                ]),
                start: None,
                limit,
            })
            .await?;
        items.into_iter().map(|item| read::<Key>(item).map(|key| key.notification_id)).collect()
    }

    /// Takes a pending message for a delivery: nobody else will try it before
    /// the backoff has passed. `false` when another delivery was faster.
    pub async fn take(&self, entry: &OutboxEntry, now: Timestamp) -> Result<bool, StorageError> {
        let due = now.as_second() + (RETRY_BACKOFF_S << entry.attempts.min(10));
        let taken = self
            .table
            .update(
                key(&entry.notification_id),
                "SET #dueAt = :due",
                "#state = :pending AND #dueAt = :seen",
                item([(":due", n(due)), (":seen", n(entry.due_at)), (":pending", s("pending"))]),
            )
            .await?;
        Ok(taken.is_some())
    }

    /// Counts a delivery that failed for a reason of the message's own. Being
    /// asked to slow down is not one.
    pub async fn count_failure(&self, entry: &OutboxEntry) -> Result<(), StorageError> {
        self.table
            .update(
                key(&entry.notification_id),
                "ADD #attempts :one",
                "#state = :pending",
                item([(":one", n(1)), (":pending", s("pending"))]),
            )
            .await
            .map(|_| ())
    }

    /// Marks a message delivered, its content removed, and counts it in its
    /// campaign, in one transaction.
    pub async fn mark_sent(
        &self,
        entries: &[OutboxEntry],
        channel: &str,
        campaigns: &Campaigns,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        for chunk in entries.chunks(LETTERS_PER_BATCH_MAX) {
            let mut transaction = Transaction::default();
            let mut counted: Vec<(&CampaignId, u32)> = Vec::new();
            for entry in chunk {
                transaction = transaction.with("message", self.sent_in_transaction(entry, now)?);
                let Some(campaign) = &entry.campaign else { continue };
                match counted.iter_mut().find(|(id, _)| *id == campaign) {
                    Some((_, count)) => *count += 1,
                    None => counted.push((campaign, 1)),
                }
            }
            let shard = chunk.first().map_or(0, |entry| shard_of(&entry.notification_id));
            for (campaign, count) in counted {
                let part = campaigns.mailed_in_transaction(campaign, shard, channel, count)?;
                transaction = transaction.with("counter", part);
            }
            match transaction.commit(&self.table.client).await? {
                // Refused: marked by a run that was killed after marking. Nothing
                // to do for a single message; a batch is marked as it was made.
                Committed::Yes | Committed::Refused(_) => {}
            }
        }
        Ok(())
    }

    fn sent_in_transaction(
        &self,
        entry: &OutboxEntry,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            key(&entry.notification_id),
            "SET #state = :sent, #expiresAt = :expires REMOVE #envelope, #dueShard, #dueAt",
            "#state <> :sent",
            item([(":sent", s("sent")), (":expires", n(now.as_second() + DELIVERED_KEPT_S))]),
        )
    }

    /// Sets a message aside: after its last try, or because it does not open.
    pub async fn mark_failed(&self, entry: &OutboxEntry) -> Result<(), StorageError> {
        self.table
            .update(
                key(&entry.notification_id),
                "SET #state = :failed REMOVE #dueShard, #dueAt",
                "#state IN (:pending, :toPrint)",
                item([
                    (":failed", s("failed")),
                    (":pending", s("pending")),
                    (":toPrint", s("toPrint")),
                ]),
            )
            .await
            .map(|_| ())
    }

    /// Hands a letter to the print batches.
    pub async fn mark_to_print(
        &self,
        entry: &OutboxEntry,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let shard = due_shard(OutboxState::ToPrint, shard_of(&entry.notification_id));
        self.table
            .update(
                key(&entry.notification_id),
                "SET #state = :toPrint, #dueShard = :shard, #dueAt = :now",
                "#state = :pending",
                item([
                    (":toPrint", s("toPrint")),
                    (":pending", s("pending")),
                    (":shard", s(shard)),
                    (":now", n(now.as_second())),
                ]),
            )
            .await
            .map(|_| ())
    }
}

/// Which shard a message belongs to: its name is random already.
fn shard_of(notification_id: &NotificationId) -> u8 {
    let sum =
        notification_id.as_str().bytes().fold(0_u32, |sum, b| sum * 31 % 65_521 + u32::from(b));
    u8::try_from(sum % u32::from(KEY_SHARDS)).unwrap_or(0)
}

/// The hash key of the due index.
fn due_shard(state: OutboxState, shard: u8) -> String {
    match state {
        OutboxState::ToPrint => format!("toPrint.{shard:02}"),
        OutboxState::Pending | OutboxState::Sent | OutboxState::Failed => {
            format!("pending.{shard:02}")
        }
    }
}

fn key(notification_id: &NotificationId) -> Item {
    item([("notificationId", s(notification_id.as_str()))])
}

/// Where a message stands.
fn place(notification_id: &NotificationId) -> Place<'_> {
    Place { table: TABLE, key: notification_id.as_str(), attribute: "envelope" }
}

impl From<OutboxItem> for OutboxEntry {
    fn from(item: OutboxItem) -> Self {
        Self {
            notification_id: item.notification_id,
            state: item.state,
            attempts: item.attempts,
            due_at: item.due_at.unwrap_or(0),
            campaign: item.campaign,
            sealed: item.envelope,
        }
    }
}
