//! Marks of acts that only read: done again within moments by the same caller in the same
//! manner, they leave no new trace. They stand among the counters of tries, whose items go
//! by themselves; no trace ever does. Must not know what is done.

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, Repetition, StorageError};

/// Seconds within which the same act by the same caller leaves one trace.
pub const REPETITION_S: i64 = 15 * 60;

/// The marks.
#[derive(Debug, Clone)]
pub struct Repetitions {
    table: Table,
}

/// A mark.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarkItem {
    source: String,
    schema: u8,
    manner: String,
    until: i64,
    expires_at: i64,
}

impl Repetitions {
    /// Uses the table of `ESPACE_THROTTLES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_THROTTLES_TABLE") }
    }

    /// Whether the same act was traced moments ago.
    pub async fn is_marked(
        &self,
        repetition: &Repetition,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let found: Option<MarkItem> = self.table.find(key(&repetition.name)).await?;
        Ok(found.is_some_and(|mark| mark.stands(now) && mark.manner == repetition.manner))
    }

    /// The same, beside what it marks.
    pub fn mark(&self, repetition: &Repetition, now: Timestamp) -> Result<Change, StorageError> {
        Ok(Change::new("mark", self.mark_in_transaction(repetition, now)?))
    }

    /// The write of a mark; refused where it stands already.
    pub(crate) fn mark_in_transaction(
        &self,
        repetition: &Repetition,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        let until = now.as_second() + REPETITION_S;
        let mark = MarkItem {
            source: source(&repetition.name),
            schema: SCHEMA,
            manner: repetition.manner.clone(),
            until,
            expires_at: until,
        };
        let free = "attribute_not_exists(#source) OR #until <= :now OR #manner <> :manner";
        let values = item([(":now", n(now.as_second())), (":manner", s(&repetition.manner))]);
        self.table.replace_in_transaction(&mark, free, values)
    }
}

impl MarkItem {
    fn stands(&self, now: Timestamp) -> bool {
        now.as_second() < self.until
    }
}

/// The key of a mark.
pub(crate) fn key(name: &str) -> Item {
    item([("source", s(source(name)))])
}

/// The manner of a mark that stands, as read.
pub(crate) fn standing_manner(found: Item, now: Timestamp) -> Result<Option<String>, StorageError> {
    let mark: MarkItem = read(found)?;
    Ok(mark.stands(now).then_some(mark.manner))
}

fn source(name: &str) -> String {
    format!("repetition.{name}")
}
