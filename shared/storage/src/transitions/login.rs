//! The first half of a login: a challenge and the message that carries its
//! code, both or neither. Must not know passwords.

use espace_domain::Random;
use jiff::Timestamp;
use serde::Serialize;

use crate::transaction::{Committed, Transaction};
use crate::{Challenge, Challenges, Envelope, Outbox, StorageError};

/// Keeps a challenge and sends its code.
pub async fn begin_login<N: Serialize>(
    challenges: &Challenges,
    outbox: &Outbox,
    challenge: &Challenge,
    message: &Envelope<N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<(), StorageError> {
    let committed = Transaction::default()
        .with("challenge", challenges.put_in_transaction(challenge)?)
        .with("message", outbox.put_in_transaction(message, None, now, random).await?)
        .commit(challenges.client())
        .await?;
    match committed {
        Committed::Yes => Ok(()),
        Committed::Refused(_) => Err(StorageError::Contended { what: "a new challenge" }),
    }
}
