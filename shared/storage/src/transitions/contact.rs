//! Adding an address, sending its code again, removing it: each with word to
//! those who should know. Must not know HTTP.

use espace_crypto::SealingKey;
use espace_domain::{AlertCode, Contact, ContactId, Random, SpaceId};
use jiff::Timestamp;
use serde::Serialize;

use super::activate::ActivationStores;
use crate::contacts::NewContact;
use crate::transaction::{Committed, Transaction};
use crate::{Envelope, SpaceContact, StorageError};

/// An address to be added.
#[derive(Debug)]
pub struct AddedContact<'a, N> {
    /// Its name.
    pub contact_id: &'a ContactId,
    /// The address.
    pub contact: &'a Contact,
    /// The keyed hash of the code sent to it.
    pub otp: Vec<u8>,
    /// The code by which those who get word may freeze the space.
    pub alert: &'a AlertCode,
    /// The code, and word to the addresses that count.
    pub messages: &'a [Envelope<N>],
}

/// Adds an address that counts once confirmed.
pub async fn add_contact<N: Serialize>(
    stores: &ActivationStores,
    space_id: &SpaceId,
    key: &SealingKey,
    added: &AddedContact<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let AddedContact { contact_id, contact, .. } = added;
    let new = NewContact { contact_id, contact, otp: Some(added.otp.clone()), on_file: false };
    let transaction = Transaction::default()
        .with("contact", stores.contacts.put_in_transaction(space_id, &new, key, now, random)?)
        .with("alert", stores.alerts.put_in_transaction(added.alert, space_id, now).await?);
    send_with(stores, transaction, added.messages, random, now).await
}

/// Sends the code of an address again; `false` where it counts already or its
/// last code is younger than `delay_s`.
pub async fn resend_contact_code<N: Serialize>(
    stores: &ActivationStores,
    contact: &SpaceContact,
    otp: Vec<u8>,
    message: &Envelope<N>,
    delay_s: i64,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let part = stores.contacts.renew_otp_in_transaction(contact, otp, delay_s, now)?;
    let transaction = Transaction::default().with("contact", part);
    send_with(stores, transaction, std::slice::from_ref(message), random, now).await
}

/// Removes an address and tells those that are left, and the one removed.
pub async fn remove_contact<N: Serialize>(
    stores: &ActivationStores,
    space_id: &SpaceId,
    contact: &SpaceContact,
    alert: &AlertCode,
    messages: &[Envelope<N>],
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let transaction = Transaction::default()
        .with("contact", stores.contacts.delete_in_transaction(contact)?)
        .with("alert", stores.alerts.put_in_transaction(alert, space_id, now).await?);
    send_with(stores, transaction, messages, random, now).await
}

/// Commits a transaction with the messages that tell of it.
async fn send_with<N: Serialize>(
    stores: &ActivationStores,
    mut transaction: Transaction,
    messages: &[Envelope<N>],
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    for message in messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    let committed = transaction.commit(&stores.registry.table.client).await?;
    Ok(committed == Committed::Yes)
}
