//! The entries of documents: what is known of each, sealed under the space's content key,
//! in clear only its name, its version and where it stands. Newest first by name: a
//! document's name begins with the instant it came. Must not know who may see it, nor what
//! its content says.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{Place, SealingKey};
use espace_domain::decision::{Labels, RuleEffect};
use espace_domain::{DocumentId, DocumentType, Random, SpaceId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::table::{Item, Query, SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "documents";
/// Before the names of entries.
const ENTRY: &str = "document.";
/// Before the names by which a depositor's own name of a document is found.
const UNIQUE: &str = "unique.";

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

/// What is known of a document.
#[expect(clippy::struct_excessive_bools, reason = "labels and marks apart from each other")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentDetails {
    /// The version of its content, from 1.
    pub version: u32,
    /// Its type.
    pub document_type: DocumentType,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// A remark of its depositor.
    pub comment: Option<String>,
    /// The media type it is served as.
    pub content_type: String,
    /// The ending of its file name.
    pub extension: String,
    /// Bytes of its content.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Who deposited it.
    pub author: Author,
    /// When it came.
    pub added_at: Timestamp,
    /// `MASQUE_PS`.
    pub masked: bool,
    /// `INVISIBLE_PATIENT`.
    pub invisible_patient: bool,
    /// `INVISIBLE_REPRESENTANTS_LEGAUX`.
    pub invisible_representatives: bool,
    /// Pinned in its holder's view.
    #[serde(default)]
    pub pinned: bool,
    /// Put away in its holder's view.
    #[serde(default)]
    pub archived: bool,
    /// What its producer calls it.
    pub unique_id: Option<String>,
    /// Where its content lies.
    pub object: String,
    /// The content's key, sealed under the space's.
    #[serde(with = "serde_bytes")]
    pub content_key: Vec<u8>,
    /// What the holder chose about it for one professional, by RPPS number.
    #[serde(default)]
    pub rules: BTreeMap<String, RuleEffect>,
}

/// Who deposited a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The kind of party.
    pub kind: String,
    /// A professional's RPPS number.
    pub id: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their profession's code.
    pub profession: Option<String>,
    /// Where they work.
    pub structure: Option<String>,
}

/// What a depositor's own name of a document leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownUnique {
    /// The document.
    pub document_id: DocumentId,
}

impl Documents {
    /// Uses the table of `ESPACE_DOCUMENTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_DOCUMENTS_TABLE") }
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
        known: &KnownUnique,
    ) -> Result<Change, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct UniqueItem<'a> {
            space_id: &'a SpaceId,
            entry: String,
            schema: u8,
            #[serde(flatten)]
            known: &'a KnownUnique,
        }
        let entry = unique_name(name);
        let stored = UniqueItem { space_id, entry, schema: SCHEMA, known };
        let part: TransactWriteItem =
            self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("unique", part))
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

impl DocumentDetails {
    /// Its labels, as a decision takes them.
    pub fn labels(&self) -> Labels {
        Labels {
            masked: self.masked,
            invisible_patient: self.invisible_patient,
            invisible_representatives: self.invisible_representatives,
        }
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
    Ok(SealedDocument { space_id: space_id.clone(), entry, schema: SCHEMA, write, details })
}

/// The key of an entry.
pub(crate) fn entry_key(space_id: &SpaceId, document_id: &DocumentId) -> Item {
    key(space_id, &entry_name(document_id))
}

/// The key of a depositor's own name.
pub(crate) fn unique_key(space_id: &SpaceId, name: &str) -> Item {
    key(space_id, &unique_name(name))
}

/// Whether an item is an entry.
pub(crate) fn is_entry(found: &Item) -> bool {
    let name = found.get("entry").and_then(|entry| entry.as_s().ok());
    name.is_some_and(|name| name.starts_with(ENTRY))
}

fn key(space_id: &SpaceId, entry: &str) -> Item {
    item([("spaceId", s(space_id.as_str())), ("entry", s(entry))])
}

fn entry_name(document_id: &DocumentId) -> String {
    format!("{ENTRY}{document_id}")
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
