//! Emergency accesses waiting for two pairs of eyes: who came, when and why sealed under a
//! key of their own, that the reviewers' function opens without any space's key. Must not
//! know who reviews.

use std::sync::Arc;

use espace_crypto::{Place, SealingKey};
use espace_domain::decision::AccessMode;
use espace_domain::{AccessId, Random, Review, ReviewState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, Query, SCHEMA, Table, b, item, n, read, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys, sealing};

/// The logical name in sealed places.
const TABLE: &str = "emergency-reviews";
/// The index of what is to be looked at, and of what was.
const QUEUE_INDEX: &str = "queue";
/// Seconds for which a closed review is kept: ten years, as the traces.
const KEPT_S: i64 = 10 * 366 * 86_400;

/// The table of emergency accesses under review.
#[derive(Debug, Clone)]
pub struct Reviews {
    table: Table,
    keys: Arc<SystemKeys>,
}

/// An emergency access under review.
#[derive(Debug, Clone)]
pub struct EmergencyReview {
    /// The access.
    pub access_id: AccessId,
    /// Documents read in it so far.
    pub reads: u32,
    /// Documents deposited in it so far.
    pub deposits: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Who came, and why.
    pub details: EmergencyDetails,
    /// What agents found.
    pub reviews: Vec<Review>,
    version: u64,
}

/// Who came in an emergency, and why. It names no patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyDetails {
    /// RPPS number.
    pub rpps: String,
    /// Name.
    pub name: Option<String>,
    /// The profession's code.
    pub profession: Option<String>,
    /// The structure they came from.
    pub structure: Option<String>,
    /// How.
    pub mode: AccessMode,
    /// The written reason; gone once two agents have looked.
    pub reason: Option<String>,
}

/// Where a page ends.
#[derive(Debug)]
pub struct ReviewPage(Item);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewItem {
    access_id: AccessId,
    #[serde(default)]
    version: u64,
    /// `open` until two have looked, then `closed`. Empty where only what was read has been
    /// counted yet: acts are followed up in any order.
    #[serde(default)]
    queue: String,
    #[serde(default)]
    opened_at: i64,
    #[serde(default)]
    ends_at: i64,
    #[serde(default)]
    reads: u32,
    #[serde(default)]
    deposits: u32,
    #[serde(default, with = "serde_bytes")]
    details: Vec<u8>,
    #[serde(default, with = "serde_bytes")]
    reviews: Vec<u8>,
}

impl Reviews {
    /// Uses the table of `ESPACE_EMERGENCY_REVIEWS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_EMERGENCY_REVIEWS_TABLE"), keys }
    }

    /// The write of an access to be looked at.
    pub async fn put(
        &self,
        access_id: &AccessId,
        (opened_at, ends_at): (Timestamp, Timestamp),
        details: &EmergencyDetails,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let key = self.keys.sealing(KeyName::Review).await?;
        let none: Vec<Review> = Vec::new();
        let details = sealing::seal(&key, place(access_id, "details"), details, random)?;
        let reviews = sealing::seal(&key, place(access_id, "reviews"), &none, random)?;
        let part = self.table.update_in_transaction(
            self::key(access_id),
            "SET #schema = :schema, #version = :zero, #queue = :open, #openedAt = :opened, \
             #endsAt = :ends, #details = :details, #reviews = :reviews",
            "attribute_not_exists(#queue)",
            item([
                (":schema", n(SCHEMA)),
                (":zero", n(0)),
                (":open", s(queue_of(ReviewState::Open))),
                (":opened", n(opened_at.as_second())),
                (":ends", n(ends_at.as_second())),
                (":details", b(details)),
                (":reviews", b(reviews)),
            ]),
        )?;
        Ok(Change::new("review", part))
    }

    /// The write that counts a document read in an access, or deposited, whether or not its
    /// opening has been followed up yet.
    pub fn count(&self, access_id: &AccessId, is_deposit: bool) -> Result<Change, StorageError> {
        let values = item([(":one", n(1))]);
        let update = if is_deposit { "ADD #deposits :one" } else { "ADD #reads :one" };
        let part = self.table.update_in_transaction(key(access_id), update, "", values)?;
        Ok(Change::new("review", part))
    }

    /// A page of those that are still open, or of those that are not, oldest first.
    pub async fn list(
        &self,
        open: bool,
        after: Option<ReviewPage>,
        limit: i32,
    ) -> Result<(Vec<EmergencyReview>, Option<ReviewPage>), StorageError> {
        let state = if open { ReviewState::Open } else { ReviewState::Closed };
        let query = Query {
            index: Some(QUEUE_INDEX),
            condition: "#queue = :queue",
            values: item([(":queue", s(queue_of(state)))]),
            start: after.map(|page| page.0),
            limit,
        };
        let (items, more) = self.table.query(query).await?;
        let mut found = Vec::new();
        for stored in items {
            found.push(self.open(read(stored)?).await?);
        }
        Ok((found, more.map(ReviewPage)))
    }

    /// The access of that name.
    pub async fn find(
        &self,
        access_id: &AccessId,
    ) -> Result<Option<EmergencyReview>, StorageError> {
        let found: Option<ReviewItem> = self.table.find(key(access_id)).await?;
        match found.filter(|stored| !stored.queue.is_empty()) {
            Some(stored) => Ok(Some(self.open(stored).await?)),
            None => Ok(None),
        }
    }

    /// The key of the cursors of its lists.
    pub async fn cursor_key(&self) -> Result<SealingKey, StorageError> {
        self.keys.sealing(KeyName::Review).await
    }

    /// Writes what agents found, unless another review came meanwhile.
    pub async fn save(
        &self,
        review: &EmergencyReview,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<bool, StorageError> {
        let key_in_hand = self.keys.sealing(KeyName::Review).await?;
        let id = &review.access_id;
        let sealed = sealing::seal(&key_in_hand, place(id, "reviews"), &review.reviews, random)?;
        let state = ReviewState::after(&review.reviews);
        let mut update = "SET #reviews = :reviews, #queue = :queue, #version = :next".to_owned();
        let mut values = item([
            (":reviews", b(sealed)),
            (":queue", s(queue_of(state))),
            (":seen", n(review.version)),
            (":next", n(review.version + 1)),
        ]);
        if !state.is_open() {
            // What was written may say how the patient was: it has served.
            let left = EmergencyDetails { reason: None, ..review.details.clone() };
            let details = sealing::seal(&key_in_hand, place(id, "details"), &left, random)?;
            values.insert(":details".to_owned(), b(details));
            update.push_str(", #details = :details, #expiresAt = :expires");
            values.insert(":expires".to_owned(), n(now.as_second() + KEPT_S));
        }
        let written = self.table.update(key(id), &update, "#version = :seen", values).await?;
        Ok(written.is_some())
    }

    async fn open(&self, stored: ReviewItem) -> Result<EmergencyReview, StorageError> {
        let key = self.keys.sealing(KeyName::Review).await?;
        let id = &stored.access_id;
        let details = sealing::open(&key, place(id, "details"), &stored.details)?;
        let reviews = sealing::open(&key, place(id, "reviews"), &stored.reviews)?;
        let corrupt = |_| StorageError::Corrupt { what: "emergency review" };
        Ok(EmergencyReview {
            reads: stored.reads,
            deposits: stored.deposits,
            opened_at: Timestamp::from_second(stored.opened_at).map_err(corrupt)?,
            ends_at: Timestamp::from_second(stored.ends_at).map_err(corrupt)?,
            access_id: stored.access_id,
            details,
            reviews,
            version: stored.version,
        })
    }
}

impl ReviewPage {
    /// The names it ends at, for a cursor.
    pub fn names(&self) -> Option<(String, i64)> {
        let id = self.0.get("accessId")?.as_s().ok()?.clone();
        let at = self.0.get("openedAt")?.as_n().ok()?.parse().ok()?;
        Some((id, at))
    }

    /// The page that begins after these names.
    pub fn after(open: bool, (access_id, opened_at): (&str, i64)) -> Self {
        let state = if open { ReviewState::Open } else { ReviewState::Closed };
        Self(item([
            ("accessId", s(access_id)),
            ("queue", s(queue_of(state))),
            ("openedAt", n(opened_at)),
        ]))
    }
}

fn queue_of(state: ReviewState) -> &'static str {
    if state.is_open() { "open" } else { "closed" }
}

fn key(access_id: &AccessId) -> Item {
    item([("accessId", s(access_id.as_str()))])
}

fn place<'a>(access_id: &'a AccessId, attribute: &'static str) -> Place<'a> {
    Place { table: TABLE, key: access_id.as_str(), attribute }
}
