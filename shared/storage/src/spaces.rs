//! Spaces: their state in clear, their holder sealed under the space's content
//! key. Must not know who may see them.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use espace_crypto::{BlindIndex, ChainHash, ChainHead, Place, SealingKey};
use espace_domain::decision::Chain;
use espace_domain::{AccountId, Nir, Random, SpaceId, SpaceState, Suspension, Traits};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::table::{Item, Query, SCHEMA, Table, b, item, n, read, s};
use crate::{Aws, Environment, StorageError};

/// The logical name in sealed places.
const TABLE: &str = "spaces";
/// The sparse index of spaces whose chains of traces grew since they were anchored.
const UNANCHORED_INDEX: &str = "unanchored";
/// Shards of that index: 64 partitions of 1,000 writes a second each.
pub const ANCHOR_SHARDS: u8 = 64;

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
    /// What keeps its holder out, where something does.
    pub suspension: Option<Suspension>,
    /// Whether it is frozen, also under a death that was reported.
    pub is_frozen: bool,
    /// The account of its holder, where they activated it themselves.
    pub account: Option<SpaceAccount>,
    heads: Heads,
    holder: Vec<u8>,
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
}

/// How far each chain of a space's traces has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads {
    ordinary: ChainHead,
    secret: ChainHead,
    pending: ChainHead,
    pending_secret: ChainHead,
}

/// A space whose chains grew since they were anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanchored {
    /// Which.
    pub space_id: SpaceId,
    /// The chains that grew, and how far they had come.
    pub grown: Vec<(Chain, ChainHead)>,
}

/// Where a page of spaces to be anchored ends.
#[derive(Debug)]
pub struct UnanchoredPage(Item);

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

/// A head as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct HeadItem {
    sequence: u64,
    #[serde(with = "serde_bytes")]
    hash: Vec<u8>,
}

/// What the index of spaces to be anchored gives.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnanchoredItem {
    space_id: SpaceId,
    #[serde(default)]
    grown: Vec<Chain>,
    #[serde(flatten)]
    heads: HeadsItem,
}

/// The heads as stored; a chain without traces has none.
#[derive(Debug, Default, Serialize, Deserialize)]
struct HeadsItem {
    #[serde(default, rename = "ordinaryHead", skip_serializing_if = "Option::is_none")]
    ordinary: Option<HeadItem>,
    #[serde(default, rename = "secretHead", skip_serializing_if = "Option::is_none")]
    secret: Option<HeadItem>,
    #[serde(default, rename = "pendingHead", skip_serializing_if = "Option::is_none")]
    pending: Option<HeadItem>,
    #[serde(default, rename = "pendingSecretHead", skip_serializing_if = "Option::is_none")]
    pending_secret: Option<HeadItem>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceItem {
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frozen: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deceased: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<SpaceAccount>,
    #[serde(flatten)]
    heads: HeadsItem,
    #[serde(with = "serde_bytes")]
    holder: Vec<u8>,
}

impl Spaces {
    /// Uses the table of `ESPACE_SPACES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_SPACES_TABLE") }
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.table.client
    }

    /// The space of that name.
    pub async fn find(&self, space_id: &SpaceId) -> Result<Option<Space>, StorageError> {
        let found: Option<SpaceItem> = self.table.find(key(space_id)).await?;
        found.map(Space::try_from).transpose()
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
            frozen: None,
            deceased: None,
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
        set.push_str(" REMOVE #frozen ADD #epoch :one");
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
    /// date as fed. A freeze stays.
    pub(crate) fn refresh_in_transaction(
        &self,
        space: &Space,
        holder: &Holder,
        is_deceased: bool,
        space_key: &SealingKey,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let sealed = sealing::seal(space_key, holder_place(&space.space_id), holder, random)?;
        self.table.update_in_transaction(
            key(&space.space_id),
            "SET #holder = :holder, #deceased = :deceased ADD #epoch :one",
            "#epoch = :seen",
            item([
                (":holder", b(sealed)),
                (":deceased", AttributeValue::Bool(is_deceased)),
                (":seen", n(space.epoch)),
                (":one", n(1)),
            ]),
        )
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
        let mut remove = "";
        match becomes {
            None => {}
            Some(state @ SpaceState::Closed { closed_at, erasure_due_at, .. }) => {
                set.push_str(", #state = :becomes, #closedAt = :closedAt, #erasureDueAt = :due");
                values.insert(":becomes".to_owned(), s(state.name()));
                values.insert(":closedAt".to_owned(), n(closed_at.as_second()));
                values.insert(":due".to_owned(), n(erasure_due_at.as_second()));
            }
            Some(state @ (SpaceState::Open { .. } | SpaceState::Active { .. })) => {
                set.push_str(", #state = :becomes");
                remove = " REMOVE #closedAt, #erasureDueAt";
                values.insert(":becomes".to_owned(), s(state.name()));
            }
            Some(SpaceState::Erased { .. }) => {
                return Err(StorageError::Corrupt { what: "state a space becomes" });
            }
        }
        set.push_str(remove);
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

    /// A page of the spaces of a shard whose chains grew since they were anchored.
    pub async fn unanchored(
        &self,
        shard: u8,
        after: Option<UnanchoredPage>,
        limit: i32,
    ) -> Result<(Vec<Unanchored>, Option<UnanchoredPage>), StorageError> {
        let (items, more) = self
            .table
            .query(Query {
                index: Some(UNANCHORED_INDEX),
                condition: "#unanchored = :shard",
                values: item([(":shard", s(shard_name(shard)))]),
                start: after.map(|page| page.0),
                limit,
            })
            .await?;
        let found = items.into_iter().map(|found| {
            let found: UnanchoredItem = read(found)?;
            let heads = Heads::try_from(found.heads)?;
            let grown = found.grown.into_iter().map(|chain| (chain, heads.of(chain))).collect();
            Ok(Unanchored { space_id: found.space_id, grown })
        });
        Ok((found.collect::<Result<_, StorageError>>()?, more.map(UnanchoredPage)))
    }

    /// Takes a space out of the index, unless a chain grew since.
    pub async fn anchored(&self, anchored: &Unanchored) -> Result<(), StorageError> {
        let chains = anchored.grown.iter().map(|(chain, _)| chain.name().to_owned()).collect();
        let mut values = item([(":grown", AttributeValue::Ss(chains))]);
        let mut conditions = vec!["#grown = :grown".to_owned()];
        for (chain, head) in &anchored.grown {
            let attribute = head_attribute(*chain);
            conditions.push(format!("#{attribute}.#sequence = :{attribute}"));
            values.insert(format!(":{attribute}"), n(head.sequence));
        }
        let condition = conditions.join(" AND ");
        let key = key(&anchored.space_id);
        let update = "REMOVE #unanchored, #grown";
        self.table.update(key, update, &condition, values).await.map(|_| ())
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

impl Heads {
    /// How far a chain has come.
    pub fn of(&self, chain: Chain) -> ChainHead {
        match chain {
            Chain::Ordinary => self.ordinary,
            Chain::Secret => self.secret,
            Chain::Pending => self.pending,
            Chain::PendingSecret => self.pending_secret,
        }
    }
}

impl TryFrom<HeadsItem> for Heads {
    type Error = StorageError;

    fn try_from(stored: HeadsItem) -> Result<Self, StorageError> {
        let head = |stored: Option<HeadItem>| match stored {
            None => Ok(ChainHead::default()),
            Some(stored) => ChainHash::from_slice(&stored.hash)
                .map(|hash| ChainHead { sequence: stored.sequence, hash })
                .ok_or(StorageError::Corrupt { what: "head of a chain" }),
        };
        Ok(Self {
            ordinary: head(stored.ordinary)?,
            secret: head(stored.secret)?,
            pending: head(stored.pending)?,
            pending_secret: head(stored.pending_secret)?,
        })
    }
}

/// The attribute that holds a chain's head.
fn head_attribute(chain: Chain) -> &'static str {
    match chain {
        Chain::Ordinary => "ordinaryHead",
        Chain::Secret => "secretHead",
        Chain::Pending => "pendingHead",
        Chain::PendingSecret => "pendingSecretHead",
    }
}

/// The shard of a space in the index of those to be anchored.
fn anchor_shard(space_id: &SpaceId) -> String {
    // The name is random: its bytes spread evenly.
    let sum: u32 = space_id.as_str().bytes().map(u32::from).sum();
    shard_name(u8::try_from(sum % u32::from(ANCHOR_SHARDS)).unwrap_or(0))
}

fn shard_name(shard: u8) -> String {
    format!("{shard:02}")
}

/// The key of a space's item.
pub(crate) fn key(space_id: &SpaceId) -> Item {
    item([("spaceId", s(space_id.as_str()))])
}

impl Space {
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
    pub fn new(traits: &Traits, nir: Option<&Nir>, treating_doctor: Option<&str>) -> Self {
        let matricule = nir.map(|nir| nir.expose().to_owned());
        let treating_doctor = treating_doctor.map(str::to_owned);
        Self { traits: traits.clone(), matricule, treating_doctor }
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

impl TryFrom<SpaceItem> for Space {
    type Error = StorageError;

    fn try_from(stored: SpaceItem) -> Result<Self, StorageError> {
        let state = match (stored.state.as_str(), stored.activated_at, stored.closed_at) {
            ("open", None, None) => SpaceState::Open { opened_at: stored.opened_at },
            ("active", Some(activated_at), None) => {
                SpaceState::Active { opened_at: stored.opened_at, activated_at }
            }
            ("closed", activated_at, Some(closed_at)) => SpaceState::Closed {
                opened_at: stored.opened_at,
                activated_at,
                closed_at,
                erasure_due_at: stored
                    .erasure_due_at
                    .ok_or(StorageError::Corrupt { what: "closed space" })?,
            },
            _ => return Err(StorageError::Corrupt { what: "state of a space" }),
        };
        Ok(Self {
            space_id: stored.space_id,
            state,
            epoch: stored.epoch,
            // A death weighs more than a freeze, and does not lift it.
            suspension: match (stored.deceased, stored.frozen) {
                (Some(true), _) => Some(Suspension::Deceased),
                (_, Some(true)) => Some(Suspension::Frozen),
                _ => None,
            },
            is_frozen: stored.frozen == Some(true),
            account: stored.account,
            heads: stored.heads.try_into()?,
            holder: stored.holder,
        })
    }
}
