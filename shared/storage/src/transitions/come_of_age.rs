//! The 18th birthday: those who acted for the person no longer do, their
//! addresses go, and the person gets a code of their own. Must not know the job.

use espace_domain::{Contact, InvitationCode, Random, Registration, SpaceState};
use jiff::Timestamp;
use serde::Serialize;

use super::feed::with_code;
use crate::registry_item::PersonItem;
use crate::transaction::{Committed, Transaction};
use crate::{
    Contacts, Envelope, LinkKind, Outbox, PersonEntry, PersonRecord, Registry, Representations,
    SpaceKeys, Spaces, StorageError, StoredCode,
};

/// What coming of age needs.
#[derive(Debug, Clone)]
pub struct MajorityStores {
    /// The persons.
    pub registry: Registry,
    /// The keys of spaces.
    pub space_keys: SpaceKeys,
    /// The spaces.
    pub spaces: Spaces,
    /// The addresses.
    pub contacts: Contacts,
    /// Who held whose space.
    pub representations: Representations,
    /// The messages.
    pub outbox: Outbox,
}

/// Everything an 18th birthday writes.
#[derive(Debug)]
pub struct Majority<'a, N> {
    /// The person.
    pub entry: &'a PersonEntry,
    /// Their opened record.
    pub record: &'a PersonRecord,
    /// The addresses that are their own.
    pub kept: &'a [Contact],
    /// The code and the message that carries it, where there is an address.
    pub code: Option<(&'a InvitationCode, &'a Envelope<N>)>,
}

/// Writes it; `false` when the person changed meanwhile.
pub async fn come_of_age<N: Serialize>(
    stores: &MajorityStores,
    majority: &Majority<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let Majority { entry, record, kept, code } = majority;
    let registry = &stores.registry;
    let key = match &entry.registration {
        Registration::Held { space_id } => stores.space_keys.content(space_id).await?,
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => Some(registry.record_key(&entry.index).await?),
    };
    let Some(key) = key else {
        // Erased: nobody acts for anyone there.
        return Ok(true);
    };
    let record = record.grown_up(kept);
    let mut item = PersonItem {
        representative_proofs: Vec::new(),
        majority_day: None,
        side_codes: Vec::new(),
        record: Some(Registry::reseal(&entry.index, &record, &key, random)?),
        ..entry.item.clone()
    };
    if let Some((code, _)) = code {
        let tag = registry.code_tag(&entry.index, code).await?;
        // Whatever its form, it is the one code they have.
        item = with_code(item, StoredCode::new(tag, now));
    }
    let mut transaction =
        Transaction::default().with("person", registry.replace_in_transaction(item)?);
    if let Registration::Held { space_id } = &entry.registration {
        for link in stores.representations.of_person(space_id).await? {
            if link.kind == LinkKind::Heir {
                continue;
            }
            let part = stores.representations.delete_in_transaction(&link)?;
            transaction = transaction.with("representation", part);
        }
        for found in stores.contacts.of_space(space_id).await? {
            if found.on_file && !kept.contains(&found.open(&key)?) {
                let part = stores.contacts.delete_in_transaction(&found)?;
                transaction = transaction.with("contact", part);
            }
        }
        let space = stores.spaces.find(space_id).await?;
        if let Some(space) = space {
            let returns =
                space.account.is_none() && matches!(space.state, SpaceState::Active { .. });
            let part = if returns {
                stores.spaces.return_in_transaction(&space)?
            } else {
                // What representatives are doing at this moment stops.
                stores.spaces.raise_epoch_in_transaction(&space)?
            };
            transaction = transaction.with("space", part);
        }
    }
    if let Some((_, envelope)) = code {
        let part = stores.outbox.put_in_transaction(*envelope, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(transaction.commit(&registry.table.client).await? == Committed::Yes)
}
