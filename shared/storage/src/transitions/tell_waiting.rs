//! The patient is told that something waits: the messages and the mark's end, in one
//! write. Must not know what waits.

use espace_domain::Random;
use jiff::Timestamp;
use serde::Serialize;

use crate::transaction::{Committed, Transaction};
use crate::{Envelope, Outbox, RevealMark, Reveals, StorageError};

/// Sends word and removes the mark; `false` where it was done before.
pub async fn tell_waiting<N: Serialize>(
    (reveals, outbox): (&Reveals, &Outbox),
    mark: &RevealMark,
    messages: &[Envelope<N>],
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let mut transaction = Transaction::default().with("reveal", reveals.done_in_transaction(mark)?);
    for message in messages {
        let part = outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(transaction.commit(outbox.client()).await? == Committed::Yes)
}
