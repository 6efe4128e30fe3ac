//! Feeding a person: a new one is registered and invited, a known one brought
//! up to date; never reopened. Must not know the file.

use espace_crypto::BlindIndex;
use espace_domain::{CampaignId, InsuredPerson, InvitationCode, Random, Registration};
use jiff::Timestamp;
use serde::Serialize;

use super::feed_held::{FedHolder, refresh_space};
use super::oppose::{dmp_closes_at, with_due};
use crate::registry::{ComposedRecord, due_shard};
use crate::registry_item::{PersonItem, StateItem};
use crate::table::SCHEMA;
use crate::transaction::{Committed, Transaction};
use crate::{
    Contacts, DUE_SHARDS, Envelope, FedFrom, FeedOutcome, Outbox, PersonEntry, Registry,
    Representations, Sessions, SpaceKeys, Spaces, StorageError, StoredCode,
};

/// Tries of a person whom another line or request changes at the same time.
const RACES_MAX: u32 = 5;

/// What feeding needs.
#[derive(Debug, Clone)]
pub struct FeedStores {
    /// The persons.
    pub registry: Registry,
    /// The keys of the spaces that exist.
    pub space_keys: SpaceKeys,
    /// The spaces that exist.
    pub spaces: Spaces,
    /// The addresses in them.
    pub contacts: Contacts,
    /// Who holds whose space.
    pub representations: Representations,
    /// Sessions, ended by a death.
    pub sessions: Sessions,
    /// The messages.
    pub outbox: Outbox,
}

/// What a line came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fed {
    /// Done now, or by an earlier run of the same line.
    As(FeedOutcome),
    /// The person stands on another line of the same file, which came first.
    Duplicate,
    /// The person was not known, and may not be registered.
    Refused(espace_domain::Rejection),
}

/// One line to be fed.
#[derive(Debug)]
pub struct FeedLine<'a> {
    /// Who.
    pub person: &'a InsuredPerson,
    /// Their blind index.
    pub index: &'a BlindIndex,
    /// Which campaign.
    pub campaign: &'a CampaignId,
    /// Which line, from 1.
    pub line: u64,
    /// When the campaign was sent: the six weeks run from then.
    pub sent_at: Timestamp,
}

/// Feeds one line. `invitation` writes the message around a code; its
/// second argument says whether the person has refused.
pub async fn feed<N: Serialize>(
    stores: &FeedStores,
    line: FeedLine<'_>,
    invitation: impl Fn(&InvitationCode, bool) -> Option<Envelope<N>>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Fed, StorageError> {
    for _ in 0..RACES_MAX {
        let found = stores.registry.find_by_index(line.index).await?;
        let written = match &found {
            None => match espace_domain::require_new(line.person.clone()) {
                Err(reason) => return Ok(Fed::Refused(reason)),
                Ok(_) => invite(stores, &line, &invitation, random, now).await?,
            },
            Some(entry) if entry.fed.campaign == *line.campaign => {
                if entry.fed.line == line.line {
                    return Ok(Fed::As(entry.fed.outcome));
                }
                return Ok(Fed::Duplicate);
            }
            Some(entry) => {
                let outcome = FeedOutcome::Updated;
                refresh(stores, &line, entry, outcome, &invitation, random, now).await?
            }
        };
        if let Some(outcome) = written {
            return Ok(Fed::As(outcome));
        }
    }
    Err(StorageError::Contended { what: "a person being fed" })
}

/// Registers a new person, with a code and the message that carries it.
async fn invite<N: Serialize>(
    stores: &FeedStores,
    line: &FeedLine<'_>,
    invitation: &impl Fn(&InvitationCode, bool) -> Option<Envelope<N>>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Option<FeedOutcome>, StorageError> {
    let index = line.index;
    let code = InvitationCode::generate(random);
    let Some(envelope) = invitation(&code, false) else {
        return Err(StorageError::Corrupt { what: "a new person without an address" });
    };
    let key = stores.registry.record_key(index).await?;
    let composed =
        stores.registry.compose(index, line.person, None, (&key, today(now)), random).await?;
    let registration = Registration::Invited { sent_at: line.sent_at };
    let tag = stores.registry.code_tag(index, &code).await?;
    let outcome = FeedOutcome::Invited;
    let item = PersonItem {
        index: index.as_str().to_owned(),
        schema: SCHEMA,
        version: 0,
        state: StateItem::Invited { sent_at: line.sent_at.as_second() },
        due_shard: Some(due_shard(index.shard(DUE_SHARDS))),
        due_at: registration.opens_at().map(Timestamp::as_second),
        code: None,
        code_sent_at: 0,
        code_expires_at: 0,
        code_tries: 0,
        code_used_at: None,
        fed: fed_from(line, outcome),
        card_proof: None,
        representative_proofs: Vec::new(),
        majority_day: None,
        traits: None,
        side_codes: Vec::new(),
        record: None,
    };
    let item = with_code(with_record(item, composed), StoredCode::new(tag, line.sent_at));
    let table = &stores.registry.table;
    let committed = Transaction::default()
        .with("person", table.put_in_transaction(&item, "attribute_not_exists(#index)")?)
        .with(
            "message",
            stores.outbox.put_in_transaction(&envelope, Some(line.campaign), now, random).await?,
        )
        .commit(&table.client)
        .await?;
    Ok((committed == Committed::Yes).then_some(outcome))
}

/// Brings a known person up to date. Someone who refused, or had their space erased, gets a
/// code again, so that they may change their mind; nothing else of them moves. `None` when the
/// person changed meanwhile.
async fn refresh<N: Serialize>(
    stores: &FeedStores,
    line: &FeedLine<'_>,
    entry: &PersonEntry,
    outcome: FeedOutcome,
    invitation: &impl Fn(&InvitationCode, bool) -> Option<Envelope<N>>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Option<FeedOutcome>, StorageError> {
    let index = line.index;
    let key = match &entry.registration {
        Registration::Held { space_id } => stores.space_keys.content(space_id).await?,
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => Some(stores.registry.record_key(index).await?),
    };
    let fed = fed_from(line, outcome);
    let mut item = PersonItem { fed, ..entry.item.clone() };
    // Without a key the space was erased: its record stays gone.
    let before = match &key {
        Some(key) => Registry::open_record_under(entry, key)?,
        None => None,
    };
    let today = today(now);
    let person = match &before {
        Some(before) => before.still_theirs(line.person),
        None => line.person.clone(),
    };
    if let Some(key) = &key {
        let composed =
            stores.registry.compose(index, &person, before.as_ref(), (key, today), random).await?;
        item = with_record(item, composed);
    }
    let mut message = None;
    let is_invited = matches!(entry.registration, Registration::Invited { .. });
    if person.deceased_on.is_some() {
        // Nobody opens a space for the dead, nor writes to them; what a refusal asks
        // goes on.
        if is_invited {
            item = PersonItem { due_shard: None, due_at: None, ..item };
        }
    } else {
        if let Some(opens_at) = entry.registration.opens_at() {
            // A death that was reported by mistake had taken the date away.
            let due_shard = Some(due_shard(index.shard(DUE_SHARDS)));
            item = PersonItem { due_shard, due_at: Some(opens_at.as_second()), ..item };
        }
        if needs_code(entry, now) {
            let code = InvitationCode::generate(random);
            if let Some(envelope) = invitation(&code, true) {
                let tag = stores.registry.code_tag(index, &code).await?;
                item = with_code(item, StoredCode::new(tag, line.sent_at));
                let campaign = Some(line.campaign);
                let part = stores.outbox.put_in_transaction(&envelope, campaign, now, random);
                message = Some(part.await?);
            }
        }
    }
    if has_decided(entry) {
        item = with_due(with_dmp(item, person.has_dmp, now), entry);
    }
    let mut transaction =
        Transaction::default().with("person", stores.registry.replace_in_transaction(item)?);
    if let Some(message) = message {
        transaction = transaction.with("message", message);
    }
    if let (Registration::Held { space_id }, Some(key), Some(before)) =
        (&entry.registration, &key, &before)
    {
        let fed = FedHolder { space_id, person: &person, before, key };
        transaction = Box::pin(refresh_space(stores, transaction, &fed, random, now)).await?;
    }
    let committed = transaction.commit(&stores.registry.table.client).await?;
    Ok((committed == Committed::Yes).then_some(outcome))
}

/// The item of someone who refused and turns out to have an older shared record: its
/// transition begins now, once.
fn with_dmp(mut item: PersonItem, has_dmp: bool, now: Timestamp) -> PersonItem {
    if let StateItem::Opposed { dmp_until, dmp_closed_at: None, .. } = &mut item.state
        && has_dmp
        && dmp_until.is_none()
    {
        *dmp_until = Some(dmp_closes_at(now).as_second());
    }
    item
}

/// The day it is, by which ages are judged.
fn today(now: Timestamp) -> jiff::civil::Date {
    espace_domain::paris_date(now)
}

/// Whether someone who decided to have no space has no living code to change their mind with.
fn needs_code(entry: &PersonEntry, now: Timestamp) -> bool {
    let alive = entry
        .code
        .as_ref()
        .is_some_and(|code| code.used_at.is_none() && !code.is_burnt() && now < code.expires_at);
    has_decided(entry) && !alive
}

/// Whether the person refused a space, or had theirs erased: nothing opens by itself.
fn has_decided(entry: &PersonEntry) -> bool {
    matches!(entry.registration, Registration::Opposed { .. } | Registration::Erased { .. })
}

fn fed_from(line: &FeedLine<'_>, outcome: FeedOutcome) -> FedFrom {
    FedFrom { campaign: line.campaign.clone(), line: line.line, outcome }
}

fn with_record(item: PersonItem, composed: ComposedRecord) -> PersonItem {
    PersonItem {
        card_proof: composed.card_proof,
        representative_proofs: composed.representative_proofs,
        majority_day: composed.majority_day,
        traits: Some(composed.traits),
        record: Some(composed.record),
        ..item
    }
}

/// The item with a fresh code.
pub(super) fn with_code(item: PersonItem, code: StoredCode) -> PersonItem {
    PersonItem {
        code: Some(code.tag),
        code_sent_at: code.sent_at.as_second(),
        code_expires_at: code.expires_at.as_second(),
        code_tries: code.tries,
        code_used_at: None,
        ..item
    }
}
