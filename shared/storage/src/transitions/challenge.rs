//! A challenge and the message that carries its code, both or neither. Must not
//! know passwords.

use espace_domain::Random;
use jiff::Timestamp;
use serde::Serialize;

use crate::transaction::{Committed, Transaction};
use crate::{Challenge, Challenges, Contacts, Envelope, Outbox, SpaceContact, StorageError};

/// Keeps a challenge and sends its code.
pub async fn begin_challenge<N: Serialize>(
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

/// Puts a real challenge in a decoy's place and sends its code; `false` where that
/// was done already: a queue delivers twice.
pub async fn reveal_challenge<N: Serialize>(
    challenges: &Challenges,
    outbox: &Outbox,
    challenge: &Challenge,
    message: &Envelope<N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let committed = Transaction::default()
        .with("challenge", challenges.reveal_in_transaction(challenge)?)
        .with("message", outbox.put_in_transaction(message, None, now, random).await?)
        .commit(challenges.client())
        .await?;
    Ok(committed == Committed::Yes)
}

/// Keeps a challenge whose code also confirms the address it goes to, one that does
/// not count yet: the same digits serve for both. `false` where it counts already.
pub async fn begin_unconfirmed<N: Serialize>(
    (challenges, contacts, outbox): (&Challenges, &Contacts, &Outbox),
    challenge: &Challenge,
    (contact, otp): (&SpaceContact, Vec<u8>),
    message: &Envelope<N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let committed = Transaction::default()
        .with("challenge", challenges.put_in_transaction(challenge)?)
        .with("contact", contacts.renew_otp_in_transaction(contact, otp, 0, now)?)
        .with("message", outbox.put_in_transaction(message, None, now, random).await?)
        .commit(challenges.client())
        .await?;
    Ok(committed == Committed::Yes)
}

/// Sends the code of a challenge elsewhere, a fresh one; `false` where it was
/// answered or sent less than `delay_s` ago.
pub async fn resend_challenge<N: Serialize>(
    challenges: &Challenges,
    outbox: &Outbox,
    (before, after): (&Challenge, &Challenge),
    message: &Envelope<N>,
    delay_s: i64,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let committed = Transaction::default()
        .with("challenge", challenges.resend_in_transaction(before, after, delay_s)?)
        .with("message", outbox.put_in_transaction(message, None, now, random).await?)
        .commit(challenges.client())
        .await?;
    Ok(committed == Committed::Yes)
}
