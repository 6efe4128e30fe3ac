//! The chain of traces: each hash covers the one before, so that no trace can be
//! altered, removed, inserted or reordered without every later hash changing.
//!
//! ```text
//! hash(n) = SHA-256( "espace/trace/1"
//!                    ‖ part(space) ‖ part(chain)
//!                    ‖ n as 64 bits big endian
//!                    ‖ hash(n-1)            32 bytes; hash(0) is 32 zero bytes
//!                    ‖ part(content) )
//! part(x) = length of x as 32 bits big endian ‖ x
//! ```
//!
//! `content` is the trace's JSON text, byte for byte as it was first written; its random
//! salt keeps the hash, which is stored in clear, from being guessed. The format of a
//! downloaded log is in `docs/access-log.md`. Must not know what a trace says, nor who
//! may see it.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// What is hashed first, so that nothing else hashes to the same.
const LABEL: &[u8] = b"espace/trace/1";

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ChainHash([u8; HASH_BYTES]);

/// How far a chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainHead {
    /// The number of the last trace; 0 before the first.
    pub sequence: u64,
    /// Its hash.
    pub hash: ChainHash,
}

impl ChainHash {
    /// Takes 32 bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_slice(&HEXLOWER.decode(text.as_bytes()).ok()?)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// The hexadecimal digits.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl ChainHead {
    /// The head once `content` is added to `chain` of `space`.
    #[must_use]
    pub fn extended(self, space: &str, chain: &str, content: &[u8]) -> Self {
        let sequence = self.sequence + 1;
        let mut hashed = Context::new(&SHA256);
        hashed.update(LABEL);
        for text in [space, chain] {
            hashed.update(&length(text.as_bytes()));
            hashed.update(text.as_bytes());
        }
        hashed.update(&sequence.to_be_bytes());
        hashed.update(&self.hash.0);
        hashed.update(&length(content));
        hashed.update(content);
        Self { sequence, hash: finished(hashed) }
    }
}

/// A length as 32 bits big endian. Nothing hashed comes near 4 GiB.
pub(crate) fn length(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The hash of what a context was given.
pub(crate) fn finished(context: Context) -> ChainHash {
    let mut hash = [0; HASH_BYTES];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    ChainHash(hash)
}

impl std::fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}
