//! One shard: the tree over every chain in it that grew; after the last shard, the anchor;
//! after the anchor, what it holds leaves the index.
//!
//! Must not know: how the shards were made.

use std::time::Duration;

use espace_crypto::{ANCHOR_SALT_BYTES, ChainHash, ChainHead, MerkleTree, anchored_leaf};
use espace_domain::decision::Chain;
use espace_domain::{RunId, SpaceId};
use espace_jobs::{JobContext, JobError, JobOutcome, QueueMessage};
use espace_storage::{ANCHOR_SHARDS, Anchor, AnchorProof, AnchorShard, Unanchored};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::App;
use crate::dispatch::{ShardMessage, Step};

/// Spaces asked for at once.
const PAGE: i32 = 500;
/// Spaces written at once: each waits mostly for the cloud.
const CONCURRENCY: usize = 16;
/// Most chains of one shard in one run, by the memory they take (some 2 KB each with
/// their proofs); those beyond are anchored by the next.
const LEAVES_MAX: usize = 100_000;
/// How long the right to do a shard alone lasts beyond the function's own end.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// A chain's leaf, and what opens it.
struct Leaf {
    space_id: SpaceId,
    chain: Chain,
    head: ChainHead,
    salt: [u8; ANCHOR_SALT_BYTES],
    hash: ChainHash,
}

/// Works on the messages one after the other; each fails alone.
pub(crate) async fn anchor_shards(
    app: &App,
    messages: Vec<QueueMessage>,
    context: &JobContext,
) -> JobOutcome {
    let mut outcome = JobOutcome::default();
    for message in messages {
        let shard = serde_json::from_value::<ShardMessage>(message.body.clone());
        let done = match shard {
            Ok(shard) => work(app, &shard, context).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        match done {
            Ok(anchored) => outcome.add("anchored", anchored),
            Err(error) => outcome.fail(&message, &error),
        }
    }
    outcome
}

/// Does a step of a shard; how many chains were anchored.
async fn work(app: &App, message: &ShardMessage, context: &JobContext) -> Result<u64, JobError> {
    if message.step == Step::Clear {
        // Done twice, it is done.
        return clear(app, message).await.map(|()| 0);
    }
    // A tree planted twice at once would leave the proofs of one and the root of the other.
    let lease = format!("anchor.{}.{:02}", message.run_id, message.shard);
    let until = context.stop_at.checked_add(LEASE_MARGIN).unwrap_or(context.stop_at);
    let holder = RunId::generate(app.random.as_ref());
    if !app.runs.lease(&lease, &holder, until, context.clock.now()).await? {
        return Err(JobError::Work("another is at work on this shard"));
    }
    let planted = plant_once(app, message).await;
    app.runs.release(&lease, &holder).await?;
    planted
}

/// Plants the tree of a shard, unless it stands; after the last, writes the anchor.
async fn plant_once(app: &App, message: &ShardMessage) -> Result<u64, JobError> {
    let number = u32::from(message.shard);
    let kept: Option<AnchorShard> = app.runs.result(&message.run_id, number).await?;
    let leaves = match kept {
        // Taken up after a kill: the tree stands.
        Some(tree) => tree.leaves,
        None => plant(app, message).await?,
    };
    app.runs.finish_shard(&message.run_id, number).await?;
    finish(app, message).await?;
    Ok(leaves)
}

/// Makes the tree of a shard, keeps what shows each leaf, then the root: killed in
/// between, nothing was promised. Nothing leaves the index before the anchor stands.
async fn plant(app: &App, message: &ShardMessage) -> Result<u64, JobError> {
    let mut leaves = Vec::new();
    let mut after = None;
    loop {
        let (found, next) = app.spaces.unanchored(message.shard, after, PAGE).await?;
        leaves.extend(found.iter().flat_map(|space| leaves_of(app, space)));
        after = next;
        if after.is_none() || leaves.len() >= LEAVES_MAX {
            break;
        }
    }
    let tree = MerkleTree::new(leaves.iter().map(|leaf| *leaf.hash.as_bytes()));
    let anchor = message.anchor();
    let proofs = leaves.iter().enumerate().map(|(index, leaf)| {
        let path = tree.path(index).ok_or(JobError::Work("a leaf without a path"))?;
        let (of, by) = ((&leaf.space_id, leaf.chain), (anchor.as_str(), message.as_of));
        let head = (&leaf.head, leaf.salt.as_slice());
        Ok::<_, JobError>(AnchorProof::new(of, by, message.shard, head, &path))
    });
    stream::iter(proofs)
        .try_for_each_concurrent(CONCURRENCY, |proof| async move {
            app.traces.put_proof(&proof).await.map_err(JobError::from)
        })
        .await?;
    let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let shard = u32::from(message.shard);
    let kept = AnchorShard { shard, leaves: count, root: tree.root().to_hex() };
    if !app.runs.keep_result(&message.run_id, shard, &kept).await? {
        return Err(JobError::Work("the shard's tree was kept by another"));
    }
    Ok(count)
}

/// The leaves of a space: one for each chain that grew.
fn leaves_of(app: &App, space: &Unanchored) -> Vec<Leaf> {
    let leaf = |(chain, head): &(Chain, ChainHead)| {
        let mut salt = [0; ANCHOR_SALT_BYTES];
        app.random.fill(&mut salt);
        let (space_id, chain, head) = (space.space_id.clone(), *chain, *head);
        let hash = anchored_leaf(&salt, space_id.as_str(), chain.name(), &head);
        Leaf { space_id, chain, head, salt, hash }
    };
    space.grown.iter().map(leaf).collect()
}

/// Writes the anchor once every shard's tree is kept, and has what it holds taken out of
/// the index. Whoever is last does it; done again, the first stands.
async fn finish(app: &App, message: &ShardMessage) -> Result<(), JobError> {
    let shards = u32::from(ANCHOR_SHARDS);
    let run = app.runs.find(&message.run_id).await?;
    if run.is_none_or(|run| run.shards_done < shards) {
        return Ok(());
    }
    let mut trees: Vec<AnchorShard> = Vec::new();
    for shard in 0..shards {
        let tree = app.runs.result(&message.run_id, shard).await?;
        trees.push(tree.ok_or(JobError::Work("a shard is done and its tree is not kept"))?);
    }
    let roots: Option<Vec<_>> = trees.iter().map(|tree| ChainHash::parse(&tree.root)).collect();
    let roots = roots.ok_or(JobError::Work("the root of a shard's tree is unreadable"))?;
    let root = MerkleTree::new(roots.iter().map(|root| *root.as_bytes())).root();
    let anchor = Anchor::new(&message.anchor(), message.as_of, root.to_hex(), trees);
    app.anchors.put(&anchor).await?;
    let clear = |shard| ShardMessage { shard, step: Step::Clear, ..message.clone() };
    let planted = anchor.shards.iter().filter(|tree| tree.leaves > 0);
    let planted = planted.filter_map(|tree| u8::try_from(tree.shard).ok());
    let messages: Vec<_> = planted.map(clear).collect();
    app.queue.send_all(&messages).await?;
    app.runs.finish_shard(&message.run_id, shards).await?;
    Ok(())
}

/// Takes out of the index what the anchor holds and what did not grow since.
async fn clear(app: &App, message: &ShardMessage) -> Result<(), JobError> {
    let anchor = message.anchor();
    let mut after = None;
    loop {
        let (found, next) = app.spaces.unanchored(message.shard, after, PAGE).await?;
        let anchor = anchor.as_str();
        let checks = stream::iter(found).map(|space| async move {
            for (chain, head) in &space.grown {
                let last = app.traces.last_proofs(&space.space_id, *chain, 1).await?.pop();
                let held =
                    last.is_some_and(|proof| proof.anchor == anchor && proof.head() == Some(*head));
                if !held {
                    return Ok(());
                }
            }
            app.spaces.anchored(&space).await
        });
        checks.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}
