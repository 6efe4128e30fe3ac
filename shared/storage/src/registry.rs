//! The insured persons as the insurer feeds them: found by blind index, their
//! record sealed under a registry key until a space exists, under the space's
//! content key from then on. Must not know how they were fed nor who asks.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{BlindIndex, MacKey, MacPurpose, Place, SealingKey};
use espace_domain::{
    CODE_ATTEMPTS_MAX, CampaignId, Card, Contact, InsuredPerson, InvitationCode, Nir,
    OppositionChannel, OppositionId, Random, Registration, SpaceId, Traits, code_expires_at,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

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

/// The table of persons, and the keys to find and open them.
#[derive(Debug, Clone)]
pub struct Registry {
    pub(crate) table: Table,
    keys: Arc<SystemKeys>,
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
}

/// Where a page of due persons ends.
#[derive(Debug)]
pub struct DuePage(Item);

/// What the due-date index gives.
#[derive(Deserialize)]
struct DueKey {
    index: String,
}

/// The item of a person. Keyed hashes and the sealed record aside, only ids,
/// state and instants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonItem {
    pub(crate) index: String,
    pub(crate) schema: u8,
    pub(crate) version: u64,
    #[serde(flatten)]
    pub(crate) state: StateItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<i64>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Vec<u8>>,
    #[serde(default)]
    pub(crate) code_sent_at: i64,
    #[serde(default)]
    pub(crate) code_expires_at: i64,
    #[serde(default)]
    pub(crate) code_tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code_used_at: Option<i64>,
    pub(crate) fed: FedFrom,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) card_proof: Option<Vec<u8>>,
    #[serde(default)]
    pub(crate) representative_proofs: Vec<serde_bytes::ByteBuf>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Vec<u8>>,
}

/// The registration as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum StateItem {
    Invited { sent_at: i64 },
    Opposed { opposed_at: i64, opposed_by: OppositionChannel, opposition_id: OppositionId },
    Held { space_id: SpaceId },
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
            Registration::Invited { .. } | Registration::Opposed { .. } => {
                self.record_key(&entry.index).await?
            }
        };
        sealing::open(&key, record_place(&entry.index), sealed).map(Some)
    }

    /// Opens the record of someone who holds no space yet.
    pub async fn open_unheld_record(
        &self,
        entry: &PersonEntry,
    ) -> Result<Option<PersonRecord>, StorageError> {
        match (&entry.item.record, &entry.registration) {
            (Some(sealed), Registration::Invited { .. } | Registration::Opposed { .. }) => {
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

    /// The keyed hash under which a code is kept.
    pub async fn code_tag(
        &self,
        index: &BlindIndex,
        code: &InvitationCode,
    ) -> Result<Vec<u8>, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let parts = [index.as_str().as_bytes(), code.expose().as_bytes()];
        Ok(key.tag(MacPurpose::InvitationCode, &parts).to_vec())
    }

    /// Whether `code` is the one last sent, in constant time. For nobody, the
    /// same work against a tag that nothing matches.
    pub async fn code_matches(
        &self,
        index: &BlindIndex,
        entry: Option<&PersonEntry>,
        code: &InvitationCode,
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let parts = [index.as_str().as_bytes(), code.expose().as_bytes()];
        let stored = entry.and_then(|e| e.code.as_ref());
        let tag = stored.map_or([0; 32].as_slice(), |code| code.tag.as_slice());
        Ok(key.matches(MacPurpose::InvitationCode, &parts, tag) && stored.is_some())
    }

    /// Whether `card` is the person's, in constant time.
    pub async fn card_matches(
        &self,
        index: &BlindIndex,
        entry: Option<&PersonEntry>,
        card: &Card,
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let tag = entry.and_then(|e| e.item.card_proof.as_deref());
        let matches =
            key.matches(MacPurpose::Card, &card_parts(index, card), tag.unwrap_or(&[0; 32]));
        Ok(matches && tag.is_some())
    }

    /// Whether `representative` may act for the person, by keyed hash.
    pub async fn represents(
        &self,
        representative: &BlindIndex,
        entry: &PersonEntry,
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let parts = representative_parts(&entry.index, representative);
        Ok(entry
            .item
            .representative_proofs
            .iter()
            .any(|tag| key.matches(MacPurpose::PersonIndex, &parts, tag)))
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
        key: &SealingKey,
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
        };
        Ok(ComposedRecord {
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
    pub(crate) record: Vec<u8>,
}

impl PersonRecord {
    /// The person's number; `None` if what was sealed is not one.
    pub fn nir(&self) -> Option<Nir> {
        Nir::parse(&self.nir).ok()
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

fn index_under(key: &MacKey, nir: &Nir) -> BlindIndex {
    key.index(MacPurpose::PersonIndex, INDEX_GENERATION, nir.expose())
}

fn card_parts<'a>(index: &'a BlindIndex, card: &'a Card) -> [&'a [u8]; 3] {
    let card_type: &[u8] = match card.card_type {
        espace_domain::CardType::Photo => b"photo",
        espace_domain::CardType::NoPhoto => b"noPhoto",
    };
    [index.as_str().as_bytes(), card_type, card.serial.expose().as_bytes()]
}

fn representative_parts<'a>(person: &'a BlindIndex, by: &'a BlindIndex) -> [&'a [u8]; 3] {
    [b"represents", person.as_str().as_bytes(), by.as_str().as_bytes()]
}

/// Seconds since the epoch, as an instant.
pub(crate) fn instant(seconds: i64) -> Result<Timestamp, StorageError> {
    Timestamp::from_second(seconds).map_err(|_| StorageError::Corrupt { what: "instant" })
}

impl TryFrom<PersonItem> for PersonEntry {
    type Error = StorageError;

    fn try_from(item: PersonItem) -> Result<Self, StorageError> {
        let mut receipt = None;
        let registration = match &item.state {
            StateItem::Invited { sent_at } => Registration::Invited { sent_at: instant(*sent_at)? },
            StateItem::Opposed { opposed_at, opposed_by, opposition_id } => {
                receipt = Some(opposition_id.clone());
                Registration::Opposed { at: instant(*opposed_at)?, channel: *opposed_by }
            }
            StateItem::Held { space_id } => Registration::Held { space_id: space_id.clone() },
        };
        let code = item
            .code
            .clone()
            .map(|tag| {
                Ok::<_, StorageError>(StoredCode {
                    tag,
                    sent_at: instant(item.code_sent_at)?,
                    expires_at: instant(item.code_expires_at)?,
                    tries: item.code_tries,
                    used_at: item.code_used_at.map(instant).transpose()?,
                })
            })
            .transpose()?;
        Ok(Self {
            index: BlindIndex::from_stored(item.index.clone()),
            registration,
            version: item.version,
            code,
            fed: item.fed.clone(),
            opposition_id: receipt,
            item,
        })
    }
}
