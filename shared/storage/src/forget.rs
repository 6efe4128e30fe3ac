//! How each store forgets what it holds of a space that was erased: by names and keyed hashes,
//! without any key. A kill at any point leaves what the next try finds. Must not know in which
//! order.

use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use espace_crypto::BlindIndex;
use espace_domain::SpaceId;
use jiff::Timestamp;

use crate::documents::ENTRY;
use crate::registry::key as person_key;
use crate::registry_item::{PersonItem, StateItem};
use crate::table::{Item, Query, Table, item, s};
use crate::transaction::{Committed, Transaction};
use crate::transitions::reduced;
use crate::{
    Attempts, Consents, Contacts, Digests, Documents, Exports, Imports, Inboxes, Messages,
    PushSubscriptions, Registry, Representations, StorageError, Traces,
};

/// Items looked at by one call.
const PAGE: i32 = 200;
/// Items deleted by one call (the most that the service takes).
const BATCH_MAX: usize = 25;
/// Tries of a batch that is done in part.
const BATCH_TRIES_MAX: u32 = 8;
/// First wait of a batch that is done in part, doubled each time: a partition takes a thousand
/// writes a second.
const FIRST_WAIT_MS: u64 = 50;
/// The index of persons, and of boxes, by space.
const SPACE_INDEX: &str = "space";
/// The index of representations by whom they are of.
const PERSON_INDEX: &str = "person";

/// What is found under one name.
struct Under<'a> {
    /// By which index; the table itself without one.
    index: Option<&'a str>,
    /// The attribute.
    attribute: &'a str,
    /// Its value.
    value: &'a str,
    /// The attributes of an item's own key.
    key: &'a [&'a str],
}

/// A page of a space's documents, on its way out.
#[derive(Debug)]
pub struct ForgottenPage {
    /// The contents that its entries lead to: they go first.
    pub objects: Vec<String>,
    keys: Vec<Item>,
}

impl Table {
    /// Deletes everything found under a name; gives how many items.
    async fn forget(&self, under: &Under<'_>) -> Result<u64, StorageError> {
        let mut deleted = 0;
        let mut start = None;
        loop {
            let (items, more) = self.under(under, start).await?;
            let keys: Vec<_> = items.iter().map(|found| key_of(found, under.key)).collect();
            deleted += u64::try_from(keys.len()).unwrap_or(0);
            self.delete_all(&keys).await?;
            let Some(more) = more else { return Ok(deleted) };
            start = Some(more);
        }
    }

    async fn under(
        &self,
        under: &Under<'_>,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StorageError> {
        let condition = format!("#{} = :value", under.attribute);
        self.query(Query {
            index: under.index,
            condition: &condition,
            values: item([(":value", s(under.value))]),
            start,
            limit: PAGE,
        })
        .await
    }

    /// Deletes items by their keys.
    async fn delete_all(&self, keys: &[Item]) -> Result<(), StorageError> {
        for chunk in keys.chunks(BATCH_MAX) {
            let delete = |key: &Item| {
                let request = DeleteRequest::builder().set_key(Some(key.clone())).build();
                let request =
                    request.map_err(|_| StorageError::Corrupt { what: "key to be deleted" })?;
                Ok::<_, StorageError>(WriteRequest::builder().delete_request(request).build())
            };
            let mut left = chunk.iter().map(delete).collect::<Result<Vec<_>, _>>()?;
            for attempt in 0..BATCH_TRIES_MAX {
                let output = self
                    .client
                    .batch_write_item()
                    .request_items(&self.name, left)
                    .send()
                    .await
                    .map_err(|e| StorageError::call("dynamodb:BatchWriteItem", e))?;
                let mut unprocessed = output.unprocessed_items.unwrap_or_default();
                left = unprocessed.remove(&self.name).unwrap_or_default();
                if left.is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(FIRST_WAIT_MS << attempt)).await;
            }
            if !left.is_empty() {
                return Err(StorageError::Throttled { operation: "dynamodb:BatchWriteItem" });
            }
        }
        Ok(())
    }
}

impl Documents {
    /// The next entries of a space, whose contents go before them; `None` once there is none.
    pub async fn to_forget(
        &self,
        space_id: &SpaceId,
    ) -> Result<Option<ForgottenPage>, StorageError> {
        let own = own("spaceId", space_id, &["spaceId", "entry"]);
        let (items, _) = self.table().under(&own, None).await?;
        if items.is_empty() {
            return Ok(None);
        }
        let mut objects = Vec::new();
        let mut keys = Vec::new();
        for found in &items {
            keys.push(key_of(found, own.key));
            objects.extend(strings(found, "objects"));
        }
        Ok(Some(ForgottenPage { objects, keys }))
    }

    /// Removes a page of entries: their contents are gone.
    pub async fn forget(&self, page: &ForgottenPage) -> Result<u64, StorageError> {
        self.table().delete_all(&page.keys).await?;
        let entries = page.keys.iter().filter(|key| {
            key.get("entry")
                .and_then(|entry| entry.as_s().ok())
                .is_some_and(|e| e.starts_with(ENTRY))
        });
        Ok(u64::try_from(entries.count()).unwrap_or(0))
    }
}

impl Messages {
    /// Forgets the conversations of a space.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table.forget(&own("spaceId", space_id, &["spaceId", "entry"])).await
    }
}

impl Consents {
    /// Forgets what a holder chose.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table.forget(&own("spaceId", space_id, &["spaceId", "entry"])).await
    }
}

impl Exports {
    /// Forgets the archives of a space; their pieces go by themselves within days.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table().forget(&own("spaceId", space_id, &["spaceId", "exportId"])).await
    }
}

impl Imports {
    /// Forgets what was taken in again.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table().forget(&own("spaceId", space_id, &["spaceId", "importId"])).await
    }
}

impl Contacts {
    /// Forgets the addresses of a space's holder.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table.forget(&own("spaceId", space_id, &["spaceId", "contactId"])).await
    }
}

impl Representations {
    /// Forgets whom a holder acts for, and who acts for them.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        let key = &["representative", "person"];
        let by = self.table.forget(&own("representative", space_id, key)).await?;
        let of = Under { index: Some(PERSON_INDEX), ..own("person", space_id, key) };
        Ok(by + self.table.forget(&of).await?)
    }
}

impl Inboxes {
    /// Forgets the places of a space's conversations in professionals' boxes.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        let key = &["inbox", "threadId"];
        let of = Under { index: Some(SPACE_INDEX), ..own("spaceId", space_id, key) };
        self.table.forget(&of).await
    }
}

impl PushSubscriptions {
    /// Forgets the browsers of an owner.
    pub async fn forget(&self, owner: &str) -> Result<u64, StorageError> {
        let key = &["owner", "pushId"];
        self.table.forget(&Under { index: None, attribute: "owner", value: owner, key }).await
    }
}

impl Digests {
    /// Forgets what was to be told together.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table.forget(&own("spaceId", space_id, &["spaceId"])).await
    }
}

impl Attempts {
    /// Forgets the tries on a login that is nobody's any more.
    pub async fn forget(&self, login: &BlindIndex) -> Result<u64, StorageError> {
        let (value, key) = (login.as_str(), &["login", "attemptId"]);
        self.table.forget(&Under { index: None, attribute: "login", value, key }).await
    }
}

impl Traces {
    /// Forgets the traces of a space.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<u64, StorageError> {
        self.table.forget(&own("spaceId", space_id, &["spaceId", "entry"])).await
    }
}

impl Registry {
    /// Reduces the persons of an erased space to their index, and the keyed hash of their card
    /// by which they act for their children: nothing opens by itself for them, a code of
    /// theirs may. `false` where one changed meanwhile.
    pub async fn forget_space(
        &self,
        space_id: &SpaceId,
        erased_at: Timestamp,
    ) -> Result<bool, StorageError> {
        let of = Under { index: Some(SPACE_INDEX), ..own("spaceId", space_id, &["index"]) };
        let (items, _) = self.table.under(&of, None).await?;
        for found in items {
            let Some(index) = found.get("index").and_then(|index| index.as_s().ok()) else {
                return Err(StorageError::Corrupt { what: "person of a space" });
            };
            let index = BlindIndex::from_stored(index.clone());
            let Some(item) = self.table.find::<PersonItem>(person_key(&index)).await? else {
                continue;
            };
            if !matches!(&item.state, StateItem::Held { space_id: held } if held == space_id) {
                // The index is behind: done before, or they hold another by now.
                continue;
            }
            let item = PersonItem {
                state: StateItem::Erased { erased_at: erased_at.as_second() },
                ..reduced(item)
            };
            let committed = Transaction::default()
                .with("person", self.replace_in_transaction(item)?)
                .commit(&self.table.client)
                .await?;
            if committed != Committed::Yes {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What stands under a space's name.
fn own<'a>(attribute: &'a str, space_id: &'a SpaceId, key: &'a [&'a str]) -> Under<'a> {
    Under { index: None, attribute, value: space_id.as_str(), key }
}

/// The key of an item that was found.
fn key_of(found: &Item, key: &[&str]) -> Item {
    let part = |name: &&str| Some(((*name).to_owned(), found.get(*name)?.clone()));
    key.iter().filter_map(part).collect()
}

/// A list of texts.
fn strings(found: &Item, attribute: &str) -> Vec<String> {
    let listed = found.get(attribute).and_then(|value| value.as_l().ok());
    let texts = listed.into_iter().flatten().filter_map(|value| value.as_s().ok().cloned());
    texts.collect()
}
