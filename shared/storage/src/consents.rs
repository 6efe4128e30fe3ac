//! What a holder chose about professionals: ties, blocks, care teams, emergencies, and
//! the code that proves presence. One item each, sealed under the space's content key,
//! under names that tell nothing. Must not know what a choice leads to.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use espace_crypto::{Place, SealingKey};
use espace_domain::decision::EmergencyChoices;
use espace_domain::{
    Assistance, Block, CareTeam, Caregiver, ClosureAsked, HeirClaim, NotificationPreferences,
    Random, Rule, SpaceId, Tie,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::table::{Item, Query, SCHEMA, Table, b, item, n, read, s};
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "consents";
/// Under what name the choices about emergencies stand.
pub(crate) const CHOICES: &str = "chosen.emergencies";
/// Under what name the wishes about being told stand.
const NOTIFICATIONS: &str = "chosen.notifications";
/// Under what name stands that one of two representatives asked to close the space.
const CLOSURE: &str = "chosen.closure";
/// Under what name the presence code stands.
const PRESENCE: &str = "presence";
/// Before the names of what a holder chose: what piles up by others' doing (reasons given
/// in emergencies) is not listed with it.
pub(crate) const CHOSEN: &str = "chosen.";
/// Before the names of reasons given in emergencies.
const EMERGENCY: &str = "emergency.";
/// Most choices of one space.
const CHOICES_MAX: usize = 10_000;
/// Items asked for at once.
const PAGE: i32 = 500;
/// Wrong tries after which a presence code serves one professional no more.
pub const PRESENCE_TRIES_MAX: u32 = 5;
/// Wrong tries by anyone after which it serves nobody: one guess in 40,000 succeeds.
const PRESENCE_TRIES_IN_ALL_MAX: u32 = 25;

/// The table of consents.
#[derive(Debug, Clone)]
pub struct Consents {
    pub(crate) table: Table,
}

/// An item as read: still sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedChoice {
    space_id: SpaceId,
    pub(crate) entry: String,
    schema: u8,
    version: u64,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// What was opened, and what a write of it must have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The choice.
    pub value: T,
    /// Counts its writes; `None` where it was never written.
    pub version: Option<u64>,
}

/// What an item may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Choice {
    /// A professional who was let in, or has come.
    Tie(Tie),
    /// A professional who is kept out.
    Block(Block),
    /// Those of a structure who were let in.
    Team(CareTeam),
    /// One document shown to, or hidden from, one professional.
    Rule(Rule),
    /// What is allowed in emergencies.
    Emergencies(EmergencyChoices),
    /// Who helps, or was asked to.
    Caregiver(Caregiver),
    /// A helper by profession, for an hour.
    Assistance(Assistance),
    /// Of what the holder wishes to be told.
    Notifications(NotificationPreferences),
    /// That one of two representatives asked to close the space.
    Closure(ClosureAsked),
    /// What an agent found of an heir's claim.
    Heir(HeirClaim),
    /// What an heir was admitted on.
    Admission(HeirAdmission),
    /// Why someone came in an emergency.
    Emergency(EmergencyAccess),
}

/// What an heir was admitted on: what both agents found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeirAdmission {
    /// What the first agent found.
    pub first: Option<HeirClaim>,
    /// What the second did.
    pub second: HeirClaim,
    /// Until when a copy could be asked for.
    pub until: Timestamp,
}

/// Why someone came in an emergency. The written reason may say how the holder is: it
/// stands here under the content key, never in a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyAccess {
    /// The access it opened.
    pub access_id: espace_domain::AccessId,
    /// Who.
    pub rpps: String,
    /// Their name.
    pub name: String,
    /// The written reason.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Consents {
    /// Uses the table of `ESPACE_CONSENTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_CONSENTS_TABLE") }
    }

    /// Every choice of a space, with the name it stands under.
    pub async fn list(
        &self,
        space_id: &SpaceId,
        key: &SealingKey,
    ) -> Result<Vec<(String, Versioned<Choice>)>, StorageError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = Query {
                index: None,
                condition: "#spaceId = :space AND begins_with(#entry, :chosen)",
                values: item([(":space", s(space_id.as_str())), (":chosen", s(CHOSEN))]),
                start,
                limit: PAGE,
            };
            let (items, next) = self.table.query(query).await?;
            for stored in items {
                let sealed: SealedChoice = read(stored)?;
                let version = Some(sealed.version);
                let value = sealed.open(key)?;
                found.push((sealed.entry, Versioned { value, version }));
            }
            start = next;
            if start.is_none() {
                return Ok(found);
            }
            if found.len() >= CHOICES_MAX {
                // Cut off in silence, a block would be overlooked.
                return Err(StorageError::Contended { what: "more choices than are listed" });
            }
        }
    }

    /// Whether anything stands under a name.
    pub async fn is_there(&self, space_id: &SpaceId, entry: &str) -> Result<bool, StorageError> {
        let found: Option<SealedChoice> = self.table.find(key(space_id, entry)).await?;
        Ok(found.is_some())
    }

    /// Of some names, the spaces in which something stands under them.
    pub async fn those_there(
        &self,
        named: &[(SpaceId, String)],
    ) -> Result<HashSet<SpaceId>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            space_id: SpaceId,
        }
        let mut keys: Vec<Item> = Vec::new();
        for (space_id, entry) in named {
            let key = key(space_id, entry);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let found = self.table.batch(keys).await?;
        found.into_iter().map(|item| read::<Found>(item).map(|found| found.space_id)).collect()
    }

    /// The write of a choice under a name, refused where it was written since it was
    /// read.
    pub fn put(
        &self,
        space_id: &SpaceId,
        entry: &str,
        choice: &Versioned<Choice>,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let place = format!("{}.{entry}", space_id.as_str());
        let stored = SealedChoice {
            space_id: space_id.clone(),
            entry: entry.to_owned(),
            schema: SCHEMA,
            version: choice.version.map_or(0, |version| version + 1),
            details: sealing::seal(key, details_place(&place), &choice.value, random)?,
        };
        let part = match choice.version {
            None => self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?,
            Some(seen) => {
                let values = item([(":seen", n(seen))]);
                self.table.replace_in_transaction(&stored, "#version = :seen", values)?
            }
        };
        Ok(Change::new("choice", part))
    }

    /// The write that removes what stands under a name.
    pub fn remove(&self, space_id: &SpaceId, entry: &str) -> Result<Change, StorageError> {
        let part = self.table.delete_in_transaction(key(space_id, entry), "")?;
        Ok(Change::new("choice", part))
    }

    /// The same, refused where it was written or removed since it was read.
    pub fn remove_seen(
        &self,
        space_id: &SpaceId,
        entry: &str,
        version: Option<u64>,
    ) -> Result<Change, StorageError> {
        let values = item([(":seen", n(version.unwrap_or(0)))]);
        let key = key(space_id, entry);
        let part = self.table.delete_if_in_transaction(key, "#version = :seen", values)?;
        Ok(Change::new("choice", part))
    }

    /// Why someone came in an emergency, where that was written down.
    pub async fn emergency(
        &self,
        space_id: &SpaceId,
        access_id: &espace_domain::AccessId,
        content_key: &SealingKey,
    ) -> Result<Option<EmergencyAccess>, StorageError> {
        let entry = Self::emergency_entry(access_id);
        let found: Option<SealedChoice> = self.table.find(key(space_id, &entry)).await?;
        let choice = found.map(|sealed| sealed.open(content_key)).transpose()?;
        Ok(choice.and_then(|choice| match choice {
            Choice::Emergency(emergency) => Some(emergency),
            _ => None,
        }))
    }

    /// What one of two representatives asked, with what a write of it must have seen.
    pub async fn closure(
        &self,
        space_id: &SpaceId,
        content_key: &SealingKey,
    ) -> Result<Option<Versioned<ClosureAsked>>, StorageError> {
        let found: Option<SealedChoice> = self.table.find(key(space_id, CLOSURE)).await?;
        let choice = found.map(|sealed| sealed.versioned::<Choice>(content_key)).transpose()?;
        Ok(choice.and_then(|found| {
            found.map(|choice| match choice {
                Choice::Closure(asked) => Some(asked),
                _ => None,
            })
        }))
    }

    /// What an agent found of an heir's claim, with what a write of it must have seen.
    pub async fn heir(
        &self,
        space_id: &SpaceId,
        entry: &str,
        content_key: &SealingKey,
    ) -> Result<Option<Versioned<HeirClaim>>, StorageError> {
        let found: Option<SealedChoice> = self.table.find(key(space_id, entry)).await?;
        let choice = found.map(|sealed| sealed.versioned::<Choice>(content_key)).transpose()?;
        Ok(choice.and_then(|found| {
            found.map(|choice| match choice {
                Choice::Heir(claim) => Some(claim),
                _ => None,
            })
        }))
    }

    /// The name of what one of two representatives asked.
    pub fn closure_entry() -> &'static str {
        CLOSURE
    }

    /// The name of an emergency's reason.
    pub fn emergency_entry(access_id: &espace_domain::AccessId) -> String {
        format!("{EMERGENCY}{access_id}")
    }

    /// The name of the choices about emergencies.
    pub fn choices_entry() -> &'static str {
        CHOICES
    }

    /// Of what a holder wishes to be told.
    pub async fn notifications(
        &self,
        space_id: &SpaceId,
        content_key: &SealingKey,
    ) -> Result<NotificationPreferences, StorageError> {
        Ok(self.chosen_notifications(space_id, content_key).await?.value)
    }

    /// The same, with what a write of it must have seen.
    pub async fn chosen_notifications(
        &self,
        space_id: &SpaceId,
        content_key: &SealingKey,
    ) -> Result<Versioned<NotificationPreferences>, StorageError> {
        let found: Option<SealedChoice> = self.table.find(key(space_id, NOTIFICATIONS)).await?;
        let choice = found.map(|sealed| sealed.versioned::<Choice>(content_key)).transpose()?;
        let chosen = choice.and_then(|found| {
            found.map(|choice| match choice {
                Choice::Notifications(chosen) => Some(chosen),
                _ => None,
            })
        });
        let default = Versioned { value: NotificationPreferences::default(), version: None };
        Ok(chosen.unwrap_or(default))
    }

    /// The name of the wishes about being told.
    pub fn notifications_entry() -> &'static str {
        NOTIFICATIONS
    }

    /// The write of a presence code's keyed hash, in place of the one before.
    pub fn put_presence(
        &self,
        space_id: &SpaceId,
        tag: &[u8],
        expires_at: Timestamp,
    ) -> Result<Change, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Presence<'a> {
            space_id: &'a SpaceId,
            entry: &'a str,
            schema: u8,
            #[serde(with = "serde_bytes")]
            tag: &'a [u8],
            tries: u32,
            expires_at: i64,
        }
        let expires_at = expires_at.as_second();
        let entry = PRESENCE;
        let stored = Presence { space_id, entry, schema: SCHEMA, tag, tries: 0, expires_at };
        Ok(Change::new("presence", self.table.put_in_transaction(&stored, "")?))
    }

    /// Claims one try of a space's presence code for `who`, then says whether `tag` is its
    /// keyed hash: many tries at once have no more than the few there are, and one
    /// professional cannot use up another's. Where there is no code the same call is made.
    pub async fn try_presence(
        &self,
        space_id: &SpaceId,
        who: &str,
        tag: &[u8],
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(with = "serde_bytes")]
            tag: Vec<u8>,
        }
        // An attribute of their own, of letters and digits alone.
        let own: String = who.chars().filter(char::is_ascii_alphanumeric).collect();
        let claimed = self
            .table
            .update(
                key(space_id, PRESENCE),
                &format!("ADD #tries :one, #by{own} :one"),
                &format!(
                    "#tries < :max AND #expiresAt > :now \
                     AND (attribute_not_exists(#by{own}) OR #by{own} < :own)"
                ),
                item([
                    (":one", n(1)),
                    (":own", n(PRESENCE_TRIES_MAX)),
                    (":max", n(PRESENCE_TRIES_IN_ALL_MAX)),
                    (":now", n(now.as_second())),
                ]),
            )
            .await?;
        let found: Option<Found> = claimed.map(read).transpose()?;
        Ok(found.is_some_and(|found| espace_crypto::same_tag(&found.tag, tag)))
    }

    /// The write that uses a presence code up.
    pub fn use_presence(&self, space_id: &SpaceId, tag: &[u8]) -> Result<Change, StorageError> {
        let part = self.table.delete_if_in_transaction(
            key(space_id, PRESENCE),
            "#tag = :tag",
            item([(":tag", b(tag))]),
        )?;
        Ok(Change::new("presence", part))
    }
}

impl<T> Versioned<T> {
    /// The same version of what `read` finds in it.
    pub fn map<U>(self, read: impl FnOnce(T) -> Option<U>) -> Option<Versioned<U>> {
        let version = self.version;
        read(self.value).map(|value| Versioned { value, version })
    }
}

impl SealedChoice {
    /// Opens it under the content key.
    pub fn open<T: DeserializeOwned>(&self, key: &SealingKey) -> Result<T, StorageError> {
        let place = format!("{}.{}", self.space_id.as_str(), self.entry);
        sealing::open(key, details_place(&place), &self.details)
    }

    /// Opens it, with what a write of it must have seen.
    pub fn versioned<T: DeserializeOwned>(
        &self,
        key: &SealingKey,
    ) -> Result<Versioned<T>, StorageError> {
        Ok(Versioned { value: self.open(key)?, version: Some(self.version) })
    }
}

/// The key of an item.
pub(crate) fn key(space_id: &SpaceId, entry: &str) -> Item {
    item([("spaceId", s(space_id.as_str())), ("entry", AttributeValue::S(entry.to_owned()))])
}

/// Where the details stand.
fn details_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "details" }
}
