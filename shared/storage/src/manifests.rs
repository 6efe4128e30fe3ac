//! Which letters a print batch holds, from before it is made until they are
//! marked sent. Must not know the letters.

use espace_domain::{BatchId, NotificationId};
use serde::{Deserialize, Serialize};

use crate::table::{Query, SCHEMA, Table, item, read, s};
use crate::{Aws, Environment, StorageError};

/// The one partition: there are as many items as unfinished batches, seldom two.
const UNFINISHED: &str = "print-batches";
/// Most unfinished batches looked at.
const UNFINISHED_MAX: i32 = 100;

/// The manifests, kept in the table of runs.
#[derive(Debug, Clone)]
pub struct Manifests {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestItem {
    run_id: String,
    part: BatchId,
    schema: u8,
    letters: Vec<NotificationId>,
}

impl Manifests {
    /// Uses the table of `ESPACE_RUNS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_RUNS_TABLE") }
    }

    /// Writes down which letters a batch will hold.
    pub async fn write(
        &self,
        batch: &BatchId,
        letters: &[NotificationId],
    ) -> Result<(), StorageError> {
        let manifest = ManifestItem {
            run_id: UNFINISHED.to_owned(),
            part: batch.clone(),
            schema: SCHEMA,
            letters: letters.to_vec(),
        };
        self.table.put(&manifest, "attribute_not_exists(#part)").await.map(|_| ())
    }

    /// The batches whose letters are not all marked.
    pub async fn unfinished(&self) -> Result<Vec<(BatchId, Vec<NotificationId>)>, StorageError> {
        let (items, _) = self
            .table
            .query(Query {
                index: None,
                condition: "#runId = :unfinished",
                values: item([(":unfinished", s(UNFINISHED))]),
                start: None,
                limit: UNFINISHED_MAX,
            })
            .await?;
        items
            .into_iter()
            .map(|item| read::<ManifestItem>(item).map(|found| (found.part, found.letters)))
            .collect()
    }

    /// Lets a finished batch's manifest go.
    pub async fn remove(&self, batch: &BatchId) -> Result<(), StorageError> {
        self.table.delete(item([("runId", s(UNFINISHED)), ("part", s(batch.as_str()))])).await
    }
}
