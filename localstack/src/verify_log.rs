//! Verifying a downloaded log offline, with only the file and the anchor: nothing of the
//! system is asked. The format is in `docs/access-log.md`. Must not know the system.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use espace_crypto::{
    ANCHOR_SALT_BYTES, ChainHash, ChainHead, MerklePath, MerkleTree, anchored_leaf,
};
use serde::Deserialize;
use serde_json::Value;

/// The formats that are read.
const LOG_FORMAT: &str = "espace-access-log/1";
const ANCHOR_FORMAT: &str = "espace-anchor/1";

/// What a good log came to.
#[derive(Debug)]
pub struct Verified {
    /// Traces whose place and content are proven by the chain.
    pub traces: u64,
    /// The anchor that holds it, and up to which trace.
    pub anchored: Option<(String, u64)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileHead {
    format: String,
    space_id: String,
    chain: String,
    part: u64,
    parts: u64,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sequence: u64,
    hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    sequence: u64,
    previous_hash: String,
    hash: String,
    content: String,
}

#[derive(Deserialize)]
struct ProofLine {
    proof: Proof,
}

#[derive(Deserialize)]
struct Proof {
    anchor: String,
    shard: u32,
    leaf: u64,
    leaves: u64,
    path: Vec<String>,
    sequence: u64,
    hash: String,
    salt: String,
}

#[derive(Deserialize)]
struct AnchorFile {
    format: String,
    anchor: String,
    root: String,
    shards: Vec<Shard>,
}

#[derive(Deserialize)]
struct Shard {
    shard: u32,
    root: String,
}

/// Verifies the parts of one chain, in order, and that the anchor holds it where one is
/// given.
pub fn verify(files: &[PathBuf], anchor: Option<&Path>) -> Result<Verified> {
    let mut reached = ChainHead::default();
    let (mut known, mut proof) = (None::<FileHead>, None::<Proof>);
    let mut passed = Vec::new();
    for (number, file) in (1..).zip(files) {
        let text = fs::read_to_string(file).context("the log is not readable")?;
        let mut lines = text.lines();
        let head: FileHead = serde_json::from_str(lines.next().context("the log is empty")?)?;
        ensure!(head.format == LOG_FORMAT, "not a log of this format");
        ensure!(head.part == number, "part {} stands where part {number} should", head.part);
        if let Some(before) = &known {
            let same = before.space_id == head.space_id && before.chain == head.chain;
            ensure!(same, "the parts are of different logs");
        }
        for line in lines {
            let value: Value = serde_json::from_str(line)?;
            if value.get("proof").is_some() {
                let line: ProofLine = serde_json::from_value(value)?;
                proof = Some(line.proof);
                continue;
            }
            let line: Line = serde_json::from_value(value)?;
            ensure!(
                line.sequence == reached.sequence + 1,
                "a trace before {} lacks",
                line.sequence
            );
            ensure!(
                line.previous_hash == reached.hash.to_hex(),
                "{} is not in place",
                line.sequence
            );
            reached = reached.extended(&head.space_id, &head.chain, line.content.as_bytes());
            ensure!(line.hash == reached.hash.to_hex(), "trace {} was altered", line.sequence);
            passed.push(reached);
        }
        known = Some(head);
    }
    let head = known.context("no file")?;
    ensure!(head.parts == u64::try_from(files.len())?, "there are {} parts", head.parts);
    let end = (head.head.sequence, head.head.hash.as_str());
    ensure!(end == (reached.sequence, &reached.hash.to_hex()), "the end of the log lacks");
    let anchored = match (anchor, proof) {
        (None, _) => None,
        (Some(_), None) => bail!("the log holds no proof of an anchor"),
        (Some(anchor), Some(proof)) => {
            let anchor: AnchorFile = serde_json::from_str(&fs::read_to_string(anchor)?)?;
            let last = last_held(&head, &proof, &anchor, &passed)?;
            Some((anchor.anchor, last))
        }
    };
    Ok(Verified { traces: reached.sequence, anchored })
}

/// Up to which trace an anchor holds the chain.
fn last_held(
    file: &FileHead,
    proof: &Proof,
    anchor: &AnchorFile,
    passed: &[ChainHead],
) -> Result<u64> {
    let hash = |text: &str| ChainHash::parse(text).context("not a hash");
    ensure!(anchor.format == ANCHOR_FORMAT, "not an anchor of this format");
    ensure!(anchor.anchor == proof.anchor, "the proof is of anchor {}", proof.anchor);
    let head = ChainHead { sequence: proof.sequence, hash: hash(&proof.hash)? };
    let is_passed = head == ChainHead::default() || passed.contains(&head);
    ensure!(is_passed, "the log is not what was anchored");
    let salt = data_encoding::HEXLOWER.decode(proof.salt.as_bytes())?;
    let salt: [u8; ANCHOR_SALT_BYTES] = salt.as_slice().try_into().context("not a salt")?;
    let leaf = anchored_leaf(&salt, &file.space_id, &file.chain, &head);
    let siblings = proof.path.iter().map(|text| hash(text)).collect::<Result<Vec<_>>>()?;
    let path = MerklePath { index: proof.leaf, leaves: proof.leaves, siblings };
    let root = path.root(leaf.as_bytes()).context("not a path")?;
    let shard = anchor.shards.iter().find(|shard| shard.shard == proof.shard);
    ensure!(shard.is_some_and(|shard| shard.root == root.to_hex()), "the anchor holds another log");
    let roots = anchor.shards.iter().map(|shard| hash(&shard.root)).collect::<Result<Vec<_>>>()?;
    let whole = MerkleTree::new(roots.iter().map(|root| *root.as_bytes())).root();
    ensure!(whole.to_hex() == anchor.root, "the anchor's own root is wrong");
    Ok(proof.sequence)
}
