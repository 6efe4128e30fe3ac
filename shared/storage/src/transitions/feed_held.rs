//! Feeding a person who has a space: traits, addresses, representatives and death
//! reach the space too. Must not know the file.

use espace_crypto::{BlindIndex, SealingKey};
use espace_domain::{
    ContactId, InsuredPerson, Nir, Random, Registration, SpaceId, SpaceState, Suspension,
};
use jiff::Timestamp;

use super::feed::FeedStores;
use crate::contacts::NewContact;
use crate::transaction::Transaction;
use crate::{Holder, LinkKind, PersonRecord, Space, StorageError};

/// A person who is fed again, and their space.
pub(super) struct FedHolder<'a> {
    pub(super) space_id: &'a SpaceId,
    /// As the line says.
    pub(super) person: &'a InsuredPerson,
    /// As they were.
    pub(super) before: &'a PersonRecord,
    /// The content key of the space.
    pub(super) key: &'a SealingKey,
}

/// Adds to a feeding's transaction what changes in the person's space.
pub(super) async fn refresh_space(
    stores: &FeedStores,
    mut transaction: Transaction,
    fed: &FedHolder<'_>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Transaction, StorageError> {
    let FedHolder { space_id, person, before, key } = *fed;
    let Some(space) = stores.spaces.find(space_id).await? else {
        return Ok(transaction);
    };
    let is_deceased = person.deceased_on.is_some();
    let was_deceased = space.suspension == Some(Suspension::Deceased);
    let kept: Vec<&Nir> = person.representatives.iter().collect();
    let former: Vec<Nir> = before.representatives().filter(|nir| !kept.contains(&nir)).collect();
    let knows_more = before.treating_doctor != person.treating_doctor
        || before.representatives().count() != person.representatives.len();
    if before.traits != person.traits || is_deceased != was_deceased || knows_more {
        let named = person.representatives.len();
        let holder = &Holder::new(
            &person.traits,
            Some(&person.nir),
            person.treating_doctor.as_deref(),
            named,
        );
        let spaces = &stores.spaces;
        let state = space.state.clone();
        let becomes = match (was_deceased, is_deceased) {
            // Its ten years run from the day the death is known (L.1111-18: from the closing).
            // One that was closed before keeps its own day.
            (false, true) => state.close(now).ok(),
            (true, false) if space.closed_by_death => state.reopen(now).ok(),
            _ => None,
        };
        let part = spaces.refresh_in_transaction(
            &space,
            (holder, is_deceased),
            becomes.as_ref(),
            key,
            random,
        )?;
        transaction = transaction.with("space", part);
    } else if !former.is_empty() {
        // What they are doing at this moment stops.
        transaction = transaction.with("space", stores.spaces.raise_epoch_in_transaction(&space)?);
    }
    if was_deceased && !is_deceased {
        // Nobody inherits from the living.
        let links = stores.representations.of_person(space_id).await?;
        for link in links.iter().filter(|link| link.kind == LinkKind::Heir) {
            let part = stores.representations.delete_in_transaction(link)?;
            transaction = transaction.with("heir", part);
        }
    }
    if let (Some(account), true) = (&space.account, is_deceased) {
        let part = stores.sessions.end_all_in_transaction(&account.account_id)?;
        transaction = transaction.with("sessions", part);
    }
    // An account's addresses are its holder's own: what the insurer knows serves
    // to send codes for proving who one is, never to log in unconfirmed.
    let has_no_account =
        space.account.is_none() && !matches!(space.state, SpaceState::Erased { .. });
    if has_no_account && before.contacts != person.contacts {
        transaction = refresh_contacts(stores, transaction, &space, fed, random, now).await?;
    }
    for former in former {
        let index = stores.registry.index(&former).await?;
        transaction = end_representation(stores, transaction, &index, space_id).await?;
    }
    Ok(transaction)
}

/// The addresses on file of a space that nobody logs in to.
async fn refresh_contacts(
    stores: &FeedStores,
    mut transaction: Transaction,
    space: &Space,
    fed: &FedHolder<'_>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Transaction, StorageError> {
    let FedHolder { person, key, .. } = *fed;
    let mut known = Vec::new();
    for found in stores.contacts.of_space(&space.space_id).await? {
        let contact = found.open(key)?;
        if found.on_file && !person.contacts.contains(&contact) {
            transaction =
                transaction.with("contact", stores.contacts.delete_in_transaction(&found)?);
        } else {
            known.push(contact);
        }
    }
    for contact in person.contacts.iter().filter(|contact| !known.contains(contact)) {
        let contact_id = ContactId::generate(random);
        let new = NewContact { contact_id: &contact_id, contact, otp: None, on_file: true };
        let part = stores.contacts.put_in_transaction(&space.space_id, &new, key, now, random)?;
        transaction = transaction.with("contact", part);
    }
    Ok(transaction)
}

/// Authority withdrawn: the space leaves the former representative's hands.
async fn end_representation(
    stores: &FeedStores,
    transaction: Transaction,
    former: &BlindIndex,
    person: &SpaceId,
) -> Result<Transaction, StorageError> {
    let held = stores.registry.find_by_index(former).await?.map(|entry| entry.registration);
    let Some(Registration::Held { space_id }) = held else {
        return Ok(transaction);
    };
    let link = stores.representations.find(&space_id, person).await?;
    let Some(link) = link.filter(|link| link.kind == LinkKind::Representative) else {
        return Ok(transaction);
    };
    let part = stores.representations.delete_in_transaction(&link)?;
    Ok(transaction.with("representation", part))
}
