//! One shard: the tree over every space in it that grew; and, after the last, the anchor.
//!
//! Must not know: how the shards were made.

use std::time::Duration;

use espace_crypto::{
    ANCHOR_SALT_BYTES, ChainHash, ChainHead, MerkleTree, anchored_leaf, commitment,
};
use espace_domain::RunId;
use espace_domain::decision::Chain;
use espace_jobs::{JobContext, JobError, JobOutcome, QueueMessage};
use espace_storage::{ANCHOR_SHARDS, Anchor, AnchorProof, AnchorShard, AnchoredHead, Unanchored};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::App;
use crate::dispatch::ShardMessage;

/// Spaces asked for at once.
const PAGE: i32 = 500;
/// Spaces written at once: each waits mostly for the cloud.
const CONCURRENCY: usize = 16;
/// Most spaces of one shard in one run, by the memory they take (some 500 bytes each);
/// those beyond are anchored by the next.
const SPACES_MAX: usize = 100_000;
/// How long the right to do a shard alone lasts beyond the function's own end.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// A space's leaf, and what opens it.
struct Leaf {
    space: Unanchored,
    heads: Vec<AnchoredHead>,
    bytes: Vec<u8>,
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
            Ok(shard) => anchor_shard(app, &shard, context).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        match done {
            Ok(anchored) => outcome.add("anchored", anchored),
            Err(error) => outcome.fail(&message, &error),
        }
    }
    outcome
}

/// Anchors a shard; how many spaces.
async fn anchor_shard(
    app: &App,
    message: &ShardMessage,
    context: &JobContext,
) -> Result<u64, JobError> {
    // A message delivered twice at once would leave the proofs of one tree and the root
    // of the other.
    let lease = format!("anchor.{}.{:02}", message.run_id, message.shard);
    let until = context.stop_at.checked_add(LEASE_MARGIN).unwrap_or(context.stop_at);
    let holder = RunId::generate(app.random.as_ref());
    if !app.runs.lease(&lease, &holder, until, context.clock.now()).await? {
        return Err(JobError::Work("another is at work on this shard"));
    }
    let number = u32::from(message.shard);
    let kept: Option<AnchorShard> = app.runs.result(&message.run_id, number).await?;
    let leaves = match kept {
        // Taken up after a kill: the tree stands, its spaces have perhaps not left the
        // index.
        Some(tree) => {
            take_out_kept(app, message).await?;
            tree.leaves
        }
        None => plant(app, message).await?,
    };
    app.runs.finish_shard(&message.run_id, number).await?;
    finish(app, message).await?;
    Ok(leaves)
}

/// Makes the tree of a shard, keeps what shows each leaf, then the root, then takes the
/// spaces out of the index: killed in between, nothing was promised.
async fn plant(app: &App, message: &ShardMessage) -> Result<u64, JobError> {
    let mut leaves = Vec::new();
    let mut after = None;
    loop {
        let (found, next) = app.spaces.unanchored(message.shard, after, PAGE).await?;
        leaves.extend(found.into_iter().map(|space| leaf(app, space)));
        after = next;
        if after.is_none() || leaves.len() >= SPACES_MAX {
            break;
        }
    }
    let tree = MerkleTree::new(leaves.iter().map(|leaf| &leaf.bytes));
    let anchor = message.anchor();
    let proof = |(index, leaf): (usize, &Leaf)| {
        let path = tree.path(index).ok_or(JobError::Work("a leaf without a path"))?;
        let space_id = leaf.space.space_id.clone();
        let heads = leaf.heads.clone();
        Ok::<_, JobError>(AnchorProof::new(
            space_id,
            &anchor,
            message.as_of,
            message.shard,
            heads,
            &path,
        ))
    };
    let proofs = leaves.iter().enumerate().map(proof).collect::<Result<Vec<_>, _>>()?;
    stream::iter(proofs.iter().map(Ok))
        .try_for_each_concurrent(CONCURRENCY, |proof| app.traces.put_proof(proof))
        .await?;
    let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let kept =
        AnchorShard { shard: u32::from(message.shard), leaves: count, root: tree.root().to_hex() };
    if !app.runs.keep_result(&message.run_id, kept.shard, &kept).await? {
        return Err(JobError::Work("the shard's tree was kept by another"));
    }
    stream::iter(leaves.iter().map(Ok))
        .try_for_each_concurrent(CONCURRENCY, |leaf| app.spaces.anchored(&leaf.space))
        .await?;
    Ok(count)
}

/// The leaf of a space, each chain's head salted.
fn leaf(app: &App, space: Unanchored) -> Leaf {
    let mut heads = Vec::new();
    let mut commitments = Vec::new();
    for chain in Chain::ALL {
        let head: ChainHead = space.heads.of(chain);
        let mut salt = [0; ANCHOR_SALT_BYTES];
        app.random.fill(&mut salt);
        commitments.push(commitment(&salt, &head));
        heads.push(AnchoredHead {
            salt: salt.to_vec(),
            sequence: head.sequence,
            hash: head.hash.as_bytes().to_vec(),
        });
    }
    let bytes = anchored_leaf(&commitments);
    Leaf { space, heads, bytes }
}

/// Takes out of the index what a killed run had anchored and not taken out.
async fn take_out_kept(app: &App, message: &ShardMessage) -> Result<(), JobError> {
    let anchor = message.anchor();
    let mut after = None;
    loop {
        let (found, next) = app.spaces.unanchored(message.shard, after, PAGE).await?;
        let anchor = anchor.as_str();
        let checks = stream::iter(found).map(|space| async move {
            let proof = app.traces.last_proofs(&space.space_id, 1).await?.pop();
            let same = proof.is_some_and(|proof| {
                let heads = Chain::ALL.iter().zip(&proof.heads);
                let mut heads =
                    heads.map(|(chain, head)| space.heads.of(*chain).sequence == head.sequence);
                proof.anchor == anchor && heads.all(|same| same)
            });
            if same { app.spaces.anchored(&space).await } else { Ok(()) }
        });
        checks.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Writes the anchor once every shard's tree is kept. Whoever is last does it; done
/// again, the first stands.
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
    app.runs.finish_shard(&message.run_id, shards).await?;
    Ok(())
}
