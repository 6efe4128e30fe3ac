//! The insured persons as the insurer feeds them: found by blind index, their
//! record sealed under a registry key until a space exists, under the space's
//! content key from then on. Must not know how they were fed nor who asks.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{BlindIndex, MacKey, MacPurpose, Place, SealingKey, same_tag};
use espace_domain::{
    CODE_ATTEMPTS_MAX, CampaignId, Card, Contact, InsuredPerson, Nir, OppositionId, Random,
    Registration, Traits, code_expires_at, comparable_name, is_minor, majority_on,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::registry_item::PersonItem;
use crate::registry_proof::{card_parts, representative_parts};
use crate::sealing;
use crate::system_keys::KEY_SHARDS;
use crate::table::{Item, Query, Table, b, item, n, read, s};
use crate::{Aws, Environment, KeyName, SpaceKeys, StorageError, SystemKeys};

/// The logical name in sealed places.
const TABLE: &str = "persons";
/// The generation of the blind index written today.
const INDEX_GENERATION: u8 = 1;
/// Shards of the due-date index: 64 partitions of 1,000 writes a second each.
pub const DUE_SHARDS: u8 = 64;
/// The sparse index of persons whose space is to open by itself.
const DUE_INDEX: &str = "due";
/// The sparse index by birth name, first name and birth date.
const TRAITS_INDEX: &str = "traits";
/// The sparse index of those fed as minors, by day of majority.
const MAJORITY_INDEX: &str = "majority";

/// The table of persons, and the keys to find and open them.
#[derive(Debug, Clone)]
pub struct Registry {
    pub(crate) table: Table,
    pub(crate) keys: Arc<SystemKeys>,
}

/// A person as found: nothing of the record is open yet.
#[derive(Debug, Clone)]
pub struct PersonEntry {
    /// The blind index.
    pub index: BlindIndex,
    /// Where they stand.
    pub registration: Registration,
    /// Counts the writes, for conditions.
    pub version: u64,
    /// The last code sent, used or not.
    pub code: Option<StoredCode>,
    /// Codes beside it: a stand-in for a card, a reversal.
    pub(crate) side_codes: Vec<StoredCode>,
    /// Which line of which campaign wrote last.
    pub fed: FedFrom,
    /// The receipt of the refusal, where there is one.
    pub opposition_id: Option<OppositionId>,
    /// The item as it was read: what a transition replaces.
    pub(crate) item: PersonItem,
}

/// A code as kept: its keyed hash and its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// The keyed hash.
    pub tag: Vec<u8>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it stops being valid.
    pub expires_at: Timestamp,
    /// Wrong tries so far.
    pub tries: u32,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Which line of which file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FedFrom {
    /// The campaign.
    pub campaign: CampaignId,
    /// The line, from 1.
    pub line: u64,
    /// What the line came to.
    pub outcome: FeedOutcome,
}

/// What a line came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FeedOutcome {
    /// A new person, who was sent a code.
    Invited,
    /// A known person, brought up to date.
    Updated,
}

/// What is sealed about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonRecord {
    nir: String,
    /// The traits.
    pub traits: Traits,
    /// The addresses, best channel first.
    pub contacts: Vec<Contact>,
    /// The card.
    pub card: Option<Card>,
    representatives: Vec<String>,
    /// The treating doctor the insurer knows of.
    pub treating_doctor: Option<String>,
    /// Date of death.
    pub deceased_on: Option<Date>,
    /// Whether an older shared record exists.
    pub has_dmp: bool,
    /// Whether the person was a minor when they were fed: those who represent
    /// them do so until they come of age, those of a protected adult until the
    /// insurer says otherwise.
    #[serde(default)]
    pub fed_as_minor: bool,
    /// Those who represented them until they came of age, and what was their
    /// address: the insurer's next file does not bring them back (ADR 9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_representatives: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_contacts: Vec<Contact>,
}

/// The traits by which a person is searched.
#[derive(Debug, Clone, Copy)]
pub struct SearchedTraits<'a> {
    /// Name at birth.
    pub birth_name: &'a str,
    /// The first of the first names.
    pub first_name: &'a str,
    /// Date of birth.
    pub birth_date: Date,
}

impl<'a> SearchedTraits<'a> {
    fn of(traits: &'a Traits) -> Self {
        Self {
            birth_name: &traits.birth_name,
            first_name: traits.first_name(),
            birth_date: traits.birth_date,
        }
    }
}

/// Where a page of due persons ends.
#[derive(Debug)]
pub struct DuePage(Item);

/// What the due-date index gives.
#[derive(Deserialize)]
struct DueKey {
    index: String,
}

impl Registry {
    /// Uses the table of `ESPACE_PERSONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_PERSONS_TABLE"), keys }
    }

    /// The blind index of a NIR.
    pub async fn index(&self, nir: &Nir) -> Result<BlindIndex, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        Ok(index_under(&key, nir))
    }

    /// The person of a NIR.
    pub async fn find(&self, nir: &Nir) -> Result<Option<PersonEntry>, StorageError> {
        let index = self.index(nir).await?;
        self.find_by_index(&index).await
    }

    /// The person under an index.
    pub async fn find_by_index(
        &self,
        index: &BlindIndex,
    ) -> Result<Option<PersonEntry>, StorageError> {
        let found: Option<PersonItem> = self.table.find(key(index)).await?;
        found.map(PersonEntry::try_from).transpose()
    }

    /// The one person with these traits; none where there are several, whom only the NIR
    /// tells apart.
    pub async fn find_by_traits(
        &self,
        traits: &SearchedTraits<'_>,
    ) -> Result<Option<BlindIndex>, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let (items, _) = self
            .table
            .query(Query {
                index: Some(TRAITS_INDEX),
                condition: "#traits = :traits",
                values: item([(":traits", s(traits_under(&key, traits)))]),
                start: None,
                limit: 2,
            })
            .await?;
        let found = items.into_iter().map(read::<DueKey>).collect::<Result<Vec<_>, _>>()?;
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(Some(BlindIndex::from_stored(only.index))),
            _ => Ok(None),
        }
    }

    /// Whether a person has these traits.
    pub async fn has_traits(
        &self,
        entry: &PersonEntry,
        traits: &SearchedTraits<'_>,
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let own = entry.item.traits.as_deref().unwrap_or_default();
        Ok(same_tag(own.as_bytes(), traits_under(&key, traits).as_bytes()))
    }

    /// Persons of one shard whose space is to open by `as_of`, oldest first, and
    /// where the next page begins. Those who are dealt with leave the index.
    pub async fn due(
        &self,
        shard: u8,
        as_of: Timestamp,
        after: Option<DuePage>,
        limit: i32,
    ) -> Result<(Vec<BlindIndex>, Option<DuePage>), StorageError> {
        let (items, more) = self
            .table
            .query(Query {
                index: Some(DUE_INDEX),
                condition: "#dueShard = :shard AND #dueAt <= :asOf",
                values: item([(":shard", s(due_shard(shard))), (":asOf", n(as_of.as_second()))]),
                start: after.map(|page| page.0),
                limit,
            })
            .await?;
        let keys = items.into_iter().map(read::<DueKey>).collect::<Result<Vec<_>, _>>()?;
        Ok((
            keys.into_iter().map(|key| BlindIndex::from_stored(key.index)).collect(),
            more.map(DuePage),
        ))
    }

    /// Opens the record: under the registry key before a space exists, under the
    /// space's content key after. `None` when it was reduced (opposed) or its
    /// key destroyed.
    pub async fn open_record(
        &self,
        entry: &PersonEntry,
        space_keys: &SpaceKeys,
    ) -> Result<Option<PersonRecord>, StorageError> {
        let Some(sealed) = &entry.item.record else {
            return Ok(None);
        };
        let key = match &entry.registration {
            Registration::Held { space_id } => match space_keys.content(space_id).await? {
                Some(key) => key,
                None => return Ok(None),
            },
            Registration::Invited { .. }
            | Registration::Opposed { .. }
            | Registration::Erased { .. } => self.record_key(&entry.index).await?,
        };
        sealing::open(&key, record_place(&entry.index), sealed).map(Some)
    }

    /// Opens the record under a key in hand.
    pub(crate) fn open_record_under(
        entry: &PersonEntry,
        key: &SealingKey,
    ) -> Result<Option<PersonRecord>, StorageError> {
        let sealed = entry.item.record.as_ref();
        sealed.map(|sealed| sealing::open(key, record_place(&entry.index), sealed)).transpose()
    }

    /// Persons who come of age on a day, and where the next page begins. Those
    /// who are dealt with leave the index.
    pub async fn coming_of_age(
        &self,
        day: Date,
        after: Option<DuePage>,
        limit: i32,
    ) -> Result<(Vec<BlindIndex>, Option<DuePage>), StorageError> {
        let bucket = self.majority_bucket(day).await?;
        let (items, more) = self
            .table
            .query(Query {
                index: Some(MAJORITY_INDEX),
                condition: "#majorityDay = :day",
                values: item([(":day", s(bucket))]),
                start: after.map(|page| page.0),
                limit,
            })
            .await?;
        let keys = items.into_iter().map(read::<DueKey>).collect::<Result<Vec<_>, _>>()?;
        Ok((
            keys.into_iter().map(|key| BlindIndex::from_stored(key.index)).collect(),
            more.map(DuePage),
        ))
    }

    /// Opens the record of someone who holds no space yet.
    pub async fn open_unheld_record(
        &self,
        entry: &PersonEntry,
    ) -> Result<Option<PersonRecord>, StorageError> {
        match (&entry.item.record, &entry.registration) {
            (
                Some(sealed),
                Registration::Invited { .. }
                | Registration::Opposed { .. }
                | Registration::Erased { .. },
            ) => {
                let key = self.record_key(&entry.index).await?;
                sealing::open(&key, record_place(&entry.index), sealed).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The registry key of a person's shard.
    pub(crate) async fn record_key(&self, index: &BlindIndex) -> Result<SealingKey, StorageError> {
        self.keys.sealing(KeyName::Registry(index.shard(KEY_SHARDS))).await
    }

    /// Counts a wrong try against the code whose hash is `tag`, if it is still
    /// the current one and not burnt; gives the tries so far. For someone who
    /// has no such code the same call is made and changes nothing.
    pub async fn count_wrong_try(
        &self,
        index: &BlindIndex,
        tag: &[u8],
    ) -> Result<Option<u32>, StorageError> {
        let updated = self
            .table
            .update(
                key(index),
                "ADD #codeTries :one, #version :one",
                "#code = :tag AND #codeTries < :max",
                item([(":one", n(1)), (":tag", b(tag)), (":max", n(CODE_ATTEMPTS_MAX))]),
            )
            .await?;
        let item: Option<PersonItem> = updated.map(read).transpose()?;
        Ok(item.map(|item| item.code_tries))
    }

    /// The write that replaces a person's item, refused where it has changed
    /// since it was read.
    pub(crate) fn replace_in_transaction(
        &self,
        item: PersonItem,
    ) -> Result<TransactWriteItem, StorageError> {
        let seen = item.version;
        let next = PersonItem { version: seen + 1, ..item };
        self.table.replace_in_transaction(
            &next,
            "#version = :seen",
            crate::table::item([(":seen", n(seen))]),
        )
    }

    /// The item of a person, sealed and hashed, as `transitions` writes it.
    pub(crate) async fn compose(
        &self,
        index: &BlindIndex,
        person: &InsuredPerson,
        before: Option<&PersonRecord>,
        (key, today): (&SealingKey, Date),
        random: &dyn Random,
    ) -> Result<ComposedRecord, StorageError> {
        let mac = self.keys.mac(KeyName::PersonIndex).await?;
        let record = PersonRecord {
            nir: person.nir.expose().to_owned(),
            traits: person.traits.clone(),
            contacts: person.contacts.clone(),
            card: person.card.clone(),
            representatives: person.representatives.iter().map(|r| r.expose().to_owned()).collect(),
            treating_doctor: person.treating_doctor.clone(),
            deceased_on: person.deceased_on,
            has_dmp: person.has_dmp,
            // Until the birthday's work is done, a line fed after it changes nothing.
            fed_as_minor: is_minor(person.traits.birth_date, today)
                || before.is_some_and(|before| before.awaits_majority(today)),
            former_representatives: before
                .map(|before| before.former_representatives.clone())
                .unwrap_or_default(),
            former_contacts: before
                .map(|before| before.former_contacts.clone())
                .unwrap_or_default(),
        };
        let majority = majority_on(person.traits.birth_date);
        Ok(ComposedRecord {
            majority_day: if record.fed_as_minor {
                Some(self.majority_bucket(majority).await?)
            } else {
                None
            },
            traits: traits_under(&mac, &SearchedTraits::of(&person.traits)),
            card_proof: person
                .card
                .as_ref()
                .map(|card| mac.tag(MacPurpose::Card, &card_parts(index, card)).to_vec()),
            representative_proofs: person
                .representatives
                .iter()
                .map(|nir| {
                    let representative = index_under(&mac, nir);
                    let parts = representative_parts(index, &representative);
                    serde_bytes::ByteBuf::from(mac.tag(MacPurpose::PersonIndex, &parts).to_vec())
                })
                .collect(),
            record: sealing::seal(key, record_place(index), &record, random)?,
        })
    }

    /// Seals an opened record again, under another key (a space has opened).
    pub(crate) fn reseal(
        index: &BlindIndex,
        record: &PersonRecord,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Vec<u8>, StorageError> {
        sealing::seal(key, record_place(index), record, random)
    }
}

/// What of a person is written at every feeding.
#[derive(Debug, Clone)]
pub(crate) struct ComposedRecord {
    pub(crate) card_proof: Option<Vec<u8>>,
    pub(crate) representative_proofs: Vec<serde_bytes::ByteBuf>,
    pub(crate) majority_day: Option<String>,
    pub(crate) traits: String,
    pub(crate) record: Vec<u8>,
}

impl PersonEntry {
    /// Whether a code that was shown, by its keyed hash, may still be acted on.
    pub fn accepts(&self, shown: &[u8]) -> bool {
        self.code.iter().chain(&self.side_codes).any(|code| code.stands(shown))
    }

    /// The keyed hash of their card, where they have one.
    pub fn card_proof(&self) -> Option<&[u8]> {
        self.item.card_proof.as_deref()
    }
}

impl PersonRecord {
    /// The person's number; `None` if what was sealed is not one.
    pub fn nir(&self) -> Option<Nir> {
        Nir::parse(&self.nir).ok()
    }

    /// Whether those who represented them as a minor no longer do, `on` a day.
    pub fn has_come_of_age(&self, on: Date) -> bool {
        self.fed_as_minor && !is_minor(self.traits.birth_date, on)
    }

    /// First name and name in use, as on an envelope.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.traits.first_name(), self.traits.last_name())
    }

    /// The record of someone for whom nobody acts any more, reached at `contacts`.
    pub(crate) fn grown_up(&self, contacts: &[Contact]) -> Self {
        let gone = self.contacts.iter().filter(|contact| !contacts.contains(contact));
        Self {
            representatives: Vec::new(),
            former_representatives: self.representatives.clone(),
            former_contacts: gone.cloned().collect(),
            fed_as_minor: false,
            contacts: contacts.to_vec(),
            ..self.clone()
        }
    }

    /// What a new line says of them, less those who no longer act for them and what
    /// was theirs.
    pub(crate) fn still_theirs(&self, line: &InsuredPerson) -> InsuredPerson {
        let former = |nir: &Nir| self.former_representatives.iter().any(|f| f == nir.expose());
        let mut person = line.clone();
        person.representatives.retain(|nir| !former(nir));
        person.contacts.retain(|contact| !self.former_contacts.contains(contact));
        person
    }

    /// Whether the 18th birthday has come and what it asks is still to be done.
    fn awaits_majority(&self, today: Date) -> bool {
        self.has_come_of_age(today)
    }

    /// Those who act for them.
    pub fn representatives(&self) -> impl Iterator<Item = Nir> {
        self.representatives.iter().filter_map(|nir| Nir::parse(nir).ok())
    }
}

impl StoredCode {
    /// A code just sent.
    pub fn new(tag: Vec<u8>, sent_at: Timestamp) -> Self {
        Self { tag, sent_at, expires_at: code_expires_at(sent_at), tries: 0, used_at: None }
    }

    /// Whether the code that was shown, by its keyed hash, may still be acted on.
    pub fn stands(&self, shown: &[u8]) -> bool {
        self.tag == shown && self.used_at.is_none() && !self.is_burnt()
    }

    /// Whether too many wrong tries were made.
    pub fn is_burnt(&self) -> bool {
        self.tries >= CODE_ATTEMPTS_MAX
    }
}

/// The key of a person's item.
pub(crate) fn key(index: &BlindIndex) -> Item {
    item([("index", s(index.as_str()))])
}

/// The hash key of the due-date index.
pub(crate) fn due_shard(shard: u8) -> String {
    format!("{shard:02}")
}

/// Where a record stands.
fn record_place(index: &BlindIndex) -> Place<'_> {
    Place { table: TABLE, key: index.as_str(), attribute: "record" }
}

fn traits_under(key: &MacKey, traits: &SearchedTraits<'_>) -> String {
    let born = traits.birth_date.to_string();
    let (name, first) = (comparable_name(traits.birth_name), comparable_name(traits.first_name));
    let parts = [name.as_bytes(), first.as_bytes(), born.as_bytes()];
    data_encoding::BASE64URL_NOPAD.encode(&key.tag(MacPurpose::Traits, &parts))
}

fn index_under(key: &MacKey, nir: &Nir) -> BlindIndex {
    key.index(MacPurpose::PersonIndex, INDEX_GENERATION, nir.expose())
}

/// Seconds since the epoch, as an instant.
pub(crate) fn instant(seconds: i64) -> Result<Timestamp, StorageError> {
    Timestamp::from_second(seconds).map_err(|_| StorageError::Corrupt { what: "instant" })
}
