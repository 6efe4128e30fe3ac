//! Runs of scheduled jobs: how many shards, how many done, what they counted.
//! Must not know what a job does.

use espace_domain::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{Item, SCHEMA, Table, item, n, s};
use crate::transaction::{Committed, Transaction};
use crate::{Aws, Environment, StorageError};

/// Seconds for which a run is remembered.
const REMEMBERED_S: i64 = 90 * 86_400;
/// Sort key of the run itself.
const RUN: &str = "run";

/// The table of runs.
#[derive(Debug, Clone)]
pub struct Runs {
    table: Table,
}

/// A run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its name.
    pub run_id: RunId,
    part: String,
    schema: u8,
    /// Which job.
    pub job: String,
    /// As of when it works.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub as_of: Timestamp,
    /// Shards to be done.
    pub shards: u32,
    /// Shards done.
    pub shards_done: u32,
    /// Items done.
    pub processed: u64,
    expires_at: i64,
}

impl Runs {
    /// Uses the table of `ESPACE_RUNS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_RUNS_TABLE") }
    }

    /// Notes a run that begins. Begun again after a kill, it goes on.
    pub async fn begin(
        &self,
        run_id: &RunId,
        job: &str,
        as_of: Timestamp,
        shards: u32,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let run = Run {
            run_id: run_id.clone(),
            part: RUN.to_owned(),
            schema: SCHEMA,
            job: job.to_owned(),
            as_of,
            shards,
            shards_done: 0,
            processed: 0,
            expires_at: now.as_second() + REMEMBERED_S,
        };
        self.table.put(&run, "attribute_not_exists(#runId)").await.map(|_| ())
    }

    /// The run of that name.
    pub async fn find(&self, run_id: &RunId) -> Result<Option<Run>, StorageError> {
        self.table.find(key(run_id, RUN)).await
    }

    /// Adds items done to a run.
    pub async fn progress(&self, run_id: &RunId, processed: u64) -> Result<(), StorageError> {
        self.table
            .update(
                key(run_id, RUN),
                "ADD #processed :count",
                "attribute_exists(#runId)",
                item([(":count", n(processed))]),
            )
            .await
            .map(|_| ())
    }

    /// Takes the right to do a job alone until `until`; `false` while another
    /// has it. A killed holder's right ends by itself.
    pub async fn lease(
        &self,
        job: &str,
        holder: &RunId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let taken = self
            .table
            .update(
                item([("runId", s("lease")), ("part", s(job))]),
                "SET #holder = :holder, #until = :until, #schema = :schema",
                "attribute_not_exists(#until) OR #until <= :now OR #holder = :holder",
                item([
                    (":holder", s(holder.as_str())),
                    (":until", n(until.as_second())),
                    (":now", n(now.as_second())),
                    (":schema", n(SCHEMA)),
                ]),
            )
            .await?;
        Ok(taken.is_some())
    }

    /// Gives the right to do a job alone back.
    pub async fn release(&self, job: &str, holder: &RunId) -> Result<(), StorageError> {
        let key = item([("runId", s("lease")), ("part", s(job))]);
        let values = item([(":holder", s(holder.as_str()))]);
        self.table.update(key, "REMOVE #until", "#holder = :holder", values).await.map(|_| ())
    }

    /// Keeps what a shard came to, once: `false` where it was kept before.
    pub async fn keep_result(
        &self,
        run_id: &RunId,
        shard: u32,
        result: &impl Serialize,
    ) -> Result<bool, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ResultItem<'a, T> {
            run_id: &'a RunId,
            part: String,
            schema: u8,
            result: &'a T,
        }
        let part = result_part(shard);
        let kept = ResultItem { run_id, part, schema: SCHEMA, result };
        let written = self.table.put(&kept, "attribute_not_exists(#part)").await?;
        Ok(written == crate::table::Written::Yes)
    }

    /// What a shard came to, if it was kept.
    pub async fn result<T: serde::de::DeserializeOwned>(
        &self,
        run_id: &RunId,
        shard: u32,
    ) -> Result<Option<T>, StorageError> {
        #[derive(Deserialize)]
        struct ResultItem<T> {
            result: T,
        }
        let found: Option<ResultItem<T>> =
            self.table.find(key(run_id, &result_part(shard))).await?;
        Ok(found.map(|found| found.result))
    }

    /// Notes a shard as done, once whatever happens.
    pub async fn finish_shard(&self, run_id: &RunId, shard: u32) -> Result<(), StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ShardItem<'a> {
            run_id: &'a RunId,
            part: String,
            schema: u8,
        }
        let done = ShardItem { run_id, part: format!("shard.{shard:04}"), schema: SCHEMA };
        let committed = Transaction::default()
            .with("shard", self.table.put_in_transaction(&done, "attribute_not_exists(#part)")?)
            .with(
                "run",
                self.table.update_in_transaction(
                    key(run_id, RUN),
                    "ADD #shardsDone :one",
                    "attribute_exists(#runId)",
                    item([(":one", n(1))]),
                )?,
            )
            .commit(&self.table.client)
            .await?;
        match committed {
            // Refused: done before, or the run was begun by hand without a note.
            Committed::Yes | Committed::Refused(_) => Ok(()),
        }
    }
}

fn result_part(shard: u32) -> String {
    format!("result.{shard:04}")
}

fn key(run_id: &RunId, part: &str) -> Item {
    item([("runId", s(run_id.as_str())), ("part", s(part))])
}
