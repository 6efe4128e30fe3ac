//! Which spaces' chains of traces grew since they were anchored: a sparse index of the spaces
//! themselves. Must not know what an anchor is.

use aws_sdk_dynamodb::types::AttributeValue;
use espace_crypto::ChainHead;
use espace_domain::SpaceId;
use espace_domain::decision::Chain;
use serde::Deserialize;

use crate::due::{shard_name, shard_of};
use crate::space_item::{Heads, HeadsItem, head_attribute};
use crate::spaces::key;
use crate::table::{Item, Query, item, n, read, s};
use crate::{Spaces, StorageError};

/// The sparse index of spaces whose chains of traces grew since they were anchored.
const UNANCHORED_INDEX: &str = "unanchored";
/// Shards of that index: 64 partitions of 1,000 writes a second each.
pub const ANCHOR_SHARDS: u8 = 64;

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

impl Spaces {
    /// A page of the spaces of a shard whose chains grew since they were anchored.
    pub async fn unanchored(
        &self,
        shard: u8,
        after: Option<UnanchoredPage>,
        limit: i32,
    ) -> Result<(Vec<Unanchored>, Option<UnanchoredPage>), StorageError> {
        let (items, more) = self
            .table()
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
        self.table().update(key, update, &condition, values).await.map(|_| ())
    }
}

/// The shard of a space in the index of those to be anchored.
pub(crate) fn anchor_shard(space_id: &SpaceId) -> String {
    shard_of(space_id.as_str(), ANCHOR_SHARDS)
}
