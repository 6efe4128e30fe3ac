//! The entries of documents: what is known of each, sealed under the space's content key,
//! in clear only its name, its version and where it stands. Newest first by name: a
//! document's name begins with the instant it came. Must not know who may see it, nor what
//! its content says.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{Place, SealingKey};
use espace_domain::{DocumentId, Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, Query, SCHEMA, Table, item, n, read, s};
use crate::{Aws, DocumentDetails, Environment, StorageError, sealing, uploads};

/// The logical name in sealed places.
const TABLE: &str = "documents";
/// Before the names of entries.
pub(crate) const ENTRY: &str = "document.";
/// Before the names of files that came with a mail, which are no documents.
pub(crate) const FILE: &str = "file.";
/// Before the names by which a depositor's own name of a document is found.
const UNIQUE: &str = "unique.";
/// How long an idempotency key leads to what was made, seconds.
const IDEMPOTENCY_S: i64 = 24 * 3_600;

/// The table of documents.
#[derive(Debug, Clone)]
pub struct Documents {
    table: Table,
}

/// An entry as read: still sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedDocument {
    space_id: SpaceId,
    entry: String,
    schema: u8,
    /// Counts the writes of the entry.
    write: u64,
    /// Where its contents lie, in clear: names that tell nothing, by which a sweep knows
    /// what an entry leads to without any key.
    #[serde(default)]
    objects: Vec<String>,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// A document, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub document_id: DocumentId,
    /// Counts the writes of its entry; its `ETag`.
    pub write: u64,
    /// What is known of it.
    pub details: DocumentDetails,
}

/// What a depositor's own name of a document leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownUnique {
    /// The document.
    pub document_id: DocumentId,
    /// The name, as stored.
    #[serde(rename = "entry")]
    name: String,
    /// What was asked for under the name, by keyed hash, where it is an idempotency key.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

impl Documents {
    /// Uses the table of `ESPACE_DOCUMENTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_DOCUMENTS_TABLE") }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// The write of a new document.
    pub fn create(
        &self,
        space_id: &SpaceId,
        document: &Document,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, document, 0, key, random)?;
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("document", part))
    }

    /// The write of a document that changed, refused where it was written since it was
    /// read.
    pub fn replace(
        &self,
        space_id: &SpaceId,
        document: &Document,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, document, document.write + 1, key, random)?;
        let values = item([(":seen", n(document.write))]);
        let part = self.table.replace_in_transaction(&stored, "#write = :seen", values)?;
        Ok(Change::new("document", part))
    }

    /// The write that removes a document.
    pub fn remove(&self, space_id: &SpaceId, document: &Document) -> Result<Change, StorageError> {
        let key = key(space_id, &entry_name(&document.document_id));
        let values = item([(":seen", n(document.write))]);
        let part = self.table.delete_if_in_transaction(key, "#write = :seen", values)?;
        Ok(Change::new("document", part))
    }

    /// The write by which a depositor's own name leads to a document; refused where it
    /// leads to one already.
    pub fn claim_unique(
        &self,
        space_id: &SpaceId,
        name: &str,
        document_id: &DocumentId,
    ) -> Result<Change, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct UniqueItem<'a> {
            space_id: &'a SpaceId,
            entry: String,
            schema: u8,
            document_id: &'a DocumentId,
        }
        let entry = unique_name(name);
        let stored = UniqueItem { space_id, entry, schema: SCHEMA, document_id };
        // Led to the same document already, it is the same claim.
        let free = "attribute_not_exists(#entry) OR #documentId = :own";
        let values = item([(":own", s(document_id.as_str()))]);
        let part: TransactWriteItem = self.table.replace_in_transaction(&stored, free, values)?;
        Ok(Change::new("unique", part))
    }

    /// The write by which an idempotency key leads to what was made, for a day.
    pub fn claim_key(
        &self,
        space_id: &SpaceId,
        (name, fingerprint): (&str, &str),
        document_id: &DocumentId,
        now: Timestamp,
    ) -> Result<Change, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct KeyItem<'a> {
            space_id: &'a SpaceId,
            entry: String,
            schema: u8,
            document_id: &'a DocumentId,
            fingerprint: &'a str,
            expires_at: i64,
        }
        let expires_at = now.as_second() + IDEMPOTENCY_S;
        let entry = unique_name(name);
        let stored =
            KeyItem { space_id, entry, schema: SCHEMA, document_id, fingerprint, expires_at };
        // What was made under it may be gone: asked for again, it is made again.
        let free = "attribute_not_exists(#entry) OR #fingerprint = :own";
        let values = item([(":own", s(fingerprint))]);
        let part = self.table.replace_in_transaction(&stored, free, values)?;
        Ok(Change::new("key", part))
    }

    /// The write by which a content that came with a mail is kept: it is no document, and a
    /// sweep leaves it.
    pub fn keep_file(
        &self,
        space_id: &SpaceId,
        file_id: &DocumentId,
        object: &str,
    ) -> Result<Change, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct FileItem<'a> {
            space_id: &'a SpaceId,
            entry: String,
            schema: u8,
            objects: [&'a str; 1],
        }
        let stored =
            FileItem { space_id, entry: file_name(file_id), schema: SCHEMA, objects: [object] };
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("file", part))
    }

    /// The write that frees a depositor's own name.
    pub fn free_unique(&self, space_id: &SpaceId, name: &str) -> Result<Change, StorageError> {
        let part = self.table.delete_in_transaction(key(space_id, &unique_name(name)), "")?;
        Ok(Change::new("unique", part))
    }

    /// One document.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        document_id: &DocumentId,
        content_key: &SealingKey,
    ) -> Result<Option<Document>, StorageError> {
        let found: Option<SealedDocument> =
            self.table.find(key(space_id, &entry_name(document_id))).await?;
        found.map(|found| found.open(content_key)).transpose()
    }

    /// What a depositor's own name leads to.
    pub async fn known(
        &self,
        space_id: &SpaceId,
        name: &str,
    ) -> Result<Option<KnownUnique>, StorageError> {
        self.table.find(key(space_id, &unique_name(name))).await
    }

    /// Some documents at once, in no order; those that are there.
    pub async fn find_some(
        &self,
        space_id: &SpaceId,
        document_ids: &[DocumentId],
        content_key: &SealingKey,
    ) -> Result<Vec<Document>, StorageError> {
        let keys: Vec<_> = document_ids.iter().map(|id| entry_key(space_id, id)).collect();
        let found = self.table.batch(keys).await?;
        found.into_iter().map(|item| read::<SealedDocument>(item)?.open(content_key)).collect()
    }

    /// A page of entries, newest first, after the one named; and whether there are more.
    pub async fn newest(
        &self,
        space_id: &SpaceId,
        after: Option<&DocumentId>,
        limit: i32,
        content_key: &SealingKey,
    ) -> Result<(Vec<Document>, bool), StorageError> {
        let last = match after {
            Some(after) => entry_name(after),
            // Beyond every name.
            None => format!("{ENTRY}~"),
        };
        let start = after.map(|after| key(space_id, &entry_name(after)));
        let query = Query {
            index: None,
            condition: "#spaceId = :space AND #entry BETWEEN :first AND :last",
            values: item([
                (":space", s(space_id.as_str())),
                (":first", s(ENTRY)),
                (":last", s(last)),
            ]),
            start,
            limit,
        };
        let (items, more) = self.table.query_backwards(query).await?;
        let opened =
            items.into_iter().map(|found| read::<SealedDocument>(found)?.open(content_key));
        Ok((opened.collect::<Result<_, _>>()?, more.is_some()))
    }
}

impl SealedDocument {
    /// Opens it under the content key.
    pub fn open(&self, content_key: &SealingKey) -> Result<Document, StorageError> {
        let corrupt = |_| StorageError::Corrupt { what: "name of a document" };
        let name = self.entry.strip_prefix(ENTRY).unwrap_or_default();
        let document_id = DocumentId::parse(name).map_err(corrupt)?;
        let place = place_key(&self.space_id, &self.entry);
        let details = sealing::open(content_key, details_place(&place), &self.details)?;
        Ok(Document { document_id, write: self.write, details })
    }
}

fn sealed(
    space_id: &SpaceId,
    document: &Document,
    write: u64,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<SealedDocument, StorageError> {
    let entry = entry_name(&document.document_id);
    let place = place_key(space_id, &entry);
    let details = sealing::seal(key, details_place(&place), &document.details, random)?;
    let objects = document.details.objects().map(str::to_owned).collect();
    let space_id = space_id.clone();
    Ok(SealedDocument { space_id, entry, schema: SCHEMA, write, objects, details })
}

/// The key of an entry.
pub(crate) fn entry_key(space_id: &SpaceId, document_id: &DocumentId) -> Item {
    key(space_id, &entry_name(document_id))
}

/// The key of a depositor's own name.
pub(crate) fn unique_key(space_id: &SpaceId, name: &str) -> Item {
    key(space_id, &unique_name(name))
}

/// What an item of the table is, by its name.
pub(crate) fn kind_of(found: &Item) -> ItemKind {
    let name = found.get("entry").and_then(|entry| entry.as_s().ok());
    match name.map(String::as_str) {
        Some(name) if name.starts_with(ENTRY) => ItemKind::Entry,
        Some(name) if name.starts_with(uploads::UPLOAD) => ItemKind::Upload,
        _ => ItemKind::Unique,
    }
}

/// The kinds of items of the table.
pub(crate) enum ItemKind {
    /// A document's entry.
    Entry,
    /// A large content on its way.
    Upload,
    /// A name that leads to a document.
    Unique,
}

impl KnownUnique {
    /// Whether this is what `name` leads to.
    pub fn is_of(&self, name: &str) -> bool {
        self.name.strip_prefix(UNIQUE) == Some(name)
    }
}

pub(crate) fn key(space_id: &SpaceId, entry: &str) -> Item {
    item([("spaceId", s(space_id.as_str())), ("entry", s(entry))])
}

fn entry_name(document_id: &DocumentId) -> String {
    format!("{ENTRY}{document_id}")
}

/// The key of a file that came with a mail.
pub(crate) fn file_key(space_id: &SpaceId, file_id: &DocumentId) -> Item {
    key(space_id, &file_name(file_id))
}

fn file_name(file_id: &DocumentId) -> String {
    format!("{FILE}{file_id}")
}

fn unique_name(name: &str) -> String {
    format!("{UNIQUE}{name}")
}

/// The key in a sealed place.
fn place_key(space_id: &SpaceId, entry: &str) -> String {
    format!("{space_id}.{entry}")
}

fn details_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "details" }
}
