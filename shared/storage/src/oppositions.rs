//! Receipts of refusals: a date, a channel and a reference, and whom they
//! concern only by blind index. Must not know the person.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::BlindIndex;
use espace_domain::{OppositionChannel, OppositionId, Reference};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{SCHEMA, Table, item, s};
use crate::{Aws, Environment, StorageError};

/// The table of receipts.
#[derive(Debug, Clone)]
pub struct Oppositions {
    table: Table,
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
        }
    }
}

impl Oppositions {
    /// Uses the table of `ESPACE_OPPOSITIONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_OPPOSITIONS_TABLE") }
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
