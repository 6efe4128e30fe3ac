//! Erasing a space: what the one write takes away, and what is left to do after it (job
//! `erasure`, ADR 18). Must not know who asked for it, nor how the rest is found.

use std::sync::Arc;

use espace_crypto::{BlindIndex, Place};
use espace_domain::{Random, Reference, SpaceId};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::due::{DueTaken, shard_name, shard_of};
use crate::table::{Item, SCHEMA, Table, item, s};
use crate::transaction::{Committed, Transaction};
use crate::{
    Accounts, Aws, Certificates, Envelope, Environment, KeyName, Outbox, Sessions, Space,
    SpaceKeys, Spaces, StorageError, SystemKeys, sealing,
};

/// The logical name in sealed places.
const TABLE: &str = "erasures";
/// Shards of that index: 16 partitions of 1,000 writes a second.
pub const ERASURE_SHARDS: u8 = 16;
/// First wait after a failed try, doubled each time.
const RETRY_BACKOFF_S: i64 = 120;
/// Tries before it is set aside for an operator: the last comes two days after the first.
pub const ERASURE_TRIES_MAX: u32 = 11;
/// After how long no function holds a key that was destroyed: a warm one gives it no more (it
/// reads the wrapped form first, [`crate::KEY_HELD_FOR`] at most), one that took it before works on
/// until its time-out, which is fifteen minutes at most on Lambda.
const KEY_GONE_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// Days for which the table of keys can be restored to what it was (ADR 18): as the template
/// says.
pub const KEY_RECOVERY_DAYS: i64 = 7;

/// The table of erasures that are not over.
#[derive(Debug, Clone)]
pub struct Erasures {
    table: Table,
    keys: Arc<SystemKeys>,
}

/// The stores that an erasure takes from at once.
#[derive(Debug, Clone)]
pub struct ErasureStores {
    /// The erasures.
    pub erasures: Erasures,
    /// The keys of spaces.
    pub space_keys: SpaceKeys,
    /// The accounts.
    pub accounts: Accounts,
    /// The sessions.
    pub sessions: Sessions,
    /// The certificates.
    pub certificates: Certificates,
}

/// The dates of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasureDates {
    /// From when on no function holds the key.
    pub inaccessible_since: Timestamp,
    /// From when on the key cannot be restored.
    pub unrecoverable_from: Timestamp,
}

/// What the holder gets of an erasure: its certificate, and where that is sent.
#[derive(Debug)]
pub struct Certified<'a, N> {
    /// Its reference.
    pub reference: &'a Reference,
    /// The messages that bring it.
    pub letters: &'a [Envelope<N>],
}

/// An erasure that is not over.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Of which space.
    pub space_id: SpaceId,
    /// When it was written: the content key went then.
    pub erased_at: Timestamp,
    /// Its certificate's reference, where there is one.
    pub reference: Option<Reference>,
    /// The login of the account that went with it.
    pub login: Option<BlindIndex>,
    tries: u32,
    due_at: Option<i64>,
    letters: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErasureItem {
    space_id: SpaceId,
    schema: u8,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    erased_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(with = "serde_bytes")]
    letters: Vec<u8>,
}

impl ErasureDates {
    /// Those of an erasure written at an instant.
    pub fn of(erased_at: Timestamp) -> Self {
        let restorable = SignedDuration::from_hours(24 * KEY_RECOVERY_DAYS);
        let after = |wait| erased_at.checked_add(wait).unwrap_or(Timestamp::MAX);
        Self { inaccessible_since: after(KEY_GONE_AFTER), unrecoverable_from: after(restorable) }
    }
}

impl ErasureStores {
    /// What the one write of an erasure takes away beside the state: the content key, the
    /// account and its sessions; and what it leaves to be done.
    pub async fn changes<N: Serialize>(
        &self,
        space: &Space,
        certified: Option<&Certified<'_, N>>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Vec<Change>, StorageError> {
        let space_id = &space.space_id;
        let mut changes = vec![self.space_keys.content_destroyed(space_id)?];
        if let Some(account) = &space.account {
            changes.push(self.accounts.removed(&account.login())?);
            changes.push(self.sessions.ended(&account.account_id)?);
        }
        if let Some(certified) = certified {
            changes.push(self.certificates.erasure_asked(certified.reference, space_id, now)?);
        }
        changes.push(self.erasures.put(space, certified, now, random).await?);
        Ok(changes)
    }

    /// Begins to end a space of which only the traces are left: their key goes. `false` where it
    /// changed since it was read, or something of it is still to be removed.
    pub async fn forget(
        &self,
        spaces: &Spaces,
        space: &Space,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let space_id = &space.space_id;
        let table = &self.erasures.table;
        let is_over = "attribute_not_exists(#spaceId)";
        let transaction = Transaction::default()
            .with("space", spaces.forgetting(space, now)?)
            .with("spaceKey", self.space_keys.trace_destroyed(space_id)?)
            .with("erasure", table.check_in_transaction(key(space_id), is_over, Item::new())?);
        Ok(transaction.commit(&table.client).await? == Committed::Yes)
    }
}

impl Erasures {
    /// Uses the table of `ESPACE_ERASURES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ERASURES_TABLE"), keys }
    }

    /// The write of what is left to do. It is due once no function holds the key any more.
    async fn put<N: Serialize>(
        &self,
        space: &Space,
        certified: Option<&Certified<'_, N>>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let space_id = &space.space_id;
        let letters = certified.map(|certified| certified.letters).unwrap_or_default();
        let key = self.keys.sealing(KeyName::Erasure).await?;
        let stored = ErasureItem {
            space_id: space_id.clone(),
            schema: SCHEMA,
            erased_at: now,
            reference: certified.map(|certified| certified.reference.clone()),
            login: space.account.as_ref().map(|account| account.login().as_str().to_owned()),
            tries: 0,
            due_shard: Some(shard_of(space_id.as_str(), ERASURE_SHARDS)),
            due_at: Some(ErasureDates::of(now).inaccessible_since.as_second()),
            letters: sealing::seal(&key, place(space_id), &letters, random)?,
        };
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#spaceId)")?;
        Ok(Change::new("erasure", part))
    }

    /// The one of a space.
    pub async fn find(&self, space_id: &SpaceId) -> Result<Option<Erasure>, StorageError> {
        let found: Option<ErasureItem> = self.table.find(key(space_id)).await?;
        Ok(found.map(Erasure::from))
    }

    /// Those of a shard that are due by `as_of`, oldest first.
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

    /// Takes one: nobody else will try it before the backoff has passed. Tried too often,
    /// it leaves the index and stays for an operator.
    pub async fn take(&self, erasure: &Erasure, now: Timestamp) -> Result<DueTaken, StorageError> {
        let Some(seen) = erasure.due_at else {
            return Ok(DueTaken::Elsewhere);
        };
        let key = key(&erasure.space_id);
        if erasure.tries >= ERASURE_TRIES_MAX {
            return self.table.set_aside(key, seen).await;
        }
        let again = now.as_second() + (RETRY_BACKOFF_S << erasure.tries);
        self.table.take(key, seen, again).await
    }

    /// Ends one: its certificate is issued and sent in the same transaction. `false` where
    /// another run ended it.
    pub async fn finish<N: Serialize + DeserializeOwned>(
        &self,
        erasure: &Erasure,
        certificates: &Certificates,
        outbox: &Outbox,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<bool, StorageError> {
        let space_id = &erasure.space_id;
        let sealing_key = self.keys.sealing(KeyName::Erasure).await?;
        let letters: Vec<Envelope<N>> =
            sealing::open(&sealing_key, place(space_id), &erasure.letters)?;
        let done = self.table.delete_in_transaction(key(space_id), "attribute_exists(#spaceId)")?;
        let mut transaction = Transaction::default().with("erasure", done);
        if let Some(reference) = &erasure.reference {
            let dates = ErasureDates::of(erasure.erased_at);
            let part = certificates.issued_in_transaction(reference, dates)?;
            transaction = transaction.with("certificate", part);
        }
        for letter in &letters {
            let part = outbox.put_in_transaction(letter, None, now, random).await?;
            transaction = transaction.with("message", part);
        }
        Ok(transaction.commit(&self.table.client).await? == Committed::Yes)
    }
}

fn key(space_id: &SpaceId) -> Item {
    item([("spaceId", s(space_id.as_str()))])
}

/// Where the letters stand.
fn place(space_id: &SpaceId) -> Place<'_> {
    Place { table: TABLE, key: space_id.as_str(), attribute: "letters" }
}

impl From<ErasureItem> for Erasure {
    fn from(stored: ErasureItem) -> Self {
        Self {
            space_id: stored.space_id,
            erased_at: stored.erased_at,
            reference: stored.reference,
            login: stored.login.map(BlindIndex::from_stored),
            tries: stored.tries,
            due_at: stored.due_at,
            letters: stored.letters,
        }
    }
}
