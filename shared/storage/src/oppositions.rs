//! Receipts of refusals: a date, a channel, a reference, whom they concern by
//! blind index, the name to print sealed, and who may ask for the proof again by
//! keyed hash of their card. Must not know the person beyond that.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{BlindIndex, Place, same_tag};
use espace_domain::{OppositionChannel, OppositionId, Random, Reference};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::sealing;
use crate::system_keys::KEY_SHARDS;
use crate::table::{SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// The logical name in sealed places.
const TABLE: &str = "oppositions";

/// The table of receipts and the keys of the names in them.
#[derive(Debug, Clone)]
pub struct Oppositions {
    table: Table,
    keys: Arc<SystemKeys>,
}

/// What a proof prints beside reference and date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofDetails {
    /// First name and name of the person concerned.
    pub name: String,
    /// Whether someone acted for them.
    pub represented: bool,
    /// Until when professionals read an older shared record, where one exists.
    pub dmp_until: Option<Date>,
}

/// A receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opposition {
    /// Its name.
    pub opposition_id: OppositionId,
    schema: u8,
    /// What is printed on the proof.
    pub reference: Reference,
    /// When the refusal was registered.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub registered_at: Timestamp,
    /// By which way it came.
    pub channel: OppositionChannel,
    person: String,
    /// When it was undone, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<i64>,
    #[serde(default)]
    proofs: Vec<serde_bytes::ByteBuf>,
    #[serde(default, with = "serde_bytes")]
    details: Vec<u8>,
}

impl Opposition {
    /// A receipt to be written.
    pub fn new(
        opposition_id: OppositionId,
        reference: Reference,
        registered_at: Timestamp,
        channel: OppositionChannel,
        person: &BlindIndex,
    ) -> Self {
        Self {
            opposition_id,
            schema: SCHEMA,
            reference,
            // To the second, as it will be read back: both answers are the same.
            registered_at: Timestamp::from_second(registered_at.as_second())
                .unwrap_or(registered_at),
            channel,
            person: person.as_str().to_owned(),
            undone_at: None,
            proofs: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Whom it concerns.
    pub fn person(&self) -> BlindIndex {
        BlindIndex::from_stored(self.person.clone())
    }

    /// Lets the bearer of a card, by its keyed hash, ask for the proof again.
    pub fn admit_card(&mut self, tag: &[u8]) {
        self.proofs.push(serde_bytes::ByteBuf::from(tag.to_vec()));
    }

    /// Whether that card admits, in constant time.
    pub fn admits_card(&self, tag: &[u8]) -> bool {
        self.proofs.iter().fold(false, |found, proof| found | same_tag(proof, tag))
    }
}

impl Oppositions {
    /// Uses the table of `ESPACE_OPPOSITIONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_OPPOSITIONS_TABLE"), keys }
    }

    /// Seals into a receipt what its proof prints.
    pub async fn seal_details(
        &self,
        receipt: &mut Opposition,
        details: &ProofDetails,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let key = self.keys.sealing(shard_key(receipt)).await?;
        receipt.details = sealing::seal(&key, place(&receipt.opposition_id), details, random)?;
        Ok(())
    }

    /// Opens what a receipt's proof prints.
    pub async fn open_details(&self, receipt: &Opposition) -> Result<ProofDetails, StorageError> {
        let key = self.keys.sealing(shard_key(receipt)).await?;
        sealing::open(&key, place(&receipt.opposition_id), &receipt.details)
    }

    /// The write that notes that a refusal was undone.
    pub(crate) fn undo_in_transaction(
        &self,
        opposition_id: &OppositionId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            item([("oppositionId", s(opposition_id.as_str()))]),
            "SET #undoneAt = :now",
            "attribute_exists(#oppositionId) AND attribute_not_exists(#undoneAt)",
            item([(":now", n(now.as_second()))]),
        )
    }

    /// The receipt of that name.
    pub async fn find(
        &self,
        opposition_id: &OppositionId,
    ) -> Result<Option<Opposition>, StorageError> {
        self.table.find(item([("oppositionId", s(opposition_id.as_str()))])).await
    }

    /// The write of a new receipt.
    pub(crate) fn put_in_transaction(
        &self,
        opposition: &Opposition,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.put_in_transaction(opposition, "attribute_not_exists(#oppositionId)")
    }
}

/// The key that seals the name in a receipt: the registry's, of the person's shard.
fn shard_key(receipt: &Opposition) -> KeyName {
    KeyName::Registry(receipt.person().shard(KEY_SHARDS))
}

/// Where the details stand.
fn place(opposition_id: &OppositionId) -> Place<'_> {
    Place { table: TABLE, key: opposition_id.as_str(), attribute: "details" }
}
