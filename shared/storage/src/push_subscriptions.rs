//! The browsers that are told of what is new: under names that tell nothing, their addresses
//! sealed. Must not know what is new.

use std::sync::Arc;

use espace_crypto::{MacPurpose, Place, VapidKey};
use espace_domain::{PushEndpoint, PushId, Random};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{Item, Query, SCHEMA, Table, item, read, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys, sealing};

/// The logical name in sealed places.
const TABLE: &str = "pushSubscriptions";
/// Most subscriptions read at once: more than an owner has.
const READ_MAX: i32 = 50;

/// The table of subscriptions.
#[derive(Debug, Clone)]
pub struct PushSubscriptions {
    pub(crate) table: Table,
    keys: Arc<SystemKeys>,
}

/// A browser that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// Whose, by a keyed hash.
    pub owner: String,
    /// Its name.
    pub push_id: PushId,
    /// Where it is told.
    pub endpoint: PushEndpoint,
    /// Since when.
    pub since: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionItem {
    owner: String,
    push_id: PushId,
    schema: u8,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Details {
    endpoint: PushEndpoint,
    since: Timestamp,
}

impl PushSubscriptions {
    /// Uses the table of `ESPACE_PUSH_SUBSCRIPTIONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_PUSH_SUBSCRIPTIONS_TABLE"), keys }
    }

    /// The name of a browser of an owner: the same for the same address.
    pub async fn name(&self, owner: &str, endpoint: &PushEndpoint) -> Result<PushId, StorageError> {
        let mac = self.keys.mac(KeyName::Push).await?;
        let parts = [owner.as_bytes(), endpoint.expose().as_bytes()];
        let tag = mac.tag(MacPurpose::PushName, &parts);
        let mut name = [0; 16];
        for (to, from) in name.iter_mut().zip(tag) {
            *to = from;
        }
        Ok(PushId::from_bytes(name))
    }

    /// Keeps a subscription; kept already, it is the same.
    pub async fn put(
        &self,
        subscription: &PushSubscription,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let PushSubscription { owner, push_id, endpoint, since } = subscription;
        let key = self.keys.sealing(KeyName::Push).await?;
        let place = place_key(owner, push_id);
        let details = Details { endpoint: endpoint.clone(), since: *since };
        let details = sealing::seal(&key, details_place(&place), &details, random)?;
        let stored = SubscriptionItem {
            owner: owner.clone(),
            push_id: push_id.clone(),
            schema: SCHEMA,
            details,
        };
        self.table.put(&stored, "").await.map(|_| ())
    }

    /// The browsers of an owner.
    pub async fn of(&self, owner: &str) -> Result<Vec<PushSubscription>, StorageError> {
        let query = Query {
            index: None,
            condition: "#owner = :owner",
            values: item([(":owner", s(owner))]),
            start: None,
            limit: READ_MAX,
        };
        let (items, _) = self.table.query(query).await?;
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.keys.sealing(KeyName::Push).await?;
        let open = |found: Item| {
            let SubscriptionItem { owner, push_id, details, .. } = read(found)?;
            let place = place_key(&owner, &push_id);
            let opened: Details = sealing::open(&key, details_place(&place), &details)?;
            let Details { endpoint, since } = opened;
            Ok(PushSubscription { owner, push_id, endpoint, since })
        };
        items.into_iter().map(open).collect()
    }

    /// Forgets a browser.
    pub async fn remove(&self, owner: &str, push_id: &PushId) -> Result<(), StorageError> {
        self.table.delete(item([("owner", s(owner)), ("pushId", s(push_id.as_str()))])).await
    }

    /// The key by which push services know us.
    pub async fn key(&self) -> Result<VapidKey, StorageError> {
        let seed = self.keys.mac(KeyName::Push).await?.tag(MacPurpose::PushSeed, &[]);
        VapidKey::of_seed(&seed).map_err(|_| StorageError::Corrupt { what: "push key" })
    }
}

fn place_key(owner: &str, push_id: &PushId) -> String {
    format!("{owner}.{push_id}")
}

fn details_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "details" }
}
