//! What follows an act is written, and its word ends, in one write. Must not know what
//! follows.

use espace_domain::Random;
use jiff::Timestamp;
use serde::Serialize;

use crate::acts::Change;
use crate::transaction::{Committed, Transaction};
use crate::{Envelope, Outbox, StorageError};

/// Writes it all; `false` where something changed meanwhile, and nothing is written.
pub async fn finish_follow_up<N: Serialize>(
    outbox: &Outbox,
    changes: &[Change],
    messages: &[Envelope<N>],
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let mut transaction = Transaction::default();
    for change in changes {
        transaction = transaction.with(change.name(), change.part().clone());
    }
    for message in messages {
        let part = outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(transaction.commit(outbox.client()).await? == Committed::Yes)
}
