//! Who acts in whose space: a representative's own space beside that of the child or
//! protected adult, a caregiver's beside that of whom they help. Must not know what each may
//! do.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{Place, SealingKey};
use espace_domain::{CaregiverId, Inheritance, Random, SpaceId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::table::{Item, Query, SCHEMA, Table, b, item, n, read, s};
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "representations";
/// The index by the represented person's space.
const PERSON_INDEX: &str = "person";
/// Most spaces that one person holds for others: a professional guardian has some
/// tens.
pub const DEPENDANTS_MAX: i32 = 500;

/// The table of representations.
#[derive(Debug, Clone)]
pub struct Representations {
    pub(crate) table: Table,
}

/// What one is to the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkKind {
    /// Their legal representative.
    #[default]
    Representative,
    /// Their caregiver, or asked to be.
    Caregiver,
    /// Admitted to what they left.
    Heir,
}

/// One representation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Representation {
    /// The representative's own space.
    pub representative: SpaceId,
    /// The represented person's space.
    pub person: SpaceId,
    /// What one is to the other.
    #[serde(default)]
    pub kind: LinkKind,
    schema: u8,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    since: Timestamp,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// What of a representation is sealed, under the representative's content key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepresentationDetails {
    /// The represented person's first name.
    pub first_name: String,
    /// The day it ends by itself: majority. `None` for a protected adult.
    pub until: Option<Date>,
    /// Of a caregiver: the invitation and its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub care: Option<Care>,
    /// Of an heir: what they were admitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inheritance: Option<Inheritance>,
}

/// A caregiver's side of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Care {
    /// The invitation.
    pub caregiver_id: CaregiverId,
    /// When it came.
    pub invited_at: Timestamp,
    /// Whether they accepted.
    pub accepted: bool,
}

impl RepresentationDetails {
    /// Whether the representation still holds on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.until.is_none_or(|until| day < until)
    }
}

impl Representations {
    /// Uses the table of `ESPACE_REPRESENTATIONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_REPRESENTATIONS_TABLE") }
    }

    /// Those for whom a holder acts, whatever they are to them.
    pub async fn of_holder(&self, own: &SpaceId) -> Result<Vec<Representation>, StorageError> {
        self.list(None, "#representative = :space", own).await
    }

    /// Those whom a holder helps, or was asked to.
    pub async fn of_caregiver(
        &self,
        caregiver: &SpaceId,
    ) -> Result<Vec<Representation>, StorageError> {
        let mut found = self.of_holder(caregiver).await?;
        found.retain(|link| link.kind == LinkKind::Caregiver);
        Ok(found)
    }

    /// Those who have a space in hand beside its holder.
    pub async fn of_person(&self, person: &SpaceId) -> Result<Vec<Representation>, StorageError> {
        self.list(Some(PERSON_INDEX), "#person = :space", person).await
    }

    async fn list(
        &self,
        index: Option<&str>,
        condition: &str,
        space_id: &SpaceId,
    ) -> Result<Vec<Representation>, StorageError> {
        let values = item([(":space", s(space_id.as_str()))]);
        let query = Query { index, condition, values, start: None, limit: DEPENDANTS_MAX };
        let (items, _) = self.table.query(query).await?;
        items.into_iter().map(read).collect()
    }

    /// The representation of one by the other.
    pub async fn find(
        &self,
        representative: &SpaceId,
        person: &SpaceId,
    ) -> Result<Option<Representation>, StorageError> {
        self.table.find(key(representative, person)).await
    }

    /// The write of a new representation; writing it again changes nothing.
    pub(crate) fn put_in_transaction(
        &self,
        representative: &SpaceId,
        person: &SpaceId,
        details: &RepresentationDetails,
        representative_key: &SealingKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let stored = Representation {
            representative: representative.clone(),
            person: person.clone(),
            kind: LinkKind::Representative,
            schema: SCHEMA,
            since: now,
            details: sealing::seal(representative_key, place(person), details, random)?,
        };
        self.table.put_in_transaction(&stored, "")
    }

    /// The write of an invitation to help, in place of one that is over; refused where one
    /// acts for the other otherwise.
    pub fn invite(
        &self,
        (helper, person): (&SpaceId, &SpaceId),
        before: Option<&Representation>,
        details: &RepresentationDetails,
        (helper_key, now, random): (&SealingKey, Timestamp, &dyn Random),
    ) -> Result<Change, StorageError> {
        let stored = Representation {
            representative: helper.clone(),
            person: person.clone(),
            kind: LinkKind::Caregiver,
            schema: SCHEMA,
            since: now,
            details: sealing::seal(helper_key, place(person), details, random)?,
        };
        let part = match before {
            None => self.table.put_in_transaction(&stored, "attribute_not_exists(#person)")?,
            Some(before) => {
                // What was left to them stands in nobody's way.
                let is_heirs = before.kind == LinkKind::Heir;
                let kind = if is_heirs { "heir" } else { "caregiver" };
                let values = item([(":kind", s(kind)), (":since", n(before.since.as_second()))]);
                let condition = "#kind = :kind AND #since = :since";
                self.table.replace_in_transaction(&stored, condition, values)?
            }
        };
        Ok(Change::new("link", part))
    }

    /// The write by which an heir is admitted, in place of whatever they were to the dead.
    pub fn admit(
        &self,
        (heir, person): (&SpaceId, &SpaceId),
        details: &RepresentationDetails,
        (heir_key, now, random): (&SealingKey, Timestamp, &dyn Random),
    ) -> Result<Change, StorageError> {
        let stored = Representation {
            representative: heir.clone(),
            person: person.clone(),
            kind: LinkKind::Heir,
            schema: SCHEMA,
            since: now,
            details: sealing::seal(heir_key, place(person), details, random)?,
        };
        Ok(Change::new("link", self.table.put_in_transaction(&stored, "")?))
    }

    /// The write by which a caregiver accepts; refused where the invitation is gone.
    pub fn accept(
        &self,
        link: &Representation,
        details: &RepresentationDetails,
        helper_key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let sealed = sealing::seal(helper_key, place(&link.person), details, random)?;
        let part = self.table.update_in_transaction(
            key(&link.representative, &link.person),
            "SET #details = :details",
            "#kind = :caregiver",
            item([(":details", b(sealed)), (":caregiver", s("caregiver"))]),
        )?;
        Ok(Change::new("link", part))
    }

    /// The write that ends a caregiver's link, where there still is one.
    pub fn end_care(&self, helper: &SpaceId, person: &SpaceId) -> Result<Change, StorageError> {
        let part = self.table.delete_if_in_transaction(
            key(helper, person),
            "attribute_not_exists(#person) OR #kind = :caregiver",
            item([(":caregiver", s("caregiver"))]),
        )?;
        Ok(Change::new("link", part))
    }

    /// The write that ends a representation.
    pub(crate) fn delete_in_transaction(
        &self,
        representation: &Representation,
    ) -> Result<TransactWriteItem, StorageError> {
        let key = key(&representation.representative, &representation.person);
        self.table.delete_in_transaction(key, "")
    }
}

impl Representation {
    /// Opens what is sealed, under the representative's content key.
    pub fn open(&self, key: &SealingKey) -> Result<RepresentationDetails, StorageError> {
        sealing::open(key, place(&self.person), &self.details)
    }
}

/// The key of a representation.
pub(crate) fn key(representative: &SpaceId, person: &SpaceId) -> Item {
    item([("representative", s(representative.as_str())), ("person", s(person.as_str()))])
}

/// Where the details stand. Two representatives of one person seal under keys of
/// their own.
fn place(person: &SpaceId) -> Place<'_> {
    Place { table: TABLE, key: person.as_str(), attribute: "details" }
}
