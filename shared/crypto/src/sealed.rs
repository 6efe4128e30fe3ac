//! Sealing one attribute to its place.
//!
//! `seal[key](place, plaintext)` is AES-256-GCM (NIST SP 800-38D) with a random
//! 96-bit nonce; the place (table, item key, attribute) is the associated data,
//! each part preceded by its length, so that a ciphertext moved to another row
//! or column does not open. Layout, version 1:
//!
//! ```text
//! offset 0    1 byte    0x01, the version of this layout
//! offset 1   12 bytes   nonce, random
//! offset 13   n bytes   ciphertext, as long as the plaintext
//! offset 13+n 16 bytes  tag
//! ```
//!
//! Random nonces limit one key to 2³² seals (SP 800-38D section 8.3: collision
//! probability below 2⁻³²). A space's key seals at most some 10⁵ attributes in
//! its life; the sharded registry and outbox keys some 10⁶ each a national
//! campaign: thousands of campaigns before the limit.
//!
//! Must not know who holds the key nor what the plaintext means.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use espace_domain::Random;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::KEY_BYTES;

/// The layout written today.
const VERSION: u8 = 1;
/// Bytes of the tag.
const TAG_BYTES: usize = 16;
/// Bytes that sealing adds to a plaintext.
pub const SEALED_OVERHEAD_BYTES: usize = 1 + NONCE_LEN + TAG_BYTES;

/// A key that seals attributes. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealingKey([u8; KEY_BYTES]);

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The logical name of the table, the same in every stack.
    pub table: &'a str,
    /// The item's key.
    pub key: &'a str,
    /// The attribute's name.
    pub attribute: &'a str,
}

/// Sealing failed: the plaintext is larger than the cipher allows (64 GiB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot seal")]
pub struct SealError;

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Written by a later version of this program.
    #[error("unknown layout version {0}")]
    UnknownVersion(u8),
    /// Shorter than its own frame.
    #[error("truncated")]
    Truncated,
    /// Altered, moved from another place, or sealed under another key.
    #[error("not authentic")]
    NotAuthentic,
}

impl Place<'_> {
    /// The associated data: each part preceded by its length (32 bits, big
    /// endian), so that no two places give the same bytes.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for part in [self.table, self.key, self.attribute] {
            data.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend(part.as_bytes());
        }
        data
    }
}

impl SealingKey {
    /// Takes 32 bytes that KMS drew.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads 32 bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Seals `plaintext` to `place`.
    pub fn seal(
        &self,
        place: Place<'_>,
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(plaintext.len() + SEALED_OVERHEAD_BYTES);
        let mut body = plaintext.to_vec();
        self.cipher()
            .ok_or(SealError)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.associated_data()),
                &mut body,
            )
            .map_err(|_| SealError)?;
        sealed.push(VERSION);
        sealed.extend(nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] sealed to the same place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (version, rest) = sealed.split_first().ok_or(OpenError::Truncated)?;
        if *version != VERSION {
            return Err(OpenError::UnknownVersion(*version));
        }
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Truncated)?;
        if body.len() < TAG_BYTES {
            return Err(OpenError::Truncated);
        }
        let mut body = body.to_vec();
        let length = self
            .cipher()
            .ok_or(OpenError::NotAuthentic)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.associated_data()),
                &mut body,
            )
            .map_err(|_| OpenError::NotAuthentic)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// The cipher under this key. `None` cannot happen: the length is right by
    /// type.
    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0).ok().map(LessSafeKey::new)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}
