//! `GET /v1/spaces/{spaceId}/access-log/verification`: whether the log is whole.
//!
//! Must not know: who did what.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Visit;
use espace_crypto::{
    ANCHOR_SALT_BYTES, ChainHash, ChainHead, MerklePath, MerkleTree, anchored_leaf, commitment,
};
use espace_domain::decision::Chain;
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::{Anchor, AnchorProof, StorageError};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::access_log::{enter, shown_chain};

/// Most traces of one chain that are read again at once: the newest.
const VERIFIED_MAX: u64 = 20_000;
/// Traces asked for at once.
const PAGE: i32 = 500;
/// Proofs looked at, newest first.
const PROOFS_MAX: i32 = 3;
/// Seconds within which a run of the job writes its anchor.
const IN_THE_MAKING_S: i64 = 6 * 3_600;

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verification {
    /// Whether every trace read again is where and what it was.
    intact: bool,
    /// How far the ordinary chain has come.
    head: HeadView,
    /// Each chain the caller may see.
    chains: Vec<ChainView>,
    /// When the chains were last anchored where nobody can change it.
    anchored_at: Option<Timestamp>,
    /// Which anchor: `GET /v1/anchors/{anchor}`.
    anchor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeadView {
    sequence: u64,
    hash: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChainView {
    #[schema(value_type = String)]
    chain: Chain,
    intact: bool,
    /// Traces read again: all, or the newest 20,000.
    verified: u64,
    head: HeadView,
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
    let visit = enter(&app, &bearer, &space_id).await?;
    // The reading itself may have been traced.
    let spaces = app.guard.acts().spaces();
    let space = spaces.find(&visit.space_id).await?;
    let heads = *space
        .as_ref()
        .map_or_else(|| visit.opened().map(|o| o.space.heads()), |s| Ok(s.heads()))?;
    let (proof, anchor_lacks) = anchored(&app, &visit).await?;
    let mut chains = Vec::new();
    for chain in Chain::ALL.into_iter().filter(|chain| shown_chain(&visit, Some(*chain)).is_ok()) {
        let head = heads.of(chain);
        let last = proof.as_ref().map(|(proof, _)| anchored_head(proof, chain));
        let (verified, whole) = read_again(&app, &visit, chain, head, last.flatten()).await?;
        // A proof that does not say how far the chain had come proves nothing.
        let proven = last.is_none_or(|head| head.is_some())
            && proof.as_ref().is_none_or(|(proof, anchor)| stands(proof, anchor));
        let intact = whole && proven && !anchor_lacks;
        chains.push(ChainView { chain, intact, verified, head: head.into() });
    }
    let proof = proof.map(|(proof, _)| proof);
    Ok(Json(Verification {
        intact: chains.iter().all(|chain| chain.intact),
        head: heads.of(Chain::Ordinary).into(),
        chains,
        anchored_at: proof.as_ref().map(|proof| proof.anchored_at),
        anchor: proof.map(|proof| proof.anchor),
    }))
}

/// The last proof whose anchor is there, and whether one lacks its anchor: that of today
/// may be in the making, an older one's cannot have gone by itself.
pub(crate) async fn anchored(
    app: &App,
    visit: &Visit,
) -> Result<(Option<(AnchorProof, Anchor)>, bool), Problem> {
    let proofs = app.guard.acts().traces().last_proofs(&visit.space_id, PROOFS_MAX).await?;
    for proof in proofs {
        if let Some(anchor) = app.anchors.find(&proof.anchor).await? {
            return Ok((Some((proof, anchor)), false));
        }
        if visit.now.as_second() - proof.anchored_at.as_second() > IN_THE_MAKING_S {
            return Ok((None, true));
        }
    }
    Ok((None, false))
}

/// Reads a chain again up to its head, through what was anchored of it; how many traces
/// were read, and whether all is as it was.
async fn read_again(
    app: &App,
    visit: &Visit,
    chain: Chain,
    head: ChainHead,
    anchored: Option<ChainHead>,
) -> Result<(u64, bool), Problem> {
    let key = &visit.opened()?.trace_key;
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

/// How far a chain had come when it was anchored; `None` where the proof does not say.
fn anchored_head(proof: &AnchorProof, chain: Chain) -> Option<ChainHead> {
    let position = Chain::ALL.iter().position(|other| *other == chain)?;
    let head = proof.heads.get(position)?;
    Some(ChainHead { sequence: head.sequence, hash: ChainHash::from_slice(&head.hash)? })
}

/// Whether a proof leads to its anchor's root.
fn stands(proof: &AnchorProof, anchor: &Anchor) -> bool {
    let leads = || {
        let commitments = commitments(proof)?;
        let siblings = proof.path.iter().map(|hash| ChainHash::from_slice(hash));
        let siblings = siblings.collect::<Option<Vec<_>>>()?;
        let path = MerklePath { index: proof.leaf, leaves: proof.leaves, siblings };
        let root = path.root(&anchored_leaf(&commitments))?;
        let shard = anchor.shards.iter().find(|shard| shard.shard == u32::from(proof.shard))?;
        let roots: Option<Vec<_>> =
            anchor.shards.iter().map(|shard| ChainHash::parse(&shard.root)).collect();
        let whole = MerkleTree::new(roots?.iter().map(|root| *root.as_bytes())).root();
        Some(root.to_hex() == shard.root && whole.to_hex() == anchor.root)
    };
    leads().unwrap_or(false)
}

/// The commitments of a proof's heads.
pub(crate) fn commitments(proof: &AnchorProof) -> Option<Vec<ChainHash>> {
    let of = |head: &espace_storage::AnchoredHead| {
        let salt: &[u8; ANCHOR_SALT_BYTES] = head.salt.as_slice().try_into().ok()?;
        let hash = ChainHash::from_slice(&head.hash)?;
        Some(commitment(salt, &ChainHead { sequence: head.sequence, hash }))
    };
    proof.heads.iter().map(of).collect()
}

impl From<ChainHead> for HeadView {
    fn from(head: ChainHead) -> Self {
        Self { sequence: head.sequence, hash: head.hash.to_hex() }
    }
}
