//! Spaces: their state in clear, their holder sealed under the space's content
//! key. Must not know who may see them.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{Place, SealingKey};
use espace_domain::{Random, SpaceId, SpaceState, Traits};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sealing;
use crate::table::{SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "spaces";

/// The table of spaces.
#[derive(Debug, Clone)]
pub struct Spaces {
    table: Table,
}

/// A space as read.
#[derive(Debug, Clone)]
pub struct Space {
    /// Its name.
    pub space_id: SpaceId,
    /// Where it stands.
    pub state: SpaceState,
    /// Counts what must stop work in flight: closing, consents withdrawn.
    pub epoch: u64,
    holder: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpaceItem {
    space_id: SpaceId,
    schema: u8,
    state: String,
    epoch: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    opened_at: Timestamp,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    activated_at: Option<Timestamp>,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    closed_at: Option<Timestamp>,
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    erasure_due_at: Option<Timestamp>,
    #[serde(with = "serde_bytes")]
    holder: Vec<u8>,
}

impl Spaces {
    /// Uses the table of `ESPACE_SPACES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_SPACES_TABLE") }
    }

    /// The space of that name.
    pub async fn find(&self, space_id: &SpaceId) -> Result<Option<Space>, StorageError> {
        let found: Option<SpaceItem> =
            self.table.find(item([("spaceId", s(space_id.as_str()))])).await?;
        found.map(Space::try_from).transpose()
    }

    /// The write of a new space, refused where one of that name exists.
    pub(crate) fn put_in_transaction(
        &self,
        space_id: &SpaceId,
        state: &SpaceState,
        holder: &Traits,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let (opened_at, activated_at) = match state {
            SpaceState::Open { opened_at } => (*opened_at, None),
            SpaceState::Active { opened_at, activated_at } => (*opened_at, Some(*activated_at)),
            SpaceState::Closed { .. } | SpaceState::Erased { .. } => {
                return Err(StorageError::Corrupt { what: "state of a new space" });
            }
        };
        let stored = SpaceItem {
            space_id: space_id.clone(),
            schema: SCHEMA,
            state: state.name().to_owned(),
            epoch: 0,
            opened_at,
            activated_at,
            closed_at: None,
            erasure_due_at: None,
            holder: sealing::seal(key, holder_place(space_id), holder, random)?,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#spaceId)")
    }

    /// The write that takes an open space into its holder's hands, refused
    /// where it is no longer open.
    pub(crate) fn activate_in_transaction(
        &self,
        space_id: &SpaceId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            item([("spaceId", s(space_id.as_str()))]),
            "SET #state = :active, #activatedAt = :now",
            "#state = :open",
            item([(":active", s("active")), (":open", s("open")), (":now", n(now.as_second()))]),
        )
    }
}

impl Space {
    /// Opens the holder's traits.
    pub fn holder(&self, key: &SealingKey) -> Result<Traits, StorageError> {
        sealing::open(key, holder_place(&self.space_id), &self.holder)
    }
}

/// Where the holder's traits stand.
fn holder_place(space_id: &SpaceId) -> Place<'_> {
    Place { table: TABLE, key: space_id.as_str(), attribute: "holder" }
}

impl TryFrom<SpaceItem> for Space {
    type Error = StorageError;

    fn try_from(stored: SpaceItem) -> Result<Self, StorageError> {
        let state = match (stored.state.as_str(), stored.activated_at, stored.closed_at) {
            ("open", None, None) => SpaceState::Open { opened_at: stored.opened_at },
            ("active", Some(activated_at), None) => {
                SpaceState::Active { opened_at: stored.opened_at, activated_at }
            }
            ("closed", _, Some(closed_at)) => SpaceState::Closed {
                closed_at,
                erasure_due_at: stored
                    .erasure_due_at
                    .ok_or(StorageError::Corrupt { what: "closed space" })?,
            },
            _ => return Err(StorageError::Corrupt { what: "state of a space" }),
        };
        Ok(Self { space_id: stored.space_id, state, epoch: stored.epoch, holder: stored.holder })
    }
}
