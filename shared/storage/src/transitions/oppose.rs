//! Refusing: the person is reduced to index, date, channel and receipt; at once
//! where the refusal is theirs alone, after two weeks where another may reverse
//! it. Must not know HTTP.

use espace_domain::{
    DMP_TRANSITION_DAYS, InvitationCode, Random, Registration, RegistrationAct, RegistrationRefusal,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::certificates::CertificateKind;
use crate::enrolments::EnrolmentOutcome;
use crate::registry::due_shard;
use crate::registry_item::{PersonItem, SideCodeItem, SideCodeKind, StateItem};
use crate::transaction::{Committed, Transaction};
use crate::{
    Certificates, DUE_SHARDS, Enrolment, Enrolments, Envelope, Opposition, Oppositions, Outbox,
    PersonEntry, Registry, StorageError, SupportAct, SupportActs,
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
    /// What anyone may check.
    pub certificates: Certificates,
    /// What agents did.
    pub acts: SupportActs,
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

/// On whose word a refusal is written.
#[derive(Debug, Clone, Copy)]
pub enum RefusedBy<'a> {
    /// The person or their representative, who proved it.
    Enrolled(&'a Enrolment),
    /// An agent of the phone line, whose act is noted.
    Agent(&'a SupportAct),
}

/// Everything a refusal writes.
#[derive(Debug)]
pub struct Refusal<'a, N> {
    /// On whose word.
    pub by: RefusedBy<'a>,
    /// The person.
    pub entry: &'a PersonEntry,
    /// The receipt.
    pub receipt: &'a Opposition,
    /// Whether another may reverse it for two weeks.
    pub reversible: bool,
    /// Whether an older shared record is to close.
    pub has_dmp: bool,
    /// The code by which another representative may act.
    pub code: Option<&'a InvitationCode>,
    /// Word to those concerned.
    pub messages: &'a [Envelope<N>],
}

/// When the older shared record of someone who refuses now closes.
pub fn dmp_closes_at(now: Timestamp) -> Timestamp {
    let days = jiff::SignedDuration::from_hours(24 * DMP_TRANSITION_DAYS);
    now.checked_add(days).unwrap_or(Timestamp::MAX)
}

/// Registers a refusal and sends word of it.
pub async fn oppose<N: Serialize>(
    stores: &OppositionStores,
    refusal: &Refusal<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Result<(), OpposeRefused>, StorageError> {
    let Refusal { entry, receipt, .. } = refusal;
    let channel = receipt.channel;
    let act = RegistrationAct::Oppose { at: now, channel, reversible: refusal.reversible };
    let reversible = match entry.registration.clone().apply(act) {
        Ok(Registration::Opposed { reversible, .. }) => reversible,
        Ok(_) => return Err(StorageError::Corrupt { what: "registration after a refusal" }),
        Err(refusal) => return Ok(Err(OpposeRefused::Domain(refusal))),
    };
    let state = StateItem::Opposed {
        opposed_at: now.as_second(),
        opposed_by: channel,
        opposition_id: receipt.opposition_id.clone(),
        was_sent_at: reversible.map(|back| back.sent_at.as_second()),
        reversible_until: reversible.map(|back| back.until.as_second()),
        dmp_until: refusal.has_dmp.then(|| dmp_closes_at(now).as_second()),
        dmp_closed_at: None,
    };
    let mut item = opposed_item(entry, state);
    if let (true, Some(code), Some(back)) = (refusal.reversible, refusal.code, reversible) {
        item = item.with_side_code(SideCodeItem {
            kind: SideCodeKind::Reversal,
            tag: stores.registry.code_tag(&entry.index, code).await?,
            sent_at: now.as_second(),
            expires_at: back.until.as_second(),
        });
    }
    if !refusal.reversible {
        item = reduced(item);
    }
    let item = with_due(item, entry);
    let mut transaction = Transaction::default()
        .with("person", stores.registry.replace_in_transaction(item)?)
        .with("receipt", stores.oppositions.put_in_transaction(receipt)?)
        .with(
            "certificate",
            stores.certificates.put_in_transaction(
                &receipt.reference,
                CertificateKind::Opposition,
                receipt.registered_at,
                receipt.opposition_id.as_str(),
            )?,
        );
    transaction = match refusal.by {
        RefusedBy::Enrolled(enrolment) => {
            let outcome = EnrolmentOutcome::Opposed(receipt.opposition_id.clone());
            let part = stores.enrolments.settle_in_transaction(enrolment, &outcome, now)?;
            transaction.with("enrolment", part)
        }
        RefusedBy::Agent(act) => transaction.with("act", stores.acts.put_in_transaction(act)?),
    };
    for message in refusal.messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(match transaction.commit(&stores.registry.table.client).await? {
        Committed::Yes => Ok(()),
        Committed::Refused(_) => Err(OpposeRefused::Raced),
    })
}

/// The person's item in a refused state: no code of before is left.
fn opposed_item(entry: &PersonEntry, state: StateItem) -> PersonItem {
    PersonItem {
        state,
        code: None,
        code_sent_at: 0,
        code_expires_at: 0,
        code_tries: 0,
        code_used_at: None,
        side_codes: Vec::new(),
        ..entry.item.clone()
    }
}

/// The item, due again when the job has something to do about someone who refused.
pub(super) fn with_due(item: PersonItem, entry: &PersonEntry) -> PersonItem {
    let due_at = item.opposed_due_at();
    let due_shard = due_at.map(|_| due_shard(entry.index.shard(DUE_SHARDS)));
    PersonItem { due_shard, due_at, ..item }
}

/// The item with nothing of the person in it but the keyed hash of their card, part
/// of the receipt: a parent who has refused still refuses for their children.
pub(crate) fn reduced(item: PersonItem) -> PersonItem {
    PersonItem {
        code: None,
        side_codes: Vec::new(),
        representative_proofs: Vec::new(),
        majority_day: None,
        traits: None,
        record: None,
        ..item
    }
}

/// What the job found to do about someone who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The refusal can no longer be reversed.
    Final,
    /// The record is gone.
    Reduced,
    /// The older shared record is closed.
    DmpClosed,
    /// Nothing is due.
    Nothing,
    /// The person changed meanwhile; reading again will tell.
    Raced,
}

/// Does what time asks about someone who refused or had their space erased, as of `as_of`: makes the refusal
/// final, reduces the person once neither a reversal nor a code needs their record,
/// closes the older shared record once its transition has passed.
pub async fn settle_opposed(
    registry: &Registry,
    entry: &PersonEntry,
    as_of: Timestamp,
) -> Result<Settled, StorageError> {
    let mut item = entry.item.clone();
    let now = as_of.as_second();
    let mut settled = Settled::Nothing;
    match &mut item.state {
        StateItem::Opposed { was_sent_at, reversible_until, dmp_until, dmp_closed_at, .. } => {
            if dmp_until.is_some_and(|until| until <= now) {
                *dmp_closed_at = dmp_until.take();
                settled = Settled::DmpClosed;
            }
            if reversible_until.is_some_and(|until| until <= now) {
                (*was_sent_at, *reversible_until) = (None, None);
                settled = Settled::Final;
            }
        }
        StateItem::Erased { .. } => {}
        StateItem::Invited { .. } | StateItem::Held { .. } => return Ok(settled),
    }
    // A code that was sent meanwhile, to change one's mind, keeps the record.
    if item.record.is_some() && item.record_kept_until() <= now {
        item = reduced(item);
        settled = Settled::Reduced;
    }
    if settled == Settled::Nothing {
        return Ok(settled);
    }
    let item = with_due(item, entry);
    let committed = Transaction::default()
        .with("person", registry.replace_in_transaction(item)?)
        .commit(&registry.table.client)
        .await?;
    Ok(if committed == Committed::Yes { settled } else { Settled::Raced })
}
