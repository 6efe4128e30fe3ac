//! Merkle trees (RFC 9162 section 2.1): one root stands for many leaves, and a path of
//! a few hashes shows that a leaf is under it.
//!
//! ```text
//! leaf(x)    = SHA-256(0x00 ‖ x)
//! node(l, r) = SHA-256(0x01 ‖ l ‖ r)
//! ```
//!
//! A level of odd length passes its last hash up unchanged, which gives the tree of the
//! RFC. The root over no leaf is the SHA-256 of nothing.
//!
//! What is anchored of a chain is a salted commitment to how far it had come: who sees
//! the tree learns nothing, and who is shown one chain's leaf learns nothing of others.
//!
//! ```text
//! anchored(chain) = SHA-256( "espace/head/1" ‖ salt (32 bytes)
//!                            ‖ part(space) ‖ part(chain)
//!                            ‖ sequence as 64 bits big endian ‖ hash )
//! ```
//!
//! Must not know what the leaves stand for.

use aws_lc_rs::digest::{Context, SHA256};

use crate::chain::{finished, length};
use crate::{ChainHash, ChainHead};

/// Bytes of a leaf's salt.
pub const ANCHOR_SALT_BYTES: usize = 32;
/// Levels of the largest tree whose paths are verified: 2⁴⁰ leaves.
const LEVELS_MAX: usize = 40;

/// A tree, level by level from the leaves.
#[derive(Debug, Clone)]
pub struct MerkleTree {
    levels: Vec<Vec<ChainHash>>,
}

/// Where a leaf stands and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerklePath {
    /// The leaf's number, from 0.
    pub index: u64,
    /// Leaves in the tree.
    pub leaves: u64,
    /// The hashes beside the way up.
    pub siblings: Vec<ChainHash>,
}

impl MerkleTree {
    /// The tree over some leaves' bytes.
    pub fn new<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Self {
        let mut level: Vec<_> = leaves.into_iter().map(|leaf| hash(0, &[leaf.as_ref()])).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let next = level
                .chunks(2)
                .filter_map(|pair| match pair {
                    [left, right] => Some(node(left, right)),
                    [alone] => Some(*alone),
                    _ => None,
                })
                .collect();
            levels.push(std::mem::replace(&mut level, next));
        }
        levels.push(level);
        Self { levels }
    }

    /// The root.
    pub fn root(&self) -> ChainHash {
        let top = self.levels.last().and_then(|level| level.first()).copied();
        top.unwrap_or_else(|| finished(Context::new(&SHA256)))
    }

    /// What shows leaf `index`; `None` beyond the last.
    pub fn path(&self, index: usize) -> Option<MerklePath> {
        let leaves = self.levels.first().map_or(0, Vec::len);
        if index >= leaves {
            return None;
        }
        let mut position = index;
        let mut siblings = Vec::new();
        for level in &self.levels {
            if let Some(sibling) = level.get(position ^ 1) {
                siblings.push(*sibling);
            }
            position /= 2;
        }
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Some(MerklePath { index: number(index), leaves: number(leaves), siblings })
    }
}

impl MerklePath {
    /// The root that `leaf` has by this path; `None` where the path is not one.
    pub fn root(&self, leaf: &[u8]) -> Option<ChainHash> {
        if self.index >= self.leaves || self.siblings.len() > LEVELS_MAX {
            return None;
        }
        let (mut position, mut last) = (self.index, self.leaves - 1);
        let mut hash = hash(0, &[leaf]);
        let mut siblings = self.siblings.iter();
        while last > 0 {
            if position % 2 == 1 {
                hash = node(siblings.next()?, &hash);
            } else if position < last {
                hash = node(&hash, siblings.next()?);
            }
            (position, last) = (position / 2, last / 2);
        }
        siblings.next().is_none().then_some(hash)
    }
}

/// The leaf of a chain: the salted hash of where it stands and how far it had come.
pub fn anchored_leaf(
    salt: &[u8; ANCHOR_SALT_BYTES],
    space: &str,
    chain: &str,
    head: &ChainHead,
) -> ChainHash {
    let mut hashed = Context::new(&SHA256);
    hashed.update(b"espace/head/1");
    hashed.update(salt);
    for text in [space, chain] {
        hashed.update(&length(text.as_bytes()));
        hashed.update(text.as_bytes());
    }
    hashed.update(&head.sequence.to_be_bytes());
    hashed.update(head.hash.as_bytes());
    finished(hashed)
}

fn node(left: &ChainHash, right: &ChainHash) -> ChainHash {
    hash(1, &[left.as_bytes(), right.as_bytes()])
}

fn hash(kind: u8, parts: &[&[u8]]) -> ChainHash {
    let mut context = Context::new(&SHA256);
    context.update(&[kind]);
    for part in parts {
        context.update(part);
    }
    finished(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_is_shown_and_no_other_passes_for_it() {
        for size in 0..40_usize {
            let leaves: Vec<_> = (0..size).map(usize::to_be_bytes).collect();
            let tree = MerkleTree::new(&leaves);
            assert!(tree.path(size).is_none());
            for (index, leaf) in leaves.iter().enumerate() {
                let path = tree.path(index).unwrap();
                assert_eq!(path.root(leaf), Some(tree.root()), "{index} of {size}");
                assert_ne!(path.root(b"another"), Some(tree.root()));
                let moved = MerklePath { index: path.index ^ 1, ..path.clone() };
                assert_ne!(moved.root(leaf), Some(tree.root()));
                let mut longer = path.clone();
                longer.siblings.push(ChainHash::default());
                assert_eq!(longer.root(leaf), None);
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_rfc() {
        // Published vectors of Certificate Transparency (RFC 6962 trees): the leaves
        // "", 00, 10.
        let hex = |root: ChainHash| root.to_hex();
        let empty: [&[u8]; 0] = [];
        assert_eq!(
            hex(MerkleTree::new(empty).root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let leaves: [&[u8]; 3] = [b"", b"\x00", b"\x10"];
        let root = |n: usize| hex(MerkleTree::new(leaves.iter().take(n)).root());
        assert_eq!(root(1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(root(2), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        assert_eq!(root(3), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
    }
}
