//! What waits to be told of or shown, by day: marks whose names tell neither the space nor
//! the document, so that the table betrays no label. A mark says a day and a shard in
//! clear; of whom, which and what is sealed. Must not know when a day has come, nor what
//! is then done.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::Place;
use espace_domain::{DocumentId, Random, SpaceId, shown_on, told_on};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, Query, SCHEMA, Table, item, read, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys, sealing};

/// The logical name in sealed places.
const TABLE: &str = "reveals";
/// Shards of a day: some 700 marks each where one document in a hundred of a national
/// service waits.
pub const REVEAL_SHARDS: u8 = 16;
/// Random bytes in a mark's name.
const NAME_BYTES: usize = 16;

/// The table of marks.
#[derive(Debug, Clone)]
pub struct Reveals {
    table: Table,
    keys: Arc<SystemKeys>,
}

/// What is then to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevealStep {
    /// The patient is told that something waits.
    Tell,
    /// It is shown.
    Show,
}

/// A mark, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevealMark {
    day: String,
    name: String,
    /// Whose.
    pub space_id: SpaceId,
    /// Which.
    pub document_id: DocumentId,
    /// What is to be done.
    pub step: RevealStep,
}

/// Where a page of marks ends.
#[derive(Debug)]
pub struct RevealPage(Item);

#[derive(Debug, Serialize, Deserialize)]
struct MarkItem {
    day: String,
    name: String,
    schema: u8,
    #[serde(with = "serde_bytes")]
    what: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct What {
    space_id: SpaceId,
    document_id: DocumentId,
    step: RevealStep,
}

impl Reveals {
    /// Uses the table of `ESPACE_REVEALS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_REVEALS_TABLE"), keys }
    }

    /// The writes that mark a document hidden since an instant.
    pub async fn mark(
        &self,
        space_id: &SpaceId,
        document_id: &DocumentId,
        since: Timestamp,
        random: &dyn Random,
    ) -> Result<[Change; 2], StorageError> {
        let key = self.keys.sealing(KeyName::Reveal).await?;
        let mark = |day: Date, step| {
            let mut bytes = [0; NAME_BYTES];
            random.fill(&mut bytes);
            let shard = bytes.first().copied().unwrap_or(0) % REVEAL_SHARDS;
            let (day, name) = (day_key(day, shard), BASE64URL_NOPAD.encode(&bytes));
            let what = What { space_id: space_id.clone(), document_id: document_id.clone(), step };
            let place_key = format!("{day}.{name}");
            let what = sealing::seal(&key, place(&place_key), &what, random)?;
            let stored = MarkItem { day, name, schema: SCHEMA, what };
            let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#day)")?;
            Ok(Change::new("reveal", part))
        };
        let told = mark(told_on(since), RevealStep::Tell)?;
        Ok([told, mark(shown_on(since), RevealStep::Show)?])
    }

    /// A page of the marks of a day and shard.
    pub async fn of_day(
        &self,
        day: Date,
        shard: u8,
        after: Option<RevealPage>,
        limit: i32,
    ) -> Result<(Vec<RevealMark>, Option<RevealPage>), StorageError> {
        let query = Query {
            index: None,
            condition: "#day = :day",
            values: item([(":day", s(day_key(day, shard)))]),
            start: after.map(|page| page.0),
            limit,
        };
        let (items, more) = self.table.query(query).await?;
        if items.is_empty() {
            return Ok((Vec::new(), more.map(RevealPage)));
        }
        let key = self.keys.sealing(KeyName::Reveal).await?;
        let open = |found| {
            let MarkItem { day, name, what, .. } = read(found)?;
            let place_key = format!("{day}.{name}");
            let What { space_id, document_id, step } =
                sealing::open(&key, place(&place_key), &what)?;
            Ok(RevealMark { day, name, space_id, document_id, step })
        };
        let marks = items.into_iter().map(open).collect::<Result<_, StorageError>>()?;
        Ok((marks, more.map(RevealPage)))
    }

    /// Removes a mark: there is nothing to be done any more.
    pub async fn drop_mark(&self, mark: &RevealMark) -> Result<(), StorageError> {
        self.table.delete(key_of(mark)).await
    }

    /// The write that removes a mark; refused where it is gone: it was done.
    pub fn done(&self, mark: &RevealMark) -> Result<Change, StorageError> {
        Ok(Change::new("reveal", self.done_in_transaction(mark)?))
    }

    pub(crate) fn done_in_transaction(
        &self,
        mark: &RevealMark,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.delete_in_transaction(key_of(mark), "attribute_exists(#day)")
    }
}

fn key_of(mark: &RevealMark) -> Item {
    item([("day", s(&mark.day)), ("name", s(&mark.name))])
}

fn day_key(day: Date, shard: u8) -> String {
    format!("{day}.{shard:02}")
}

fn place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "what" }
}
