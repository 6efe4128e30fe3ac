//! A representative, logged in, takes the space of a child or protected adult in
//! hand: new, opened by itself, or held by the other representative already.
//! Must not know HTTP.

use espace_crypto::SealingKey;
use espace_domain::{
    AlertCode, ContactId, Random, Registration, RegistrationAct, SpaceId, SpaceState, majority_on,
};
use jiff::Timestamp;
use serde::Serialize;

use super::activate::ActivationStores;
use super::open::{NewSpace, held_item};
use crate::contacts::NewContact;
use crate::enrolments::EnrolmentOutcome;
use crate::transaction::{Committed, Transaction};
use crate::{
    Enrolment, Envelope, PersonEntry, PersonRecord, RepresentationDetails, Representations,
    StorageError,
};

/// Everything an attachment writes.
#[derive(Debug)]
pub struct Attachment<'a, N> {
    /// The proven identity: of whom, by whom.
    pub enrolment: &'a Enrolment,
    /// The represented person.
    pub entry: &'a PersonEntry,
    /// Their opened record.
    pub record: &'a PersonRecord,
    /// The representative's own space.
    pub representative: &'a SpaceId,
    /// The content key of the representative's space.
    pub representative_key: &'a SealingKey,
    /// The code by which those who get word may freeze the space.
    pub alert: &'a AlertCode,
    /// Word to those concerned.
    pub messages: &'a [Envelope<N>],
}

/// Attaches. `None` when something changed meanwhile; reading again will tell.
pub async fn attach<N: Serialize>(
    stores: &ActivationStores,
    representations: &Representations,
    attachment: &Attachment<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Option<SpaceId>, StorageError> {
    let Attachment { enrolment, entry, record, .. } = attachment;
    let (space_id, mut transaction) = match &entry.registration {
        Registration::Held { space_id } => {
            let Some(space) = stores.spaces.find(space_id).await? else {
                return Ok(None);
            };
            let item = entry.item.clone().with_codes_used(now.as_second());
            let mut transaction = Transaction::default()
                .with("person", stores.registry.replace_in_transaction(item)?);
            match space.state {
                SpaceState::Open { .. } => {
                    let part = stores.spaces.activate_in_transaction(&space, None, now)?;
                    transaction = transaction.with("space", part);
                }
                // Frozen: whoever proves who they are takes it back from the others.
                SpaceState::Active { .. } if space.is_frozen && space.account.is_none() => {
                    let part = stores.spaces.activate_in_transaction(&space, None, now)?;
                    transaction = transaction.with("space", part);
                    for link in representations.of_person(space_id).await? {
                        if link.representative != *attachment.representative {
                            let part = representations.delete_in_transaction(&link)?;
                            transaction = transaction.with("former representation", part);
                        }
                    }
                }
                SpaceState::Active { .. } => {}
                // Closed by phone before anyone had it in hand: it is theirs as it was.
                SpaceState::Closed { .. } if space.may_be_taken(now) => {
                    let part = stores.spaces.activate_in_transaction(&space, None, now)?;
                    transaction = transaction.with("space", part);
                }
                SpaceState::Closed { .. } | SpaceState::Erased { .. } => return Ok(None),
            }
            (space_id.clone(), transaction)
        }
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => open_for(stores, attachment, random, now).await?,
    };
    let traits = &record.traits;
    let details = RepresentationDetails {
        first_name: traits.first_name().to_owned(),
        until: record.fed_as_minor.then(|| majority_on(traits.birth_date)),
        care: None,
        inheritance: None,
    };
    let outcome = EnrolmentOutcome::Activated(space_id.clone());
    transaction = transaction
        .with(
            "representation",
            representations.put_in_transaction(
                attachment.representative,
                &space_id,
                &details,
                attachment.representative_key,
                now,
                random,
            )?,
        )
        .with("alert", stores.alerts.put_in_transaction(attachment.alert, &space_id, now).await?)
        .with("enrolment", stores.enrolments.settle_in_transaction(enrolment, &outcome, now)?);
    for message in attachment.messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(match transaction.commit(&stores.registry.table.client).await? {
        Committed::Yes => Some(space_id),
        Committed::Refused(_) => None,
    })
}

/// The writes of a space that is born in its representative's hands.
async fn open_for<N>(
    stores: &ActivationStores,
    attachment: &Attachment<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<(SpaceId, Transaction), StorageError> {
    let Attachment { entry, record, .. } = attachment;
    let space_id = SpaceId::generate(random);
    let registration = entry
        .registration
        .clone()
        .apply(RegistrationAct::Activate { space_id: space_id.clone() })
        .map_err(|_| StorageError::Corrupt { what: "registration before an attachment" })?;
    let (key, wrapped) = stores.space_keys.generate(&space_id).await?;
    let held = held_item(entry, &registration, record, &key, random)?;
    let item = held.with_codes_used(now.as_second());
    let state = SpaceState::Active { opened_at: now, activated_at: now };
    let new = NewSpace {
        space_id: &space_id,
        state: &state,
        account: None,
        record,
        key: &key,
        wrapped: &wrapped,
    };
    let transaction =
        Transaction::default().with("person", stores.registry.replace_in_transaction(item)?);
    let mut transaction =
        new.add_to(transaction, &stores.spaces, &stores.space_keys, random, now)?;
    for contact in &record.contacts {
        let contact_id = ContactId::generate(random);
        let new = NewContact { contact_id: &contact_id, contact, otp: None, on_file: true };
        let part = stores.contacts.put_in_transaction(&space_id, &new, &key, now, random)?;
        transaction = transaction.with("contact", part);
    }
    Ok((space_id, transaction))
}
