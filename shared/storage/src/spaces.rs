//! Spaces: their state in clear, their holder sealed under the space's content
//! key. Must not know who may see them.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use espace_crypto::{BlindIndex, ChainHead, Place, SealingKey};
use espace_domain::decision::{Chain, SpaceStanding};
use espace_domain::{AccountId, Nir, Random, SpaceId, SpaceState, Suspension, Traits};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::space_item::{HeadItem, Heads, HeadsItem, SpaceItem, StateUpdate, head_attribute};
use crate::table::{Item, SCHEMA, Table, b, item, n, read, s};
use crate::unanchored::anchor_shard;
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "spaces";
/// The table of spaces.
#[derive(Debug, Clone)]
pub struct Spaces {
    table: Table,
}

/// A space as read.
#[expect(clippy::struct_excessive_bools, reason = "facts apart: every combination occurs")]
#[derive(Debug, Clone)]
pub struct Space {
    /// Its name.
    pub space_id: SpaceId,
    /// Where it stands.
    pub state: SpaceState,
    /// Counts what must stop work in flight: closing, consents withdrawn.
    pub epoch: u64,
    /// What keeps its holder out, where something does.
    pub suspension: Option<Suspension>,
    /// Whether it is frozen, also under a death that was reported.
    pub is_frozen: bool,
    /// Whether it was the holder's death that closed it.
    pub closed_by_death: bool,
    /// Whether something keeps it from being erased.
    pub is_held: bool,
    /// Whether its traces are going: nothing keeps it any more.
    pub is_forgotten: bool,
    /// The account of its holder, where they activated it themselves.
    pub account: Option<SpaceAccount>,
    pub(crate) heads: Heads,
    pub(crate) holder: Vec<u8>,
}

/// Whose a space is: what is sealed there.
#[derive(Clone, Serialize, Deserialize)]
pub struct Holder {
    /// The traits.
    #[serde(flatten)]
    pub traits: Traits,
    /// The 13 characters of their NIR: a document that comes in must be theirs.
    #[serde(default)]
    pub matricule: Option<String>,
    /// The RPPS number of the treating doctor the insurer knows of: proposed to the holder,
    /// never chosen for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treating_doctor: Option<String>,
    /// How many represent them by the insurer's word, whether or not they have taken the space
    /// in hand.
    #[serde(default)]
    pub representatives: usize,
}

/// The account that opens a space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpaceAccount {
    /// Its name: whose sessions are ended.
    pub account_id: AccountId,
    login: String,
}

impl SpaceAccount {
    /// The account under a login.
    pub fn new(account_id: AccountId, login: &BlindIndex) -> Self {
        Self { account_id, login: login.as_str().to_owned() }
    }

    /// The blind index of its login.
    pub fn login(&self) -> BlindIndex {
        BlindIndex::from_stored(self.login.clone())
    }
}

impl Spaces {
    /// Uses the table of `ESPACE_SPACES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_SPACES_TABLE") }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.table.client
    }

    /// The space of that name.
    pub async fn find(&self, space_id: &SpaceId) -> Result<Option<Space>, StorageError> {
        let found: Option<SpaceItem> = self.table.find(key(space_id)).await?;
        found.map(Space::try_from).transpose()
    }

    /// Of some spaces, those that stand for who cares: opened, in hand, or frozen.
    pub async fn those_standing(
        &self,
        spaces: &[SpaceId],
    ) -> Result<HashSet<SpaceId>, StorageError> {
        let mut keys: Vec<Item> = Vec::new();
        for space_id in spaces {
            let key = key(space_id);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut standing = HashSet::new();
        for stored in self.table.batch(keys).await? {
            let space = Space::try_from(read::<SpaceItem>(stored)?)?;
            let stands = SpaceStanding::of(&space.state, space.suspension);
            if matches!(stands, SpaceStanding::Open | SpaceStanding::Active | SpaceStanding::Frozen)
            {
                standing.insert(space.space_id);
            }
        }
        Ok(standing)
    }

    /// The write of a new space, refused where one of that name exists.
    pub(crate) fn put_in_transaction(
        &self,
        space_id: &SpaceId,
        state: &SpaceState,
        account: Option<SpaceAccount>,
        holder: &Holder,
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
            erased_at: None,
            traces_due_at: None,
            held_since: None,
            forgotten_at: None,
            frozen: None,
            deceased: None,
            closed_by_death: None,
            account,
            heads: HeadsItem::default(),
            holder: sealing::seal(key, holder_place(space_id), holder, random)?,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#spaceId)")
    }

    /// The write that takes a space into its holder's hands: an open one, or a
    /// frozen one whose holder has proven who they are again. Refused where it
    /// stands otherwise than it was read. Without an account, a representative
    /// takes it.
    pub(crate) fn activate_in_transaction(
        &self,
        space: &Space,
        account: Option<&SpaceAccount>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        let mut values = item([
            (":active", s("active")),
            (":seen", s(space.state.name())),
            (":epoch", n(space.epoch)),
            (":now", n(now.as_second())),
            (":one", n(1)),
        ]);
        let mut set = "SET #state = :active, #activatedAt = :now".to_owned();
        if let Some(account) = account {
            set.push_str(", #account = :account");
            let account = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(account)
                .map_err(|_| StorageError::Corrupt { what: "account of a space" })?;
            values.insert(":account".to_owned(), account);
        }
        // One that was closed by who froze out its holder is theirs again, as it was.
        let gone = " REMOVE #frozen, #closedAt, #erasureDueAt, #closedByDeath, #purgeShard, #purgeAt \
             ADD #epoch :one";
        set.push_str(gone);
        self.table.update_in_transaction(
            key(&space.space_id),
            &set,
            "#state = :seen AND #epoch = :epoch",
            values,
        )
    }

    /// The write that freezes a space. What is in flight stops: the epoch moves.
    pub(crate) fn freeze_in_transaction(
        &self,
        space: &Space,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            key(&space.space_id),
            "SET #frozen = :yes ADD #epoch :one",
            "#epoch = :seen",
            item([(":yes", AttributeValue::Bool(true)), (":seen", n(space.epoch)), (":one", n(1))]),
        )
    }

    /// The write that brings the holder's traits, and whether they are alive, up to
    /// date as fed. A freeze stays. What the space `becomes` by a death, or by one that is
    /// taken back, is part of it.
    pub(crate) fn refresh_in_transaction(
        &self,
        space: &Space,
        (holder, is_deceased): (&Holder, bool),
        becomes: Option<&SpaceState>,
        space_key: &SealingKey,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let sealed = sealing::seal(space_key, holder_place(&space.space_id), holder, random)?;
        let mut values = item([
            (":holder", b(sealed)),
            (":deceased", AttributeValue::Bool(is_deceased)),
            (":seen", n(space.epoch)),
            (":one", n(1)),
        ]);
        let mut set = "SET #holder = :holder, #deceased = :deceased".to_owned();
        if let Some(state) = becomes {
            let update = StateUpdate::to(state, &space.space_id);
            set.push_str(&update.set);
            if is_deceased {
                set.push_str(", #closedByDeath = :deceased");
            }
            set.push_str(update.remove);
            values.extend(update.values);
        }
        set.push_str(" ADD #epoch :one");
        self.table.update_in_transaction(key(&space.space_id), &set, "#epoch = :seen", values)
    }

    /// The write by which a space waits for its holder again: those who held it
    /// for them no longer do.
    pub(crate) fn return_in_transaction(
        &self,
        space: &Space,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            key(&space.space_id),
            "SET #state = :open REMOVE #activatedAt ADD #epoch :one",
            "#epoch = :seen AND #state IN (:open, :active) AND attribute_not_exists(#account)",
            item([
                (":open", s("open")),
                (":active", s("active")),
                (":seen", n(space.epoch)),
                (":one", n(1)),
            ]),
        )
    }

    /// The one write by which a space's chain grows: refused where the space is not as
    /// it was read (epoch, state), or where the chain has grown since. With
    /// `raises_epoch`, acts decided before it that are still in flight stop. What the
    /// space `becomes` by the act is part of it: a state never changes untraced.
    pub(crate) fn extend_in_transaction(
        &self,
        space: &Space,
        (chain, next): (Chain, &ChainHead),
        raises_epoch: bool,
        becomes: Option<&SpaceState>,
    ) -> Result<TransactWriteItem, StorageError> {
        let attribute = head_attribute(chain);
        let head = HeadItem { sequence: next.sequence, hash: next.hash.as_bytes().to_vec() };
        let head = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(&head)
            .map_err(|_| StorageError::Corrupt { what: "head of a chain" })?;
        let before = space.heads.of(chain).sequence;
        let mut values = item([
            (":head", head),
            (":shard", s(anchor_shard(&space.space_id))),
            (":chain", AttributeValue::Ss(vec![chain.name().to_owned()])),
            (":epoch", n(space.epoch)),
            (":state", s(space.state.name())),
        ]);
        let mut set = format!("SET #{attribute} = :head, #unanchored = :shard");
        if let Some(state) = becomes {
            let update = StateUpdate::to(state, &space.space_id);
            set.push_str(&update.set);
            set.push_str(update.remove);
            values.extend(update.values);
        }
        set.push_str(" ADD #grown :chain");
        // A state that changes stops whatever was decided before it.
        if raises_epoch || becomes.is_some() {
            set.push_str(", #epoch :one");
            values.insert(":one".to_owned(), n(1));
        }
        let grown = if before == 0 {
            format!("attribute_not_exists(#{attribute})")
        } else {
            values.insert(":before".to_owned(), n(before));
            format!("#{attribute}.#sequence = :before")
        };
        let condition = format!("#epoch = :epoch AND #state = :state AND {grown}");
        self.table.update_in_transaction(key(&space.space_id), &set, &condition, values)
    }

    /// The condition that a space is as it was read, for an act that leaves no new
    /// trace.
    pub(crate) fn check_unchanged_in_transaction(
        &self,
        space: &Space,
    ) -> Result<TransactWriteItem, StorageError> {
        let values = item([(":epoch", n(space.epoch)), (":state", s(space.state.name()))]);
        let condition = "#epoch = :epoch AND #state = :state";
        self.table.check_in_transaction(key(&space.space_id), condition, values)
    }

    /// The write that raises the epoch alone.
    pub(crate) fn raise_epoch_in_transaction(
        &self,
        space: &Space,
    ) -> Result<TransactWriteItem, StorageError> {
        let values =
            item([(":epoch", n(space.epoch)), (":state", s(space.state.name())), (":one", n(1))]);
        let condition = "#epoch = :epoch AND #state = :state";
        self.table.update_in_transaction(key(&space.space_id), "ADD #epoch :one", condition, values)
    }

    /// The same, beside other changes: two acts of one holder elsewhere cannot both be done.
    pub fn raise_epoch(&self, space: &Space) -> Result<Change, StorageError> {
        Ok(Change::new("own space", self.raise_epoch_in_transaction(space)?))
    }

    /// The condition that a holder may still enter: nothing suspends the space.
    pub(crate) fn check_admits_in_transaction(
        &self,
        space_id: &SpaceId,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.check_in_transaction(
            key(space_id),
            "attribute_exists(#spaceId) AND attribute_not_exists(#frozen) \
             AND (attribute_not_exists(#deceased) OR #deceased = :no)",
            item([(":no", AttributeValue::Bool(false))]),
        )
    }
}

/// The key of a space's item.
pub(crate) fn key(space_id: &SpaceId) -> Item {
    item([("spaceId", s(space_id.as_str()))])
}

impl Space {
    /// Whether who proves to be its holder, or to act for them, may take it in hand: one that
    /// nobody logs in to (opened by itself, in a representative's hands, or closed so, while its
    /// ten years run), or one that is frozen, whoever has it.
    pub fn may_be_taken(&self, now: Timestamp) -> bool {
        let is_free = self.is_frozen || self.account.is_none();
        match self.state {
            SpaceState::Open { .. } => true,
            SpaceState::Active { .. } => is_free,
            SpaceState::Closed { erasure_due_at, .. } => {
                is_free && self.suspension != Some(Suspension::Deceased) && now < erasure_due_at
            }
            SpaceState::Erased { .. } => false,
        }
    }

    /// How far the chains of its traces have come.
    pub fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Opens the holder's traits.
    pub fn holder(&self, key: &SealingKey) -> Result<Traits, StorageError> {
        Ok(self.whole_holder(key)?.traits)
    }

    /// Opens all that is sealed of the holder.
    pub fn whole_holder(&self, key: &SealingKey) -> Result<Holder, StorageError> {
        sealing::open(key, holder_place(&self.space_id), &self.holder)
    }
}

impl Holder {
    /// The holder of a space about to exist, or as fed again.
    pub fn new(
        traits: &Traits,
        nir: Option<&Nir>,
        treating_doctor: Option<&str>,
        representatives: usize,
    ) -> Self {
        let matricule = nir.map(|nir| nir.expose().to_owned());
        let treating_doctor = treating_doctor.map(str::to_owned);
        Self { traits: traits.clone(), matricule, treating_doctor, representatives }
    }
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Holder(…)")
    }
}

/// Where the holder's traits stand.
fn holder_place(space_id: &SpaceId) -> Place<'_> {
    Place { table: TABLE, key: space_id.as_str(), attribute: "holder" }
}
