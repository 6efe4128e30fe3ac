//! The addresses of a space's holder, sealed under the space's content key.
//! Must not know what is sent to them.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{MacKey, MacPurpose, Place, SealingKey};
use espace_domain::{
    Channel, Contact, ContactId, NotificationPreferences, ONE_TIME_CODE_VALIDITY_S, OneTimeCode,
    Random, SpaceId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::challenges::{OTP_ATTEMPTS_MAX, OtpOutcome};
use crate::sealing;
use crate::table::{Item, Query, SCHEMA, Table, b, item, n, read, s};
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "contacts";
/// Most addresses of one holder.
pub(crate) const CONTACTS_MAX: i32 = 20;

/// The table of contacts.
#[derive(Debug, Clone)]
pub struct Contacts {
    pub(crate) table: Table,
}

/// An address as found.
#[derive(Debug, Clone)]
pub struct SpaceContact {
    /// Its name.
    pub contact_id: ContactId,
    /// Since when it counts; `None` while it is not confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Whether the insurer gave it; the others the holder added.
    pub on_file: bool,
    space_id: SpaceId,
    sealed: Vec<u8>,
    otp: Option<Vec<u8>>,
    otp_expires_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactItem {
    space_id: SpaceId,
    contact_id: ContactId,
    schema: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<i64>,
    #[serde(default)]
    on_file: bool,
    #[serde(with = "serde_bytes")]
    contact: Vec<u8>,
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    otp: Option<Vec<u8>>,
    #[serde(default)]
    otp_expires_at: i64,
    #[serde(default)]
    otp_tries: u32,
}

/// A contact to be written with a new space.
#[derive(Debug)]
pub(crate) struct NewContact<'a> {
    pub(crate) contact_id: &'a ContactId,
    pub(crate) contact: &'a Contact,
    /// The keyed hash of the code sent to it, where it is not confirmed yet.
    pub(crate) otp: Option<Vec<u8>>,
    /// Whether the insurer gave it.
    pub(crate) on_file: bool,
}

impl Contacts {
    /// Uses the table of `ESPACE_CONTACTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_CONTACTS_TABLE") }
    }

    /// The addresses of a space's holder.
    pub async fn of_space(&self, space_id: &SpaceId) -> Result<Vec<SpaceContact>, StorageError> {
        let (items, _) = self
            .table
            .query(Query {
                index: None,
                condition: "#spaceId = :space",
                values: item([(":space", s(space_id.as_str()))]),
                start: None,
                limit: CONTACTS_MAX,
            })
            .await?;
        items
            .into_iter()
            .map(|item| read::<ContactItem>(item).and_then(SpaceContact::try_from))
            .collect()
    }

    /// One address.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        contact_id: &ContactId,
    ) -> Result<Option<SpaceContact>, StorageError> {
        let found: Option<ContactItem> = self.table.find(key(space_id, contact_id)).await?;
        found.map(SpaceContact::try_from).transpose()
    }

    /// The keyed hash under which a code sent to a contact is kept.
    pub fn otp_tag(mac: &MacKey, contact_id: &ContactId, otp: &OneTimeCode) -> Vec<u8> {
        mac.tag(MacPurpose::OneTimeCode, &otp_parts(contact_id, otp)).to_vec()
    }

    /// Tries a code: the address counts from then on if it is right. A wrong
    /// try is counted, and five end it.
    pub async fn confirm(
        &self,
        found: &SpaceContact,
        otp: &OneTimeCode,
        mac: &MacKey,
        now: Timestamp,
    ) -> Result<OtpOutcome, StorageError> {
        let Some(tag) = found.otp.clone() else {
            return Ok(OtpOutcome::Over);
        };
        if now.as_second() >= found.otp_expires_at {
            return Ok(OtpOutcome::Over);
        }
        let key = key(&found.space_id, &found.contact_id);
        let parts = otp_parts(&found.contact_id, otp);
        if !mac.matches(MacPurpose::OneTimeCode, &parts, &tag) {
            let counted = self
                .table
                .update(
                    key,
                    "ADD #otpTries :one",
                    "#otp = :tag AND #otpTries < :max",
                    item([(":one", n(1)), (":tag", b(tag)), (":max", n(OTP_ATTEMPTS_MAX))]),
                )
                .await?;
            return Ok(if counted.is_some() { OtpOutcome::Wrong } else { OtpOutcome::Over });
        }
        let confirmed = self
            .table
            .update(
                key,
                "SET #confirmedAt = :now REMOVE #otp",
                "#otp = :tag AND #otpTries < :max",
                item([
                    (":now", n(now.as_second())),
                    (":tag", b(tag)),
                    (":max", n(OTP_ATTEMPTS_MAX)),
                ]),
            )
            .await?;
        Ok(if confirmed.is_some() { OtpOutcome::Right } else { OtpOutcome::Over })
    }

    /// Counts an address from now on: a code sent to it came back by a login.
    pub async fn confirm_by_login(
        &self,
        space_id: &SpaceId,
        contact_id: &ContactId,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.table
            .update(
                key(space_id, contact_id),
                "SET #confirmedAt = if_not_exists(#confirmedAt, :now) REMOVE #otp",
                "attribute_exists(#contactId)",
                item([(":now", n(now.as_second()))]),
            )
            .await
            .map(|_| ())
    }

    /// The write of a fresh code for an address that does not count yet, refused
    /// where it counts or its last code is younger than `delay_s`.
    pub(crate) fn renew_otp_in_transaction(
        &self,
        contact: &SpaceContact,
        otp: Vec<u8>,
        delay_s: i64,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        let expires = now.as_second() + ONE_TIME_CODE_VALIDITY_S;
        self.table.update_in_transaction(
            key(&contact.space_id, &contact.contact_id),
            "SET #otp = :otp, #otpExpiresAt = :expires, #otpTries = :none",
            "attribute_exists(#contactId) AND attribute_not_exists(#confirmedAt) \
             AND #otpExpiresAt <= :latest",
            item([
                (":otp", b(otp)),
                (":expires", n(expires)),
                (":none", n(0)),
                (":latest", n(expires - delay_s)),
            ]),
        )
    }

    /// The write that removes an address.
    pub(crate) fn delete_in_transaction(
        &self,
        contact: &SpaceContact,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.delete_in_transaction(
            key(&contact.space_id, &contact.contact_id),
            "attribute_exists(#contactId)",
        )
    }

    /// The write of a new address.
    pub(crate) fn put_in_transaction(
        &self,
        space_id: &SpaceId,
        new: &NewContact<'_>,
        space_key: &SealingKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let place = place(new.contact_id);
        let stored = ContactItem {
            space_id: space_id.clone(),
            contact_id: new.contact_id.clone(),
            schema: SCHEMA,
            confirmed_at: new.otp.is_none().then(|| now.as_second()),
            on_file: new.on_file,
            contact: sealing::seal(space_key, place, new.contact, random)?,
            otp: new.otp.clone(),
            otp_expires_at: now.as_second() + ONE_TIME_CODE_VALIDITY_S,
            otp_tries: 0,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#contactId)")
    }
}

/// The addresses to which word goes, as their holder chose: all, or a safe one that is still
/// confirmed.
pub fn told(
    mut contacts: Vec<SpaceContact>,
    chosen: &NotificationPreferences,
) -> Vec<SpaceContact> {
    let confirmed = contacts.iter().filter(|contact| contact.confirmed_at.is_some());
    let chosen = chosen.beside(confirmed.map(|contact| &contact.contact_id));
    contacts.retain(|contact| chosen.is_told(&contact.contact_id));
    contacts
}

impl Contacts {
    /// The addresses of a space that get word of a change, opened.
    pub async fn told(
        &self,
        space_id: &SpaceId,
        key: &SealingKey,
    ) -> Result<Vec<Contact>, StorageError> {
        let mut known = Vec::new();
        for found in self.of_space(space_id).await? {
            let contact = found.open(key)?;
            known.push((found, contact));
        }
        Ok(told_of_changes(&known).cloned().collect())
    }
}

/// The addresses that get word of a change of the space or of what opens it, whatever their
/// holder chose: the electronic ones that count, paper where there is no other.
pub fn told_of_changes(known: &[(SpaceContact, Contact)]) -> impl Iterator<Item = &Contact> {
    let counts = |found: &SpaceContact| found.confirmed_at.is_some();
    let is_paper = |contact: &Contact| contact.channel() == Channel::Letter;
    let has_electronic = known.iter().any(|(found, contact)| counts(found) && !is_paper(contact));
    known
        .iter()
        .filter(move |(found, contact)| counts(found) && (!is_paper(contact) || !has_electronic))
        .map(|(_, contact)| contact)
}

impl SpaceContact {
    /// Whether the code last sent to it can still be answered.
    pub fn awaits_code(&self, now: Timestamp) -> bool {
        self.otp.is_some() && now.as_second() < self.otp_expires_at
    }

    /// Opens the address.
    pub fn open(&self, space_key: &SealingKey) -> Result<Contact, StorageError> {
        sealing::open(space_key, place(&self.contact_id), &self.sealed)
    }
}

fn key(space_id: &SpaceId, contact_id: &ContactId) -> Item {
    item([("spaceId", s(space_id.as_str())), ("contactId", s(contact_id.as_str()))])
}

fn otp_parts<'a>(contact_id: &'a ContactId, otp: &'a OneTimeCode) -> [&'a [u8]; 3] {
    [b"contact", contact_id.as_str().as_bytes(), otp.expose().as_bytes()]
}

/// Where an address stands. The contact's name is unique across spaces.
fn place(contact_id: &ContactId) -> Place<'_> {
    Place { table: TABLE, key: contact_id.as_str(), attribute: "contact" }
}

impl TryFrom<ContactItem> for SpaceContact {
    type Error = StorageError;

    fn try_from(stored: ContactItem) -> Result<Self, StorageError> {
        Ok(Self {
            contact_id: stored.contact_id,
            confirmed_at: stored.confirmed_at.map(crate::registry::instant).transpose()?,
            on_file: stored.on_file,
            space_id: stored.space_id,
            sealed: stored.contact,
            otp: stored.otp,
            otp_expires_at: stored.otp_expires_at,
        })
    }
}
