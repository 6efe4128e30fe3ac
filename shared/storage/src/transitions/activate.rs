//! Activation: a person takes their space in hand, new or opened by itself,
//! with an account of their own. Must not know HTTP nor the rules of passwords.

use espace_crypto::{BlindIndex, SealingKey};
use espace_domain::{
    AccountId, AlertCode, Contact, ContactId, Random, Registration, RegistrationAct, SpaceId,
    SpaceState,
};
use jiff::Timestamp;
use serde::Serialize;

use super::open::{NewSpace, held_item};
use crate::accounts::NewAccount;
use crate::contacts::NewContact;
use crate::enrolments::EnrolmentOutcome;
use crate::transaction::{Committed, Transaction};
use crate::{
    AccountSecrets, Accounts, Alerts, Contacts, Enrolment, Enrolments, Envelope, Outbox,
    PersonEntry, PersonRecord, Registry, Representations, Sessions, SpaceAccount, SpaceKeys,
    Spaces, StorageError,
};

/// What activation needs.
#[derive(Debug, Clone)]
pub struct ActivationStores {
    /// The persons.
    pub registry: Registry,
    /// The keys of spaces.
    pub space_keys: SpaceKeys,
    /// The spaces.
    pub spaces: Spaces,
    /// The addresses.
    pub contacts: Contacts,
    /// The accounts.
    pub accounts: Accounts,
    /// The proven identities.
    pub enrolments: Enrolments,
    /// The messages.
    pub outbox: Outbox,
    /// The sessions of an account that is taken back.
    pub sessions: Sessions,
    /// The codes that messages carry to freeze the space.
    pub alerts: Alerts,
    /// Who acts in a space that is taken back.
    pub representations: Representations,
}

/// An address of the new account.
#[derive(Debug, Clone)]
pub struct NewSpaceContact {
    /// Its name.
    pub contact_id: ContactId,
    /// The address.
    pub contact: Contact,
    /// The keyed hash of the code sent to it; `None` when it counts already.
    pub otp: Option<Vec<u8>>,
    /// Whether the insurer gave it.
    pub on_file: bool,
}

/// Everything an activation writes.
#[derive(Debug)]
pub struct Activation<'a, N> {
    /// The proven identity.
    pub enrolment: &'a Enrolment,
    /// The person.
    pub entry: &'a PersonEntry,
    /// Their opened record.
    pub record: &'a PersonRecord,
    /// The chosen login, by blind index.
    pub login: &'a BlindIndex,
    /// The account's secrets.
    pub secrets: &'a AccountSecrets,
    /// The addresses.
    pub contacts: &'a [NewSpaceContact],
    /// The messages: confirmation codes, and word to those already known.
    pub messages: &'a [Envelope<N>],
    /// The code by which those who get word may freeze the space.
    pub alert: &'a AlertCode,
}

/// Why nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationRefused {
    /// Someone has that login.
    LoginTaken,
    /// The space is active, closed or erased; the code was used or replaced; or
    /// the enrolment is over. Reading again will tell which.
    Raced,
}

/// Activates. On success gives the space.
pub async fn activate<N: Serialize>(
    stores: &ActivationStores,
    activation: &Activation<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Result<SpaceId, ActivationRefused>, StorageError> {
    let account_id = AccountId::generate(random);
    let account = SpaceAccount::new(account_id.clone(), activation.login);
    let (space_id, key, mut transaction) = match &activation.entry.registration {
        Registration::Held { space_id } => {
            let Some(held) = take_over(stores, activation, space_id, &account, now).await? else {
                return Ok(Err(ActivationRefused::Raced));
            };
            held
        }
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => {
            open_active(stores, activation, account, random, now).await?
        }
    };
    let account_key = stores.accounts.key(activation.login).await?;
    let account = NewAccount {
        login: activation.login,
        account_id: &account_id,
        space_id: &space_id,
        secrets: activation.secrets,
        key: &account_key,
    };
    let outcome = EnrolmentOutcome::Activated(space_id.clone());
    transaction = transaction
        .with("account", stores.accounts.put_in_transaction(&account, now, random)?)
        .with("alert", stores.alerts.put_in_transaction(activation.alert, &space_id, now).await?)
        .with(
            "enrolment",
            stores.enrolments.settle_in_transaction(activation.enrolment, &outcome, now)?,
        );
    for contact in activation.contacts {
        let new = NewContact {
            contact_id: &contact.contact_id,
            contact: &contact.contact,
            otp: contact.otp.clone(),
            on_file: contact.on_file,
        };
        let part = stores.contacts.put_in_transaction(&space_id, &new, &key, now, random)?;
        transaction = transaction.with("contact", part);
    }
    for message in activation.messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(match transaction.commit(&stores.registry.table.client).await? {
        Committed::Yes => Ok(space_id),
        Committed::Refused(parts) if parts == ["account"] => Err(ActivationRefused::LoginTaken),
        Committed::Refused(_) => Err(ActivationRefused::Raced),
    })
}

/// The writes by which a space that exists comes into its holder's hands: opened
/// by itself, or frozen and claimed back, in which case the account that had it
/// goes with the addresses it added. `None` when the space may not be taken.
async fn take_over<N>(
    stores: &ActivationStores,
    activation: &Activation<'_, N>,
    space_id: &SpaceId,
    account: &SpaceAccount,
    now: Timestamp,
) -> Result<Option<(SpaceId, SealingKey, Transaction)>, StorageError> {
    let space = stores.spaces.find(space_id).await?;
    let key = stores.space_keys.content(space_id).await?;
    let (Some(space), Some(key)) = (space, key) else {
        return Ok(None);
    };
    if !space.may_be_taken(now) {
        return Ok(None);
    }
    let item = activation.entry.item.clone().with_codes_used(now.as_second());
    let mut transaction = Transaction::default()
        .with("person", stores.registry.replace_in_transaction(item)?)
        .with("space", stores.spaces.activate_in_transaction(&space, Some(account), now)?);
    if let Some(former) = &space.account {
        if former.login() != *activation.login {
            let part = stores.accounts.delete_in_transaction(&former.login())?;
            transaction = transaction.with("former account", part);
        }
        let ended = stores.sessions.end_all_in_transaction(&former.account_id)?;
        transaction = transaction.with("former sessions", ended);
        // All go: what the insurer knows comes back with the activation, whatever was
        // removed or added meanwhile.
        for contact in stores.contacts.of_space(space_id).await? {
            let part = stores.contacts.delete_in_transaction(&contact)?;
            transaction = transaction.with("former contact", part);
        }
        // Nor does anyone help who may have been let in by another.
        for link in stores.representations.of_person(space_id).await? {
            let part = stores.representations.delete_in_transaction(&link)?;
            transaction = transaction.with("former caregiver", part);
        }
    }
    Ok(Some((space_id.clone(), key, transaction)))
}

/// The writes of a space that is active from its birth.
async fn open_active<N>(
    stores: &ActivationStores,
    activation: &Activation<'_, N>,
    account: SpaceAccount,
    random: &dyn Random,
    now: Timestamp,
) -> Result<(SpaceId, SealingKey, Transaction), StorageError> {
    let Activation { entry, record, .. } = activation;
    let space_id = SpaceId::generate(random);
    let registration = entry
        .registration
        .clone()
        .apply(RegistrationAct::Activate { space_id: space_id.clone() })
        .map_err(|_| StorageError::Corrupt { what: "registration before activation" })?;
    let (key, wrapped) = stores.space_keys.generate(&space_id).await?;
    let held = held_item(entry, &registration, record, &key, random)?;
    let item = held.with_codes_used(now.as_second());
    let state = SpaceState::Active { opened_at: now, activated_at: now };
    let new = NewSpace {
        space_id: &space_id,
        state: &state,
        account: Some(account),
        record,
        key: &key,
        wrapped: &wrapped,
    };
    let transaction =
        Transaction::default().with("person", stores.registry.replace_in_transaction(item)?);
    let transaction = new.add_to(transaction, &stores.spaces, &stores.space_keys, random, now)?;
    Ok((space_id, key, transaction))
}
