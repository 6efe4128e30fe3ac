//! Campaigns of the insurer: state, progress by chunk of the file, rejected
//! lines. Counts come from what is written for each line, so that a chunk done
//! twice is counted once. Must not know what a line says.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_domain::{CampaignId, Rejection};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{Item, Query, SCHEMA, Table, Written, item, n, read, s};
use crate::transaction::{Committed, Transaction};
use crate::{Aws, Environment, StorageError};

/// Counters of sent messages of one campaign: one would be a hot spot.
pub const MAILED_SHARDS: u8 = 64;
/// Sort key of the campaign itself.
const CAMPAIGN: &str = "campaign";

/// The table of campaigns.
#[derive(Debug, Clone)]
pub struct Campaigns {
    table: Table,
}

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CampaignState {
    /// Created; the file has not come.
    AwaitingFile,
    /// The file is being read.
    Running,
    /// Every line is accounted for.
    Completed,
    /// The file was gone before it could be read.
    Failed,
}

/// A campaign as found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    /// Its name in the system.
    pub campaign_id: CampaignId,
    part: String,
    schema: u8,
    /// Its name for people.
    pub name: String,
    /// From when the six weeks run.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub sent_at: Timestamp,
    /// Where it stands.
    pub state: CampaignState,
    /// Lines read so far by the planner.
    #[serde(default)]
    pub lines: u64,
    /// Chunks planned so far.
    #[serde(default)]
    pub chunks_planned: u64,
    /// Chunks done.
    #[serde(default)]
    pub chunks_done: u64,
    /// Whether the planner has reached the end of the file.
    #[serde(default)]
    pub planned: bool,
    /// Persons who were sent a code.
    #[serde(default)]
    pub invited: u64,
    /// Known persons brought up to date.
    #[serde(default)]
    pub updated: u64,
    /// Lines refused.
    #[serde(default)]
    pub rejected: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created_at: Timestamp,
}

/// What the lines of one chunk came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkCounts {
    /// Persons who were sent a code.
    pub invited: u64,
    /// Known persons brought up to date.
    pub updated: u64,
    /// Lines refused.
    pub rejected: u64,
}

/// A refused line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: Rejection,
}

impl Campaigns {
    /// Uses the table of `ESPACE_CAMPAIGNS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_CAMPAIGNS_TABLE") }
    }

    /// Creates a campaign; `false` when it exists (the request is sent again).
    pub async fn create(
        &self,
        campaign_id: CampaignId,
        name: String,
        sent_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let stored = Campaign {
            campaign_id,
            part: CAMPAIGN.to_owned(),
            schema: SCHEMA,
            name,
            sent_at,
            state: CampaignState::AwaitingFile,
            lines: 0,
            chunks_planned: 0,
            chunks_done: 0,
            planned: false,
            invited: 0,
            updated: 0,
            rejected: 0,
            created_at: now,
        };
        let written = self.table.put(&stored, "attribute_not_exists(#campaignId)").await?;
        Ok(written == Written::Yes)
    }

    /// The campaign of that name.
    pub async fn find(&self, campaign_id: &CampaignId) -> Result<Option<Campaign>, StorageError> {
        self.table.find(key(campaign_id, CAMPAIGN)).await
    }

    /// Notes that the file has come. `false` when the campaign is over.
    pub async fn start(&self, campaign_id: &CampaignId) -> Result<bool, StorageError> {
        let updated = self
            .table
            .update(
                key(campaign_id, CAMPAIGN),
                "SET #state = :running",
                "#state IN (:awaiting, :running)",
                item([(":running", s("running")), (":awaiting", s("awaitingFile"))]),
            )
            .await?;
        Ok(updated.is_some())
    }

    /// Notes that the file is gone: nothing of it can be read.
    pub async fn fail(&self, campaign_id: &CampaignId) -> Result<(), StorageError> {
        self.table
            .update(
                key(campaign_id, CAMPAIGN),
                "SET #state = :failed",
                "#state = :running",
                item([(":failed", s("failed")), (":running", s("running"))]),
            )
            .await
            .map(|_| ())
    }

    /// Notes how far the planner has read. Written again with the same or a
    /// larger number after a kill.
    pub async fn plan(
        &self,
        campaign_id: &CampaignId,
        chunks: u64,
        lines: u64,
        at_end: bool,
    ) -> Result<Option<Campaign>, StorageError> {
        let updated = self
            .table
            .update(
                key(campaign_id, CAMPAIGN),
                "SET #chunksPlanned = :chunks, #lines = :lines, #planned = :atEnd",
                "#chunksPlanned <= :chunks AND #planned = :no",
                item([
                    (":chunks", n(chunks)),
                    (":lines", n(lines)),
                    (":atEnd", aws_sdk_dynamodb::types::AttributeValue::Bool(at_end)),
                    (":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false)),
                ]),
            )
            .await?;
        updated.map(read).transpose()
    }

    /// Notes a chunk as done and adds its counts, once whatever happens.
    pub async fn finish_chunk(
        &self,
        campaign_id: &CampaignId,
        chunk: u64,
        counts: ChunkCounts,
    ) -> Result<(), StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ChunkItem<'a> {
            campaign_id: &'a CampaignId,
            part: String,
            schema: u8,
            #[serde(flatten)]
            counts: ChunkCounts,
        }
        let done = ChunkItem { campaign_id, part: chunk_part(chunk), schema: SCHEMA, counts };
        let committed = Transaction::default()
            .with("chunk", self.table.put_in_transaction(&done, "attribute_not_exists(#part)")?)
            .with(
                "campaign",
                self.table.update_in_transaction(
                    key(campaign_id, CAMPAIGN),
                    "ADD #chunksDone :one, #invited :invited, #updated :updated, #rejected :rejected",
                    "",
                    item([
                        (":one", n(1)),
                        (":invited", n(counts.invited)),
                        (":updated", n(counts.updated)),
                        (":rejected", n(counts.rejected)),
                    ]),
                )?,
            )
            .commit(&self.table.client)
            .await?;
        match committed {
            // Refused: the chunk was done before; its counts are in.
            Committed::Yes | Committed::Refused(_) => Ok(()),
        }
    }

    /// Whether a chunk is done.
    pub async fn chunk_is_done(
        &self,
        campaign_id: &CampaignId,
        chunk: u64,
    ) -> Result<bool, StorageError> {
        let found: Option<serde_json::Value> =
            self.table.find(key(campaign_id, &chunk_part(chunk))).await?;
        Ok(found.is_some())
    }

    /// Marks the campaign completed when every chunk is done; `true` when it is
    /// completed, now or before.
    pub async fn complete(&self, campaign_id: &CampaignId) -> Result<bool, StorageError> {
        let updated = self
            .table
            .update(
                key(campaign_id, CAMPAIGN),
                "SET #state = :completed",
                "#planned = :yes AND #chunksDone = #chunksPlanned",
                item([
                    (":completed", s("completed")),
                    (":yes", aws_sdk_dynamodb::types::AttributeValue::Bool(true)),
                ]),
            )
            .await?;
        Ok(updated.is_some())
    }

    /// Notes a refused line. The same line refused again is one item; two
    /// chunks may each blame a line, the first reason stands.
    pub async fn reject(
        &self,
        campaign_id: &CampaignId,
        rejected: RejectedLine,
    ) -> Result<(), StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct RejectionItem<'a> {
            campaign_id: &'a CampaignId,
            part: String,
            schema: u8,
            line: u64,
            reason: Rejection,
        }
        let stored = RejectionItem {
            campaign_id,
            part: format!("reject.{:010}", rejected.line),
            schema: SCHEMA,
            line: rejected.line,
            reason: rejected.reason,
        };
        self.table.put(&stored, "attribute_not_exists(#part)").await.map(|_| ())
    }

    /// Refused lines after line `after`, in order.
    pub async fn rejections(
        &self,
        campaign_id: &CampaignId,
        after: u64,
        limit: i32,
    ) -> Result<Vec<RejectedLine>, StorageError> {
        let (items, _) = self
            .table
            .query(Query {
                index: None,
                condition: "#campaignId = :campaign AND #part BETWEEN :from AND :to",
                values: item([
                    (":campaign", s(campaign_id.as_str())),
                    (":from", s(format!("reject.{:010}", after + 1))),
                    (":to", s("reject.9999999999")),
                ]),
                start: None,
                limit,
            })
            .await?;
        items.into_iter().map(read).collect()
    }

    /// Messages sent so far, by channel.
    pub async fn mailed(
        &self,
        campaign_id: &CampaignId,
    ) -> Result<BTreeMap<String, u64>, StorageError> {
        #[derive(Deserialize)]
        struct Counter {
            #[serde(default)]
            email: u64,
            #[serde(default)]
            sms: u64,
            #[serde(default)]
            letter: u64,
        }
        let (items, _) = self
            .table
            .query(Query {
                index: None,
                condition: "#campaignId = :campaign AND #part BETWEEN :from AND :to",
                values: item([
                    (":campaign", s(campaign_id.as_str())),
                    (":from", s("mailed.00")),
                    (":to", s("mailed.99")),
                ]),
                start: None,
                limit: i32::from(MAILED_SHARDS),
            })
            .await?;
        let mut sums = BTreeMap::from([("email", 0), ("sms", 0), ("letter", 0)]);
        for item in items {
            let counter: Counter = read(item)?;
            let counts =
                [("email", counter.email), ("sms", counter.sms), ("letter", counter.letter)];
            for (channel, count) in counts {
                *sums.entry(channel).or_default() += count;
            }
        }
        Ok(sums.into_iter().map(|(channel, count)| (channel.to_owned(), count)).collect())
    }

    /// The write that counts sent messages.
    pub(crate) fn mailed_in_transaction(
        &self,
        campaign_id: &CampaignId,
        shard: u8,
        channel: &str,
        count: u32,
    ) -> Result<TransactWriteItem, StorageError> {
        let update = format!("ADD #{channel} :count SET #schema = :schema");
        self.table.update_in_transaction(
            key(campaign_id, &format!("mailed.{:02}", shard % MAILED_SHARDS)),
            &update,
            "",
            item([(":count", n(count)), (":schema", n(SCHEMA))]),
        )
    }
}

/// Sort key of a chunk.
fn chunk_part(chunk: u64) -> String {
    format!("chunk.{chunk:010}")
}

fn key(campaign_id: &CampaignId, part: &str) -> Item {
    item([("campaignId", s(campaign_id.as_str())), ("part", s(part))])
}
