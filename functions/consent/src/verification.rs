//! `GET /v1/spaces/{spaceId}/access-log/verification`: whether the log is whole.
//!
//! Must not know: who did what.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Visit;
use espace_crypto::{
    ANCHOR_SALT_BYTES, ChainHash, ChainHead, MerklePath, MerkleTree, SealingKey, anchored_leaf,
};
use espace_domain::decision::Chain;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{Anchor, AnchorProof, Space, StorageError};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::access_log::enter;
use crate::shown::{shown_chain, shown_head};

/// Most traces of one chain that are read again at once: the newest.
const VERIFIED_MAX: u64 = 20_000;
/// Traces asked for at once.
const PAGE: i32 = 500;
/// Proofs looked at, newest first: that of a run which is not over has no anchor yet.
const PROOFS_MAX: i32 = 5;

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verification {
    /// Whether every trace read again is where and what it was.
    intact: bool,
    /// How far the ordinary chain has come.
    head: HeadView,
    /// When the ordinary chain was last anchored where nobody can change it.
    anchored_at: Option<Timestamp>,
    /// Which anchor: `GET /v1/anchors/{anchor}`.
    anchor: Option<String>,
    /// Each chain the caller may see.
    chains: Vec<ChainView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeadView {
    sequence: u64,
    hash: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChainView {
    #[schema(value_type = String)]
    chain: Chain,
    intact: bool,
    /// Traces read again: all, or the newest 20,000.
    verified: u64,
    head: HeadView,
    anchored_at: Option<Timestamp>,
    anchor: Option<String>,
}

/// Reads the log again from its seals, and compares it with its hashes, its head and its
/// last anchor.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/access-log/verification",
    operation_id = "verifyAccessLog", tag = "consent", params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = Verification),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<Verification>, Problem> {
    let (visit, permit) = enter(&app, &bearer, &space_id).await?;
    let key = &visit.opened(&permit)?.trace_key;
    // The reading itself may have been traced.
    let mut space = read_space(&app, &visit).await?;
    let mut chains = Vec::new();
    for chain in Chain::ALL.into_iter().filter(|chain| shown_chain(&visit, Some(*chain)).is_ok()) {
        let mut head = shown_head(&app, (&visit, &permit), &space, chain).await?;
        if chain.is_pending() && head.sequence == 0 {
            // Nothing of it is shown: not even that it is there.
            continue;
        }
        let proof = anchored(&app, &visit, chain, head.sequence).await?;
        let last = proof.as_ref().map(|(proof, _)| proof.head());
        if last.flatten().is_some_and(|last| last.sequence > head.sequence) {
            // Written and anchored since the space was read; else its end was cut off.
            space = read_space(&app, &visit).await?;
            head = shown_head(&app, (&visit, &permit), &space, chain).await?;
        }
        let (verified, whole) =
            read_again(&app, (&visit, key), chain, head, last.flatten()).await?;
        // A proof that does not say how far the chain had come proves nothing.
        let proven = last.is_none_or(|head| head.is_some())
            && proof.as_ref().is_none_or(|(proof, anchor)| stands(&visit, chain, proof, anchor));
        let proof = proof.map(|(proof, _)| proof);
        chains.push(ChainView {
            chain,
            intact: whole && proven,
            verified,
            head: head.into(),
            anchored_at: proof.as_ref().map(|proof| proof.anchored_at),
            anchor: proof.map(|proof| proof.anchor),
        });
    }
    let ordinary = chains.iter().find(|view| view.chain == Chain::Ordinary);
    Ok(Json(Verification {
        intact: chains.iter().all(|chain| chain.intact),
        head: space.heads().of(Chain::Ordinary).into(),
        anchored_at: ordinary.and_then(|view| view.anchored_at),
        anchor: ordinary.and_then(|view| view.anchor.clone()),
        chains,
    }))
}

async fn read_space(app: &App, visit: &Visit) -> Result<Space, Problem> {
    let space = app.guard.acts().spaces().find(&visit.space_id).await?;
    Ok(space.ok_or(ProblemKind::NotFound)?)
}

/// The last proof of a chain whose anchor is there, of a waiting one within what is shown. One whose run is not over, or was cut
/// off, has none yet; an anchor that is there cannot go.
pub(crate) async fn anchored(
    app: &App,
    visit: &Visit,
    chain: Chain,
    shown: u64,
) -> Result<Option<(AnchorProof, Anchor)>, Problem> {
    let traces = app.guard.acts().traces();
    for proof in traces.last_proofs(&visit.space_id, chain, PROOFS_MAX).await? {
        if chain.is_pending() && proof.sequence > shown {
            // It tells of more than is shown.
            continue;
        }
        if let Some(anchor) = app.anchors.find(&proof.anchor).await? {
            return Ok(Some((proof, anchor)));
        }
    }
    Ok(None)
}

/// Reads a chain again up to its head, through what was anchored of it; how many traces
/// were read, and whether all is as it was.
async fn read_again(
    app: &App,
    (visit, key): (&Visit, &SealingKey),
    chain: Chain,
    head: ChainHead,
    anchored: Option<ChainHead>,
) -> Result<(u64, bool), Problem> {
    let traces = app.guard.acts().traces();
    let first = head.sequence.saturating_sub(VERIFIED_MAX) + 1;
    let mut reached: Option<ChainHead> = (first == 1).then(ChainHead::default);
    let mut passed = anchored.is_none_or(|anchored| anchored.sequence < first);
    let mut from = Some(first).filter(|_| head.sequence > 0);
    let mut verified = 0;
    while let Some(start) = from {
        let page = traces.oldest(&visit.space_id, chain, start, PAGE, key).await;
        let (found, next) = match page {
            Ok(page) => page,
            // A seal that does not open is a trace that was altered.
            Err(StorageError::Corrupt { .. }) => return Ok((verified, false)),
            Err(error) => return Err(error.into()),
        };
        for trace in found {
            if trace.head.sequence > head.sequence {
                // Written while this was read.
                break;
            }
            let before = reached
                .unwrap_or(ChainHead { sequence: trace.head.sequence - 1, hash: trace.previous });
            let content = trace.content.as_bytes();
            let computed = before.extended(visit.space_id.as_str(), chain.name(), content);
            if computed != trace.head || before.hash != trace.previous {
                return Ok((verified, false));
            }
            passed |= anchored == Some(computed);
            reached = Some(computed);
            verified += 1;
        }
        from = next.filter(|next| *next <= head.sequence);
    }
    Ok((verified, passed && reached.unwrap_or_default() == head))
}

/// Whether a proof leads to its anchor's root.
fn stands(visit: &Visit, chain: Chain, proof: &AnchorProof, anchor: &Anchor) -> bool {
    let leads = || {
        let salt: &[u8; ANCHOR_SALT_BYTES] = proof.salt.as_slice().try_into().ok()?;
        let leaf = anchored_leaf(salt, visit.space_id.as_str(), chain.name(), &proof.head()?);
        let siblings = proof.path.iter().map(|hash| ChainHash::from_slice(hash));
        let siblings = siblings.collect::<Option<Vec<_>>>()?;
        let path = MerklePath { index: proof.leaf, leaves: proof.leaves, siblings };
        let root = path.root(leaf.as_bytes())?;
        let shard = anchor.shards.iter().find(|shard| shard.shard == u32::from(proof.shard))?;
        let roots: Option<Vec<_>> =
            anchor.shards.iter().map(|shard| ChainHash::parse(&shard.root)).collect();
        let whole = MerkleTree::new(roots?.iter().map(|root| *root.as_bytes())).root();
        Some(root.to_hex() == shard.root && whole.to_hex() == anchor.root)
    };
    leads().unwrap_or(false)
}

impl From<ChainHead> for HeadView {
    fn from(head: ChainHead) -> Self {
        Self { sequence: head.sequence, hash: head.hash.to_hex() }
    }
}
