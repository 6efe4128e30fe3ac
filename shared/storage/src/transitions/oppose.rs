//! Refusing: the person is reduced to index, date, channel and receipt. Must
//! not know HTTP.

use espace_domain::{Random, RegistrationAct, RegistrationRefusal};
use jiff::Timestamp;
use serde::Serialize;

use crate::enrolments::EnrolmentOutcome;
use crate::registry::{PersonItem, StateItem};
use crate::transaction::{Committed, Transaction};
use crate::{
    Enrolment, Enrolments, Envelope, Opposition, Oppositions, Outbox, PersonEntry, Registry,
    StorageError,
};

/// What a refusal needs.
#[derive(Debug, Clone)]
pub struct OppositionStores {
    /// The persons.
    pub registry: Registry,
    /// The proven identities.
    pub enrolments: Enrolments,
    /// The receipts.
    pub oppositions: Oppositions,
    /// The messages.
    pub outbox: Outbox,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpposeRefused {
    /// The domain says no.
    Domain(RegistrationRefusal),
    /// The person changed, or the enrolment is over. Reading again will tell.
    Raced,
}

/// Everything a refusal writes.
#[derive(Debug)]
pub struct Refusal<'a, N> {
    /// The proven identity.
    pub enrolment: &'a Enrolment,
    /// The person.
    pub entry: &'a PersonEntry,
    /// The receipt.
    pub receipt: &'a Opposition,
    /// Word to the address on file, where there is one.
    pub message: Option<&'a Envelope<N>>,
}

/// Registers a refusal and sends word of it.
pub async fn oppose<N: Serialize>(
    stores: &OppositionStores,
    refusal: &Refusal<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Result<(), OpposeRefused>, StorageError> {
    let Refusal { enrolment, entry, receipt, message } = refusal;
    let channel = receipt.channel;
    let act = RegistrationAct::Oppose { at: now, channel };
    if let Err(refusal) = entry.registration.clone().apply(act) {
        return Ok(Err(OpposeRefused::Domain(refusal)));
    }
    let item = PersonItem {
        state: StateItem::Opposed {
            opposed_at: now.as_second(),
            opposed_by: channel,
            opposition_id: receipt.opposition_id.clone(),
        },
        due_shard: None,
        due_at: None,
        code: None,
        code_sent_at: 0,
        code_expires_at: 0,
        code_tries: 0,
        code_used_at: None,
        card_proof: None,
        representative_proofs: Vec::new(),
        record: None,
        ..entry.item.clone()
    };
    let outcome = EnrolmentOutcome::Opposed(receipt.opposition_id.clone());
    let mut transaction = Transaction::default()
        .with("person", stores.registry.replace_in_transaction(item)?)
        .with("receipt", stores.oppositions.put_in_transaction(receipt)?)
        .with("enrolment", stores.enrolments.settle_in_transaction(enrolment, &outcome, now)?);
    if let Some(message) = message {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(match transaction.commit(&stores.registry.table.client).await? {
        Committed::Yes => Ok(()),
        Committed::Refused(_) => Err(OpposeRefused::Raced),
    })
}
