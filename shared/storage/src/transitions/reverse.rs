//! Reversing a refusal: an agent undoes it within two weeks, or the other
//! representative does. The six weeks go on as if it had not been. Must not know
//! HTTP.

use espace_domain::{InvitationCode, Random, Registration, RegistrationAct, RegistrationRefusal};
use jiff::Timestamp;
use serde::Serialize;

use super::feed::with_code;
use super::oppose::{OpposeRefused, OppositionStores, RefusedBy};
use crate::enrolments::EnrolmentOutcome;
use crate::registry::due_shard;
use crate::registry_item::{PersonItem, StateItem};
use crate::transaction::{Committed, Transaction};
use crate::{DUE_SHARDS, Envelope, Opposition, PersonEntry, StorageError, StoredCode};

/// Everything a reversal writes.
#[derive(Debug)]
pub struct Reversal<'a, N> {
    /// On whose word.
    pub by: RefusedBy<'a>,
    /// The person.
    pub entry: &'a PersonEntry,
    /// The receipt of the refusal.
    pub receipt: &'a Opposition,
    /// The new code of the person.
    pub code: &'a InvitationCode,
    /// Word to those concerned.
    pub messages: &'a [Envelope<N>],
}

/// Reverses a refusal and sends word of it.
pub async fn reverse<N: Serialize>(
    stores: &OppositionStores,
    reversal: &Reversal<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Result<(), OpposeRefused>, StorageError> {
    let Reversal { entry, receipt, .. } = reversal;
    if entry.opposition_id.as_ref() != Some(&receipt.opposition_id) {
        return Ok(Err(OpposeRefused::Domain(RegistrationRefusal::NotReversible)));
    }
    let back = match entry.registration.clone().apply(RegistrationAct::Reverse { at: now }) {
        Ok(back) => back,
        Err(refusal) => return Ok(Err(OpposeRefused::Domain(refusal))),
    };
    let Registration::Invited { sent_at } = &back else {
        return Err(StorageError::Corrupt { what: "registration after a reversal" });
    };
    let tag = stores.registry.code_tag(&entry.index, reversal.code).await?;
    let item = PersonItem {
        state: StateItem::Invited { sent_at: sent_at.as_second() },
        due_shard: Some(due_shard(entry.index.shard(DUE_SHARDS))),
        due_at: back.opens_at().map(Timestamp::as_second),
        side_codes: Vec::new(),
        ..entry.item.clone()
    };
    let item = with_code(item, StoredCode::new(tag, now));
    let mut transaction = Transaction::default()
        .with("person", stores.registry.replace_in_transaction(item)?)
        .with("receipt", stores.oppositions.undo_in_transaction(&receipt.opposition_id, now)?)
        .with("certificate", stores.certificates.delete_in_transaction(&receipt.reference)?);
    transaction = match reversal.by {
        RefusedBy::Enrolled(enrolment) => {
            let outcome = EnrolmentOutcome::Reversed(receipt.opposition_id.clone());
            let part = stores.enrolments.settle_in_transaction(enrolment, &outcome, now)?;
            transaction.with("enrolment", part)
        }
        RefusedBy::Agent(act) => transaction.with("act", stores.acts.put_in_transaction(act)?),
    };
    for message in reversal.messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(match transaction.commit(&stores.registry.table.client).await? {
        Committed::Yes => Ok(()),
        Committed::Refused(_) => Err(OpposeRefused::Raced),
    })
}
