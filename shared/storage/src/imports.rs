//! Archives that are taken in again: what is on its way, and what came of it. In clear only
//! names, states and instants. Must not know what is in an archive.

use espace_crypto::{Place, SealingKey};
use espace_domain::{ImportId, Random, SpaceId, TraceActor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::due::{DueTaken, shard_name, shard_of};
use crate::table::{Item, Query, SCHEMA, Table, b, item, n, read, s};
use crate::{ArchiveName, Aws, Environment, StorageError, sealing};

/// The logical name in sealed places.
const TABLE: &str = "imports";
/// Shards of that index.
pub const IMPORT_SHARDS: u8 = 16;
/// How long one try may take before another begins, seconds: more than a function lives.
const LEASE_S: i64 = 1_000;
/// Tries before it is set aside.
const TRIES_MAX: u32 = 6;
/// Most archives on their way into a space at once.
pub const IMPORTS_OPEN_MAX: usize = 3;
/// How long parts are awaited, seconds: after that the inbox has forgotten them.
const AWAITED_S: i64 = 2 * 86_400;
/// Imports of a space that are asked for at once.
const LISTED_MAX: i32 = 500;
/// How long one is remembered, seconds: a month.
const KEPT_S: i64 = 30 * 86_400;

/// The table of imports.
#[derive(Debug, Clone)]
pub struct Imports {
    table: Table,
}

/// Where one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImportState {
    /// Its parts are awaited.
    AwaitingContent,
    /// It is read, and taken in.
    TakingIn,
    /// What it held is in the space.
    Done,
    /// It is not an archive of this person's, or it is damaged.
    Refused,
    /// It could not be taken in; an operator knows.
    Failed,
}

/// One, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedImport {
    /// Into which space.
    pub space_id: SpaceId,
    /// Its name.
    pub import_id: ImportId,
    schema: u8,
    /// Where it stands.
    pub state: ImportState,
    write: u64,
    expires_at: i64,
    tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// What is sealed of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportDetails {
    /// Who takes it in.
    pub actor: TraceActor,
    /// Bytes.
    pub size: u64,
    /// Where it lies in the inbox.
    pub name: String,
    /// What S3 calls its upload.
    pub upload_id: String,
    /// What came of it.
    #[serde(default)]
    pub taken: Taken,
    /// Why it was refused.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What came of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taken {
    /// Documents that were added.
    pub documents: u64,
    /// Conversations that were added.
    pub conversations: u64,
    /// What was there already, or could not stand beside what is.
    pub left_out: u64,
}

impl Imports {
    /// Uses the table of `ESPACE_IMPORTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_IMPORTS_TABLE") }
    }

    /// The write of one whose parts are awaited.
    pub fn announce(
        &self,
        (space_id, import_id): (&SpaceId, &ImportId),
        details: &ImportDetails,
        key: &SealingKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = SealedImport {
            space_id: space_id.clone(),
            import_id: import_id.clone(),
            schema: SCHEMA,
            state: ImportState::AwaitingContent,
            write: 0,
            expires_at: now.as_second() + KEPT_S,
            tries: 0,
            due_shard: None,
            due_at: None,
            details: seal(import_id, details, key, random)?,
        };
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#importId)")?;
        Ok(Change::new("import", part))
    }

    /// The write by which one is due: its parts have come.
    pub fn came(&self, import: &SealedImport, now: Timestamp) -> Result<Change, StorageError> {
        let next = SealedImport {
            state: ImportState::TakingIn,
            write: import.write + 1,
            due_shard: Some(shard_of(import.import_id.as_str(), IMPORT_SHARDS)),
            due_at: Some(now.as_second()),
            ..import.clone()
        };
        let values = item([(":seen", n(import.write))]);
        let part = self.table.replace_in_transaction(&next, "#write = :seen", values)?;
        Ok(Change::new("import", part))
    }

    /// How many are on their way into a space.
    pub async fn open(&self, space_id: &SpaceId, now: Timestamp) -> Result<usize, StorageError> {
        let query = Query {
            index: None,
            condition: "#spaceId = :space",
            values: item([(":space", s(space_id.as_str()))]),
            start: None,
            limit: LISTED_MAX,
        };
        let (items, _) = self.table.query(query).await?;
        let mut open = 0;
        for stored in items {
            let import: SealedImport = read(stored)?;
            let begun = import.expires_at - KEPT_S;
            let is_open = match import.state {
                ImportState::AwaitingContent => now.as_second() < begun + AWAITED_S,
                ImportState::TakingIn => true,
                ImportState::Done | ImportState::Refused | ImportState::Failed => false,
            };
            open += usize::from(is_open);
        }
        Ok(open)
    }

    /// The one of that name.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        import_id: &ImportId,
    ) -> Result<Option<SealedImport>, StorageError> {
        self.table.find(key(space_id, import_id)).await
    }

    /// Those of a shard that are due by `as_of`, oldest first.
    pub async fn due(
        &self,
        shard: u8,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<(SpaceId, ImportId)>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            space_id: SpaceId,
            import_id: ImportId,
        }
        let due: Vec<Key> = self.table.due(&shard_name(shard), as_of, limit).await?;
        Ok(due.into_iter().map(|key| (key.space_id, key.import_id)).collect())
    }

    /// Takes one: nobody else works on it before a function's life is over.
    pub async fn take(
        &self,
        import: &SealedImport,
        now: Timestamp,
    ) -> Result<DueTaken, StorageError> {
        let Some(seen) = import.due_at else { return Ok(DueTaken::Elsewhere) };
        let key = key(&import.space_id, &import.import_id);
        if import.tries >= TRIES_MAX {
            return self.table.fail(key, seen).await;
        }
        self.table.take(key, seen, now.as_second() + LEASE_S).await
    }

    /// Says what came of one so far; once it `is_over`, nothing is due any more. Else it is
    /// due at once: time ran out.
    pub async fn keep(
        &self,
        import: &SealedImport,
        (state, details): (ImportState, &ImportDetails),
        key: &SealingKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let name = match state {
            ImportState::AwaitingContent => "awaitingContent",
            ImportState::TakingIn => "takingIn",
            ImportState::Done => "done",
            ImportState::Refused => "refused",
            ImportState::Failed => "failed",
        };
        let sealed = seal(&import.import_id, details, key, random)?;
        let mut values = item([(":state", s(name)), (":details", b(sealed)), (":zero", n(0))]);
        let update = if state == ImportState::TakingIn {
            values.insert(":now".to_owned(), n(now.as_second()));
            "SET #state = :state, #details = :details, #tries = :zero, #dueAt = :now"
        } else {
            "SET #state = :state, #details = :details, #tries = :zero REMOVE #dueShard, #dueAt"
        };
        let at = self::key(&import.space_id, &import.import_id);
        self.table.update(at, update, "attribute_exists(#importId)", values).await.map(|_| ())
    }

    /// The table, for who forgets a space.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }
}

impl SealedImport {
    /// Opens what is sealed.
    pub fn open(&self, key: &SealingKey) -> Result<ImportDetails, StorageError> {
        sealing::open(key, details_place(&self.import_id), &self.details)
    }

    /// Where it lies in the inbox.
    pub fn archive(&self, details: &ImportDetails) -> ArchiveName {
        ArchiveName {
            space_id: self.space_id.clone(),
            import_id: self.import_id.clone(),
            name: details.name.clone(),
        }
    }
}

fn seal(
    import_id: &ImportId,
    details: &ImportDetails,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<Vec<u8>, StorageError> {
    sealing::seal(key, details_place(import_id), details, random)
}

fn key(space_id: &SpaceId, import_id: &ImportId) -> Item {
    item([("spaceId", s(space_id.as_str())), ("importId", s(import_id.as_str()))])
}

fn details_place(import_id: &ImportId) -> Place<'_> {
    Place { table: TABLE, key: import_id.as_str(), attribute: "details" }
}
