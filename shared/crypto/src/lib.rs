//! Sealing, blind indexes, code and password hashes.
//!
//! For: every cryptographic act of the system, each in one place, on
//! `aws-lc-rs` and `argon2`. Must not know: AWS, HTTP, tokio, nor where keys
//! come from; keys, nonces' randomness and places are arguments. The layouts
//! are described in `docs/crypto.md` and above the code that writes them.

mod chain;
mod content;
mod mac;
mod merkle;
mod passkey;
mod password;
mod random;
mod sealed;
mod token;
mod totp;
mod vapid;

pub use chain::{ChainHash, ChainHead, HASH_BYTES};
pub use content::{
    CHUNK_BYTES, ContentKey, ContentPlace, ContentSealer, SealedRange, covering, open_content,
    seal_content, sealed_size,
};
pub use mac::{BlindIndex, MacKey, MacPurpose, TAG_BYTES, same_tag};
pub use merkle::{ANCHOR_SALT_BYTES, MerklePath, MerkleTree, anchored_leaf};
pub use passkey::{Ceremony, Passkey, PasskeyRefused, verify_assertion, verify_registration};
pub use password::{
    ARGON2_ITERATIONS, ARGON2_LANES, ARGON2_MEMORY_KIB, PasswordHash, PasswordHashError,
};
pub use random::SystemRandom;
pub use sealed::{OpenError, Place, SEALED_OVERHEAD_BYTES, SealError, SealingKey};
pub use token::{OpaqueToken, TokenDigest};
pub use totp::TotpSecret;
pub use vapid::{VapidError, VapidKey};

/// Bytes of every symmetric key: 256 bits.
pub const KEY_BYTES: usize = 32;
