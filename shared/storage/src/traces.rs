//! The traces of acts on spaces, chained and sealed: what each says under the space's
//! trace key, its place in the chain in clear. Also what shows that a chain was anchored,
//! and what a holder contests. Must not know what a trace says.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{ChainHash, ChainHead, Place, SealingKey};
use espace_domain::decision::Chain;
use espace_domain::{Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::table::{Item, Query, SCHEMA, Table, item, read, s};
use crate::{Aws, Environment, Space, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "traces";
/// The index by professional and month.
const INQUIRY_INDEX: &str = "inquiry";
/// Digits of a sequence in a sort key, so that it sorts as a number.
const SEQUENCE_DIGITS: usize = 12;
/// Before the names of proofs that a chain was anchored.
const ANCHOR: &str = "anchor.";

/// The table of traces.
#[derive(Debug, Clone)]
pub struct Traces {
    pub(crate) table: Table,
}

/// A trace to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceDraft {
    /// Which chain.
    pub chain: Chain,
    /// What it says: JSON text, hashed and sealed as it is.
    pub content: String,
    /// The name by which an inquiry finds it.
    pub inquiry: Option<String>,
    /// By what its repetition is recognised.
    pub repetition: Option<Repetition>,
}

/// An act that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repetition {
    /// Who does what about what, by keyed hash.
    pub name: String,
    /// How they had come in, and as whom: done otherwise it is another act.
    pub manner: String,
}

/// A trace as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTrace {
    /// Its chain.
    pub chain: Chain,
    /// Its number, and its hash.
    pub head: ChainHead,
    /// The hash of the one before.
    pub previous: ChainHash,
    /// What it says.
    pub content: String,
    /// Why the holder contests it.
    pub contested: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TraceItem {
    space_id: SpaceId,
    entry: String,
    schema: u8,
    sequence: u64,
    #[serde(with = "serde_bytes")]
    previous_hash: Vec<u8>,
    #[serde(with = "serde_bytes")]
    hash: Vec<u8>,
    #[serde(with = "serde_bytes")]
    content: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inquiry: Option<String>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    contested: Option<Vec<u8>>,
}

/// What shows that a chain was anchored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnchorProof {
    space_id: SpaceId,
    entry: String,
    schema: u8,
    /// Which anchor: its name in the bucket.
    pub anchor: String,
    /// As of when it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub anchored_at: Timestamp,
    /// Which shard's tree.
    pub shard: u8,
    /// The leaf's number.
    pub leaf: u64,
    /// Leaves in the tree.
    pub leaves: u64,
    /// The hashes beside the way up.
    pub path: Vec<serde_bytes::ByteBuf>,
    /// The salt of the leaf.
    #[serde(with = "serde_bytes")]
    pub salt: Vec<u8>,
    /// How far the chain had come.
    pub sequence: u64,
    /// That trace's hash.
    #[serde(with = "serde_bytes")]
    pub hash: Vec<u8>,
}

/// Where a page of an inquiry ends.
#[derive(Debug)]
pub struct InquiryPage(Item);

impl Traces {
    /// Uses the table of `ESPACE_TRACES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_TRACES_TABLE") }
    }

    /// The write of a trace that extends a chain. Written over nothing: the chain's head
    /// in the space sees to that, and a trace is never replaced.
    pub(crate) fn put(
        &self,
        space: &Space,
        draft: &TraceDraft,
        (before, next): (&ChainHead, &ChainHead),
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let space_id = &space.space_id;
        let entry = trace_entry(draft.chain, next.sequence);
        let place = place_key(space_id, &entry);
        let sealed = sealing::seal(key, content_place(&place), &draft.content, random)?;
        let stored = TraceItem {
            space_id: space_id.clone(),
            entry,
            schema: SCHEMA,
            sequence: next.sequence,
            previous_hash: before.hash.as_bytes().to_vec(),
            hash: next.hash.as_bytes().to_vec(),
            content: sealed,
            inquiry: draft.inquiry.clone(),
            contested: None,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")
    }

    /// Traces of a chain, newest first, of at most number `from` where one is given; and
    /// the number the next page begins at.
    pub async fn newest(
        &self,
        space_id: &SpaceId,
        chain: Chain,
        from: Option<u64>,
        limit: i32,
        key: &SealingKey,
    ) -> Result<(Vec<StoredTrace>, Option<u64>), StorageError> {
        let last = trace_entry(chain, from.unwrap_or(999_999_999_999));
        let query = Query {
            index: None,
            condition: "#spaceId = :space AND #entry BETWEEN :first AND :last",
            values: item([
                (":space", s(space_id.as_str())),
                (":first", s(trace_entry(chain, 0))),
                (":last", s(last)),
            ]),
            start: None,
            limit,
        };
        let (items, more) = self.table.query_backwards(query).await?;
        let traces = open_all(items, chain, key)?;
        let next = traces.last().filter(|_| more.is_some()).map(|trace| trace.head.sequence - 1);
        Ok((traces, next.filter(|next| *next > 0)))
    }

    /// Traces of a chain in order, from number `from`; and the number the next page
    /// begins at.
    pub async fn oldest(
        &self,
        space_id: &SpaceId,
        chain: Chain,
        from: u64,
        limit: i32,
        key: &SealingKey,
    ) -> Result<(Vec<StoredTrace>, Option<u64>), StorageError> {
        let query = Query {
            index: None,
            condition: "#spaceId = :space AND #entry BETWEEN :first AND :last",
            values: item([
                (":space", s(space_id.as_str())),
                (":first", s(trace_entry(chain, from))),
                (":last", s(trace_entry(chain, 999_999_999_999))),
            ]),
            start: None,
            limit,
        };
        let (items, more) = self.table.query(query).await?;
        let traces = open_all(items, chain, key)?;
        let next = traces.last().filter(|_| more.is_some()).map(|trace| trace.head.sequence + 1);
        Ok((traces, next))
    }

    /// The trace of that number.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        (chain, sequence): (Chain, u64),
        key_of_traces: &SealingKey,
    ) -> Result<Option<StoredTrace>, StorageError> {
        let key = key(space_id, &trace_entry(chain, sequence));
        let found: Option<TraceItem> = self.table.find(key).await?;
        found.map(|stored| open(&stored, chain, key_of_traces)).transpose()
    }

    /// The write by which a holder contests a trace; refused where there is none of that
    /// number.
    pub fn contest(
        &self,
        space_id: &SpaceId,
        (chain, sequence): (Chain, u64),
        reason: &str,
        trace_key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let entry = trace_entry(chain, sequence);
        let place = place_key(space_id, &entry);
        let sealed = sealing::seal(trace_key, contested_place(&place), &reason, random)?;
        let part = self.table.update_in_transaction(
            key(space_id, &entry),
            "SET #contested = :contested",
            "attribute_exists(#entry)",
            item([(":contested", crate::table::b(sealed))]),
        )?;
        Ok(Change::new("contested", part))
    }

    /// Keeps what shows that a space's chains were anchored. Written again, it is the
    /// same.
    pub async fn put_proof(&self, proof: &AnchorProof) -> Result<(), StorageError> {
        self.table.put(proof, "").await.map(|_| ())
    }

    /// The last proofs that a chain was anchored, newest first.
    pub async fn last_proofs(
        &self,
        space_id: &SpaceId,
        chain: Chain,
        limit: i32,
    ) -> Result<Vec<AnchorProof>, StorageError> {
        let prefix = format!("{ANCHOR}{}.", chain.name());
        let query = Query {
            index: None,
            condition: "#spaceId = :space AND begins_with(#entry, :anchor)",
            values: item([(":space", s(space_id.as_str())), (":anchor", s(prefix))]),
            start: None,
            limit,
        };
        let (items, _) = self.table.query_backwards(query).await?;
        items.into_iter().map(read).collect()
    }

    /// Where the traces of one professional in one month stand: spaces, chains, numbers.
    pub async fn of_inquiry(
        &self,
        name: &str,
        after: Option<InquiryPage>,
        limit: i32,
    ) -> Result<(Vec<(SpaceId, Chain, u64)>, Option<InquiryPage>), StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            space_id: SpaceId,
            entry: String,
        }
        let query = Query {
            index: Some(INQUIRY_INDEX),
            condition: "#inquiry = :name",
            values: item([(":name", s(name))]),
            start: after.map(|page| page.0),
            limit,
        };
        let (items, more) = self.table.query(query).await?;
        let found = items.into_iter().map(|found| {
            let found: Found = read(found)?;
            let (chain, sequence) = parse_entry(&found.entry)?;
            Ok((found.space_id, chain, sequence))
        });
        Ok((found.collect::<Result<_, StorageError>>()?, more.map(InquiryPage)))
    }
}

impl AnchorProof {
    /// The proof for a chain under an anchor.
    pub fn new(
        (space_id, chain): (&SpaceId, Chain),
        (anchor, anchored_at): (&str, Timestamp),
        shard: u8,
        (head, salt): (&ChainHead, &[u8]),
        path: &espace_crypto::MerklePath,
    ) -> Self {
        let siblings = path.siblings.iter();
        Self {
            space_id: space_id.clone(),
            entry: format!("{ANCHOR}{}.{anchor}", chain.name()),
            schema: SCHEMA,
            anchor: anchor.to_owned(),
            anchored_at,
            shard,
            leaf: path.index,
            leaves: path.leaves,
            path: siblings
                .map(|hash| serde_bytes::ByteBuf::from(hash.as_bytes().to_vec()))
                .collect(),
            salt: salt.to_vec(),
            sequence: head.sequence,
            hash: head.hash.as_bytes().to_vec(),
        }
    }

    /// How far the chain had come; `None` for what is not one of ours.
    pub fn head(&self) -> Option<ChainHead> {
        let hash = ChainHash::from_slice(&self.hash)?;
        Some(ChainHead { sequence: self.sequence, hash })
    }
}

/// Opens the traces of a page.
fn open_all(
    items: Vec<Item>,
    chain: Chain,
    key: &SealingKey,
) -> Result<Vec<StoredTrace>, StorageError> {
    items.into_iter().map(|found| open(&read(found)?, chain, key)).collect()
}

fn open(stored: &TraceItem, chain: Chain, key: &SealingKey) -> Result<StoredTrace, StorageError> {
    let corrupt = StorageError::Corrupt { what: "trace" };
    let place = place_key(&stored.space_id, &stored.entry);
    let content = sealing::open(key, content_place(&place), &stored.content)?;
    let contested = match &stored.contested {
        Some(sealed) => Some(sealing::open(key, contested_place(&place), sealed)?),
        None => None,
    };
    let hash = ChainHash::from_slice(&stored.hash);
    let previous = ChainHash::from_slice(&stored.previous_hash);
    let (Some(hash), Some(previous)) = (hash, previous) else {
        return Err(corrupt);
    };
    let head = ChainHead { sequence: stored.sequence, hash };
    Ok(StoredTrace { chain, head, previous, content, contested })
}

fn key(space_id: &SpaceId, entry: &str) -> Item {
    item([("spaceId", s(space_id.as_str())), ("entry", s(entry))])
}

fn trace_entry(chain: Chain, sequence: u64) -> String {
    format!("{}.{sequence:0SEQUENCE_DIGITS$}", chain.name())
}

fn parse_entry(entry: &str) -> Result<(Chain, u64), StorageError> {
    let corrupt = || StorageError::Corrupt { what: "name of a trace" };
    let (chain, sequence) = entry.split_once('.').ok_or_else(corrupt)?;
    let chain = Chain::parse(chain).ok_or_else(corrupt)?;
    Ok((chain, sequence.parse().map_err(|_| corrupt())?))
}

/// The key in a sealed place.
fn place_key(space_id: &SpaceId, entry: &str) -> String {
    format!("{space_id}.{entry}")
}

fn content_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "content" }
}

fn contested_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "contested" }
}
