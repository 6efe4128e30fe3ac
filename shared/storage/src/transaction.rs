//! A transaction whose parts have names, so that the caller knows which
//! condition failed. Must not know what the parts mean.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::StorageError;

/// Tries of a transaction that collides with another on the same item.
const CONFLICT_ATTEMPTS_MAX: u32 = 6;
/// First wait after a collision, doubled each time.
const CONFLICT_BACKOFF_MS: u64 = 10;
/// Parts that `DynamoDB` takes in one transaction.
pub(crate) const TRANSACTION_PARTS_MAX: usize = 100;

/// Writes that happen together or not at all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transaction {
    parts: Vec<(&'static str, TransactWriteItem)>,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Committed {
    /// All of it is written.
    Yes,
    /// Nothing is written: these named conditions did not hold.
    Refused(Vec<&'static str>),
}

/// What became of one try of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempted {
    /// All of it is written.
    Yes,
    /// Nothing is written: these named conditions did not hold.
    Refused(Vec<&'static str>),
    /// Nothing is written: it collided with another on the same item.
    Conflict,
}

impl Transaction {
    /// Adds a part under a name.
    pub(crate) fn with(mut self, name: &'static str, part: TransactWriteItem) -> Self {
        self.parts.push((name, part));
        self
    }

    /// Writes all or nothing. Collisions with other transactions are tried
    /// again a few times with growing waits.
    pub(crate) async fn commit(self, client: &Client) -> Result<Committed, StorageError> {
        for attempt in 0..CONFLICT_ATTEMPTS_MAX {
            match self.clone().attempt(client).await? {
                Attempted::Yes => return Ok(Committed::Yes),
                Attempted::Refused(names) => return Ok(Committed::Refused(names)),
                Attempted::Conflict => {}
            }
            tokio::time::sleep(Duration::from_millis(CONFLICT_BACKOFF_MS << attempt)).await;
        }
        Err(StorageError::Contended { what: "transaction" })
    }

    /// Writes all or nothing, once.
    pub(crate) async fn attempt(self, client: &Client) -> Result<Attempted, StorageError> {
        let (names, items): (Vec<_>, Vec<_>) = self.parts.into_iter().unzip();
        let sent = client.transact_write_items().set_transact_items(Some(items)).send().await;
        let Err(error) = sent else {
            return Ok(Attempted::Yes);
        };
        let Some(canceled) = error.as_service_error().and_then(|e| match e {
            aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) => Some(canceled),
            _ => None,
        }) else {
            return Err(StorageError::call("dynamodb:TransactWriteItems", error));
        };
        let codes = || canceled.cancellation_reasons().iter().map(|r| r.code().unwrap_or_default());
        let refused: Vec<_> = names
            .iter()
            .zip(codes())
            .filter(|(_, code)| *code == "ConditionalCheckFailed")
            .map(|(name, _)| *name)
            .collect();
        if !refused.is_empty() {
            return Ok(Attempted::Refused(refused));
        }
        let may_pass = |code: &str| {
            matches!(
                code,
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
            )
        };
        if codes().any(may_pass) {
            return Ok(Attempted::Conflict);
        }
        Err(StorageError::call("dynamodb:TransactWriteItems", error))
    }
}
