//! Opening a space: by itself after six weeks, and what activation shares with
//! it. Must not know the job.

use espace_crypto::SealingKey;
use espace_domain::{
    Contact, ContactId, Random, Registration, RegistrationAct, RegistrationRefusal, SpaceId,
    SpaceState,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::contacts::NewContact;
use crate::registry_item::{PersonItem, StateItem};
use crate::transaction::{Committed, Transaction};
use crate::{
    Contacts, Envelope, Holder, Outbox, PersonEntry, PersonRecord, Registry, SpaceAccount,
    SpaceKeys, Spaces, StorageError, WrappedSpaceKeys,
};

/// What opening needs.
#[derive(Debug, Clone)]
pub struct OpenStores {
    /// The persons.
    pub registry: Registry,
    /// The keys of spaces.
    pub space_keys: SpaceKeys,
    /// The spaces.
    pub spaces: Spaces,
    /// The addresses.
    pub contacts: Contacts,
    /// The messages.
    pub outbox: Outbox,
}

/// What an automatic opening came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The space is open.
    Yes(SpaceId),
    /// The domain says no: activated, refused or not due.
    No(RegistrationRefusal),
    /// The person changed meanwhile; reading again will tell.
    Raced,
}

/// Opens the space of someone whose six weeks have passed as of `as_of`, and
/// tells them by `envelope`,
/// where they have an address.
pub async fn open_automatically<N: Serialize>(
    stores: &OpenStores,
    entry: &PersonEntry,
    record: &PersonRecord,
    envelope: Option<&Envelope<N>>,
    as_of: Timestamp,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Opened, StorageError> {
    let space_id = SpaceId::generate(random);
    let act = RegistrationAct::OpenAutomatically { as_of, space_id: space_id.clone() };
    let registration = match entry.registration.clone().apply(act) {
        Ok(registration) => registration,
        Err(refusal) => return Ok(Opened::No(refusal)),
    };
    let (key, wrapped) = stores.space_keys.generate(&space_id).await?;
    let item = held_item(entry, &registration, record, &key, random)?;
    let contacts: Vec<_> =
        record.contacts.iter().map(|contact| (ContactId::generate(random), contact)).collect();
    let state = SpaceState::Open { opened_at: as_of };
    let new = NewSpace {
        space_id: &space_id,
        state: &state,
        account: None,
        record,
        key: &key,
        wrapped: &wrapped,
    };
    let mut transaction =
        Transaction::default().with("person", stores.registry.replace_in_transaction(item)?);
    transaction = new.add_to(transaction, &stores.spaces, &stores.space_keys, random, now)?;
    for (contact_id, contact) in &contacts {
        transaction = transaction.with(
            "contact",
            contact_part(stores, &space_id, contact_id, contact, &key, random, now)?,
        );
    }
    if let Some(envelope) = envelope {
        let part = stores.outbox.put_in_transaction(envelope, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    let committed = transaction.commit(&stores.registry.table.client).await?;
    Ok(match committed {
        Committed::Yes => Opened::Yes(space_id),
        Committed::Refused(_) => Opened::Raced,
    })
}

fn contact_part(
    stores: &OpenStores,
    space_id: &SpaceId,
    contact_id: &ContactId,
    contact: &Contact,
    key: &SealingKey,
    random: &dyn Random,
    now: Timestamp,
) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StorageError> {
    let new = NewContact { contact_id, contact, otp: None, on_file: true };
    stores.contacts.put_in_transaction(space_id, &new, key, now, random)
}

/// A space about to exist.
pub(super) struct NewSpace<'a> {
    pub(super) space_id: &'a SpaceId,
    pub(super) state: &'a SpaceState,
    pub(super) account: Option<SpaceAccount>,
    pub(super) record: &'a PersonRecord,
    pub(super) key: &'a SealingKey,
    pub(super) wrapped: &'a WrappedSpaceKeys,
}

impl NewSpace<'_> {
    /// Adds the space and its keys to a transaction.
    pub(super) fn add_to(
        &self,
        transaction: Transaction,
        spaces: &Spaces,
        space_keys: &SpaceKeys,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Transaction, StorageError> {
        let holder = &Holder::new(
            &self.record.traits,
            self.record.nir().as_ref(),
            self.record.treating_doctor.as_deref(),
            self.record.representatives().count(),
        );
        let account = self.account.clone();
        let space = spaces.put_in_transaction(
            self.space_id,
            self.state,
            account,
            holder,
            self.key,
            random,
        )?;
        let [content, trace] = space_keys.put_in_transaction(self.wrapped, now)?;
        Ok(transaction.with("space", space).with("content key", content).with("trace key", trace))
    }
}

/// The person's item once a space exists: off the due-date index, the record
/// under the space's key.
pub(super) fn held_item(
    entry: &PersonEntry,
    registration: &Registration,
    record: &PersonRecord,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<PersonItem, StorageError> {
    let Registration::Held { space_id } = registration else {
        return Err(StorageError::Corrupt { what: "registration of an opened space" });
    };
    Ok(PersonItem {
        state: StateItem::Held { space_id: space_id.clone() },
        due_shard: None,
        due_at: None,
        record: Some(Registry::reseal(&entry.index, record, key, random)?),
        ..entry.item.clone()
    })
}
