//! What persons take away: an archive being made, then kept for a week, in pieces sealed under
//! the space's content key. In clear only names, states and instants. Must not know what is in
//! an archive.

use espace_crypto::{ContentPlace, Place, SealingKey};
use espace_domain::{ExportId, Random, SessionId, SpaceId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::due::{DueTaken, shard_name, shard_of};
use crate::table::{Item, Query, SCHEMA, Table, item, n, read, s};
use crate::transaction::{Committed, Transaction};
use crate::{Aws, Envelope, Environment, Outbox, StorageError, StoredContent, sealing};

/// The logical name in sealed places.
const TABLE: &str = "exports";
/// Shards of that index.
pub const EXPORT_SHARDS: u8 = 16;
/// Seconds after which the sweep takes what the stream did not bring.
const STREAM_GRACE_S: i64 = 120;
/// How long one try may take before another begins, seconds: more than a function lives.
const LEASE_S: i64 = 1_000;
/// Tries before it is set aside.
pub const EXPORT_TRIES_MAX: u32 = 6;
/// How long an archive is kept, seconds: a week.
pub const EXPORT_KEPT_S: i64 = 7 * 86_400;
/// Most archives of a space at once.
pub const EXPORTS_MAX: usize = 3;
/// The number under which what is still to be done of one is sealed; its pieces count from 1.
const PLAN: u32 = 0;

/// The table of exports.
#[derive(Debug, Clone)]
pub struct Exports {
    table: Table,
}

/// Where an archive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExportState {
    /// It is being made.
    Preparing,
    /// It can be read.
    Ready,
    /// It could not be made; an operator knows.
    Failed,
}

/// An archive, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedExport {
    /// Of which space.
    pub space_id: SpaceId,
    /// Its name.
    pub export_id: ExportId,
    schema: u8,
    /// Where it stands.
    pub state: ExportState,
    write: u64,
    /// When it was asked for.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub asked_at: Timestamp,
    /// When it goes.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires_at: Timestamp,
    tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// What is sealed of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportDetails {
    /// For whom it is made: the kind of party, which decides what is in it.
    pub party: String,
    /// Of an heir: who, and the first day of the care that is theirs to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir: Option<(SpaceId, Date)>,
    /// The session that gave a fresh second factor, and until when that counts.
    pub unlocked: (SessionId, Timestamp),
    /// What is to be done and what was, between two tries.
    #[serde(default)]
    pub progress: Option<Piece>,
    /// Its pieces, in order.
    #[serde(default)]
    pub pieces: Vec<Piece>,
}

/// A piece of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    /// Its number, from 1.
    pub number: u32,
    /// Where it lies.
    pub object: String,
    /// Its key, sealed under the space's.
    #[serde(with = "serde_bytes")]
    pub content_key: Vec<u8>,
    /// Bytes.
    pub size: u64,
}

impl Exports {
    /// Uses the table of `ESPACE_EXPORTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_EXPORTS_TABLE") }
    }

    /// The write of one that is to be made.
    pub fn ask(
        &self,
        (space_id, export_id): (&SpaceId, &ExportId),
        details: &ExportDetails,
        key: &SealingKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let expires_at = Timestamp::from_second(now.as_second() + EXPORT_KEPT_S);
        let stored = SealedExport {
            space_id: space_id.clone(),
            export_id: export_id.clone(),
            schema: SCHEMA,
            state: ExportState::Preparing,
            write: 0,
            asked_at: now,
            expires_at: expires_at.unwrap_or(Timestamp::MAX),
            tries: 0,
            due_shard: Some(shard_of(export_id.as_str(), EXPORT_SHARDS)),
            due_at: Some(now.as_second() + STREAM_GRACE_S),
            details: seal(export_id, details, key, random)?,
        };
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#exportId)")?;
        Ok(Change::new("export", part))
    }

    /// The one of that name, unless it is over.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        export_id: &ExportId,
        now: Timestamp,
    ) -> Result<Option<SealedExport>, StorageError> {
        let found: Option<SealedExport> = self.table.find(key(space_id, export_id)).await?;
        Ok(found.filter(|found| now < found.expires_at))
    }

    /// Those of a space that are not over, newest first.
    pub async fn of_space(
        &self,
        space_id: &SpaceId,
        now: Timestamp,
    ) -> Result<Vec<SealedExport>, StorageError> {
        let query = Query {
            index: None,
            condition: "#spaceId = :space",
            values: item([(":space", s(space_id.as_str()))]),
            start: None,
            limit: 100,
        };
        let (items, _) = self.table.query(query).await?;
        let mut found = items.into_iter().map(read).collect::<Result<Vec<SealedExport>, _>>()?;
        found.retain(|found| now < found.expires_at);
        found.sort_by_key(|found| std::cmp::Reverse(found.asked_at));
        Ok(found)
    }

    /// The write of what is sealed of one, refused where it changed since it was read.
    pub fn change(
        &self,
        export: &SealedExport,
        details: &ExportDetails,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let next = SealedExport {
            write: export.write + 1,
            details: seal(&export.export_id, details, key, random)?,
            ..export.clone()
        };
        Ok(Change::new("export", self.replaced(&next, export.write)?))
    }

    fn replaced(
        &self,
        next: &SealedExport,
        seen: u64,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StorageError> {
        self.table.replace_in_transaction(next, "#write = :seen", item([(":seen", n(seen))]))
    }

    /// Those of a shard that are due by `as_of`, oldest first.
    pub async fn due(
        &self,
        shard: u8,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<(SpaceId, ExportId)>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            space_id: SpaceId,
            export_id: ExportId,
        }
        let due: Vec<Key> = self.table.due(&shard_name(shard), as_of, limit).await?;
        Ok(due.into_iter().map(|key| (key.space_id, key.export_id)).collect())
    }

    /// Takes one: nobody else works on it before a function's life is over.
    pub async fn take(
        &self,
        export: &SealedExport,
        now: Timestamp,
    ) -> Result<DueTaken, StorageError> {
        let Some(seen) = export.due_at.filter(|_| export.state == ExportState::Preparing) else {
            return Ok(DueTaken::Elsewhere);
        };
        let key = key(&export.space_id, &export.export_id);
        if export.tries >= EXPORT_TRIES_MAX {
            return self.table.fail(key, seen).await;
        }
        self.table.take(key, seen, now.as_second() + LEASE_S).await
    }

    /// Keeps how far one has come; `false` where another has it by now.
    pub async fn keep(
        &self,
        export: &mut SealedExport,
        details: &ExportDetails,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<bool, StorageError> {
        let sealed = seal(&export.export_id, details, key, random)?;
        let values = item([
            (":details", crate::table::b(sealed)),
            (":seen", n(export.write)),
            (":next", n(export.write + 1)),
            (":zero", n(0)),
        ]);
        let at = self::key(&export.space_id, &export.export_id);
        // What comes on is not given up.
        let update = "SET #details = :details, #write = :next, #tries = :zero";
        let kept = self.table.update(at, update, "#write = :seen", values).await?;
        export.write += 1;
        Ok(kept.is_some())
    }

    /// Ends one, with word of it; `false` where another did.
    pub async fn finish<N: Serialize>(
        &self,
        export: &SealedExport,
        (details, key): (&ExportDetails, &SealingKey),
        (outbox, word): (&Outbox, &[Envelope<N>]),
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<bool, StorageError> {
        let next = SealedExport {
            state: ExportState::Ready,
            write: export.write + 1,
            due_shard: None,
            due_at: None,
            details: seal(&export.export_id, details, key, random)?,
            ..export.clone()
        };
        let mut transaction =
            Transaction::default().with("export", self.replaced(&next, export.write)?);
        for message in word {
            let part = outbox.put_in_transaction(message, None, now, random).await?;
            transaction = transaction.with("message", part);
        }
        Ok(transaction.commit(&self.table.client).await? == Committed::Yes)
    }

    /// Removes one whose space is no more.
    pub async fn drop_export(&self, export: &SealedExport) -> Result<(), StorageError> {
        self.table.delete(key(&export.space_id, &export.export_id)).await
    }

    /// The table, for who forgets a space.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }
}

impl SealedExport {
    /// Opens what is sealed.
    pub fn open(&self, key: &SealingKey) -> Result<ExportDetails, StorageError> {
        sealing::open(key, details_place(&self.export_id), &self.details)
    }
}

impl ExportDetails {
    /// Bytes of the whole archive.
    pub fn size(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.size).sum()
    }

    /// Whether a session may read it now.
    pub fn is_unlocked(&self, session: &SessionId, now: Timestamp) -> bool {
        self.unlocked.0 == *session && now < self.unlocked.1
    }
}

impl Piece {
    /// Which number stands for what is still to be done.
    pub fn of_progress() -> u32 {
        PLAN
    }

    /// It as a content that can be read.
    pub fn content<'a>(&'a self, space: &'a SpaceId, export: &'a ExportId) -> StoredContent<'a> {
        StoredContent {
            place: ContentPlace {
                space: space.as_str(),
                document: export.as_str(),
                version: self.number,
            },
            object: &self.object,
            content_key: &self.content_key,
            size: self.size,
        }
    }
}

fn seal(
    export_id: &ExportId,
    details: &ExportDetails,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<Vec<u8>, StorageError> {
    sealing::seal(key, details_place(export_id), details, random)
}

fn key(space_id: &SpaceId, export_id: &ExportId) -> Item {
    item([("spaceId", s(space_id.as_str())), ("exportId", s(export_id.as_str()))])
}

fn details_place(export_id: &ExportId) -> Place<'_> {
    Place { table: TABLE, key: export_id.as_str(), attribute: "details" }
}
