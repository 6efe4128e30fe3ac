//! Sealing a document's content, whatever its size, so that any range of it opens alone.
//!
//! STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) as age lays it out: AES-256-GCM over
//! chunks of 64 KiB; the nonce of a chunk is its number and whether it is the last, so
//! that chunks cannot be swapped, repeated or cut off. Layout, version 1:
//!
//! ```text
//! offset 0                    1 byte    0x01, the version of this layout
//! offset 1 + i × 65,552      ≤ 65,552   chunk i: ciphertext (65,536 but for the last)
//!                                       and its tag of 16 bytes
//!
//! nonce of chunk i = i as 88 bits big endian ‖ 0x01 for the last, else 0x00
//! associated data  = 0x01 ‖ part(space) ‖ part(document) ‖ document's version, 32 bits
//! part(x)          = length of x as 32 bits big endian ‖ x
//! ```
//!
//! A content of a whole number of chunks ends with a full one; only an empty content has
//! an empty chunk. Every sealing draws a key of its own, so a nonce never serves twice;
//! the key is sealed under the space's content key, bound to (space, document, version),
//! and stands in the document's entry. Rotating a space's key seals these keys again;
//! content is not rewritten.
//!
//! Must not know what a document is, nor where its bytes lie.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use espace_domain::Random;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{KEY_BYTES, OpenError, Place, SealError, SealingKey};

/// Plain bytes of a chunk.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes that sealing adds to a chunk.
const TAG_BYTES: usize = 16;
/// Sealed bytes of a whole chunk.
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// The layout written today.
const VERSION: u8 = 1;
/// The logical table of sealed content keys.
const TABLE: &str = "documents";

/// Which content: a version of a document of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentPlace<'a> {
    /// The space.
    pub space: &'a str,
    /// The document.
    pub document: &'a str,
    /// Its version, from 1.
    pub version: u32,
}

/// The key of one content. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; KEY_BYTES]);

/// Seals a content chunk by chunk.
#[derive(Debug)]
pub struct ContentSealer {
    cipher: LessSafeKey,
    associated: Vec<u8>,
    next: u64,
    is_over: bool,
}

/// Which sealed bytes must be read for a range of plain ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedRange {
    /// The first sealed byte.
    pub start: u64,
    /// One past the last.
    pub end: u64,
}

impl ContentPlace<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let mut data = vec![VERSION];
        for part in [self.space, self.document] {
            data.extend(crate::chain::length(part.as_bytes()));
            data.extend(part.as_bytes());
        }
        data.extend(self.version.to_be_bytes());
        data
    }

    /// Where the content's key stands.
    fn key_place(&self) -> String {
        format!("{}.{}.{}", self.space, self.document, self.version)
    }
}

impl ContentKey {
    /// Seals the key under the space's.
    pub fn seal(
        &self,
        space_key: &SealingKey,
        place: ContentPlace<'_>,
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let key = place.key_place();
        space_key.seal(Place { table: TABLE, key: &key, attribute: "contentKey" }, &self.0, random)
    }

    /// Opens a key that [`Self::seal`] sealed to the same place.
    pub fn open(
        space_key: &SealingKey,
        place: ContentPlace<'_>,
        sealed: &[u8],
    ) -> Result<Self, OpenError> {
        let key = place.key_place();
        let place = Place { table: TABLE, key: &key, attribute: "contentKey" };
        let mut opened = space_key.open(place, sealed)?;
        let bytes = opened.as_slice().try_into().map_err(|_| OpenError::Truncated);
        opened.zeroize();
        bytes.map(Self)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0).ok().map(LessSafeKey::new)
    }
}

impl ContentSealer {
    /// Begins a content under a key drawn for it: the key and the first byte to write.
    pub fn begin(
        place: ContentPlace<'_>,
        random: &dyn Random,
    ) -> Result<(Self, ContentKey, u8), SealError> {
        let mut bytes = [0; KEY_BYTES];
        random.fill(&mut bytes);
        let key = ContentKey(bytes);
        bytes.zeroize();
        let cipher = key.cipher().ok_or(SealError)?;
        let sealer = Self { cipher, associated: place.associated_data(), next: 0, is_over: false };
        Ok((sealer, key, VERSION))
    }

    /// Seals the next chunk in place and appends its tag. All but the last are whole;
    /// nothing follows the last.
    pub fn seal(&mut self, chunk: &mut Vec<u8>, is_last: bool) -> Result<(), SealError> {
        let fits = chunk.len() == CHUNK_BYTES || (is_last && chunk.len() < CHUNK_BYTES);
        let is_needlessly_empty = chunk.is_empty() && self.next > 0;
        if self.is_over || !fits || is_needlessly_empty {
            return Err(SealError);
        }
        let nonce = nonce(self.next, is_last);
        self.cipher
            .seal_in_place_append_tag(nonce, Aad::from(&self.associated), chunk)
            .map_err(|_| SealError)?;
        self.next += 1;
        self.is_over = is_last;
        Ok(())
    }
}

/// Seals a content that is in memory: its sealed form and its key.
pub fn seal_content(
    place: ContentPlace<'_>,
    plaintext: &[u8],
    random: &dyn Random,
) -> Result<(Vec<u8>, ContentKey), SealError> {
    let (sealer, key, version) = ContentSealer::begin(place, random)?;
    let size = usize::try_from(sealed_size(plaintext.len() as u64)).map_err(|_| SealError)?;
    let mut output = Vec::with_capacity(size);
    output.push(version);
    let mut chunks = plaintext.chunks(CHUNK_BYTES).peekable();
    let empty: &[u8] = &[];
    let mut next = Some(chunks.next().unwrap_or(empty));
    let mut number = 0;
    while let Some(chunk) = next {
        let following = chunks.next();
        let start = output.len();
        output.extend_from_slice(chunk);
        let body = output.get_mut(start..).ok_or(SealError)?;
        let nonce = nonce(number, following.is_none());
        let tag = sealer
            .cipher
            .seal_in_place_separate_tag(nonce, Aad::from(&sealer.associated), body)
            .map_err(|_| SealError)?;
        output.extend_from_slice(tag.as_ref());
        number += 1;
        next = following;
    }
    Ok((output, key))
}

/// Bytes of the sealed form of a content of `plain` bytes.
pub fn sealed_size(plain: u64) -> u64 {
    1 + plain + TAG_BYTES as u64 * chunks_of(plain)
}

/// Which sealed bytes cover the plain bytes `start..end` of a content of `plain` bytes.
/// `None` for a range that is empty or goes beyond the end, unless the content is empty.
pub fn covering(start: u64, end: u64, plain: u64) -> Option<SealedRange> {
    let is_whole_of_nothing = plain == 0 && start == 0 && end == 0;
    if !is_whole_of_nothing && (start >= end || end > plain) {
        return None;
    }
    let (first, last) = chunks(start, end);
    let sealed_chunk = SEALED_CHUNK_BYTES as u64;
    // With the first chunk comes the version before it.
    let from = if first == 0 { 0 } else { 1 + first * sealed_chunk };
    let to = (1 + (last + 1) * sealed_chunk).min(sealed_size(plain));
    Some(SealedRange { start: from, end: to })
}

/// Opens the plain bytes `start..end` of a content of `plain` bytes, from exactly the
/// sealed bytes that [`covering`] names. Nothing of a chunk is given before its tag is
/// verified.
pub fn open_content(
    key: &ContentKey,
    place: ContentPlace<'_>,
    (start, end): (u64, u64),
    plain: u64,
    sealed: &[u8],
) -> Result<Vec<u8>, OpenError> {
    let expected = covering(start, end, plain).ok_or(OpenError::Truncated)?;
    let (first, last) = chunks(start, end);
    let mut body = sealed;
    if first == 0 {
        let (version, rest) = sealed.split_first().ok_or(OpenError::Truncated)?;
        if *version != VERSION {
            return Err(OpenError::UnknownVersion(*version));
        }
        body = rest;
    }
    if sealed.len() as u64 != expected.end - expected.start {
        return Err(OpenError::Truncated);
    }
    let cipher = key.cipher().ok_or(OpenError::NotAuthentic)?;
    let associated = place.associated_data();
    let mut opened = Vec::with_capacity(body.len());
    for (number, chunk) in (first..=last).zip(body.chunks(SEALED_CHUNK_BYTES)) {
        let from = opened.len();
        opened.extend_from_slice(chunk);
        let body = opened.get_mut(from..).ok_or(OpenError::Truncated)?;
        let is_last = number + 1 == chunks_of(plain);
        let text = cipher
            .open_in_place(nonce(number, is_last), Aad::from(&associated), body)
            .map_err(|_| OpenError::NotAuthentic)?
            .len();
        opened.truncate(from + text);
    }
    let skipped = usize::try_from(start - first * CHUNK_BYTES as u64).unwrap_or(usize::MAX);
    let wanted = usize::try_from(end - start).unwrap_or(usize::MAX);
    opened.drain(..skipped.min(opened.len()));
    opened.truncate(wanted);
    Ok(opened)
}

/// How many chunks a content has.
fn chunks_of(plain: u64) -> u64 {
    plain.div_ceil(CHUNK_BYTES as u64).max(1)
}

/// The first and last chunk of a range.
fn chunks(start: u64, end: u64) -> (u64, u64) {
    let of = |byte: u64| byte / CHUNK_BYTES as u64;
    (of(start), of(end.saturating_sub(1).max(start)))
}

/// The nonce of a chunk.
fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let (counter, flag) = bytes.split_at_mut(NONCE_LEN - 1);
    for (to, from) in counter.iter_mut().rev().zip(number.to_be_bytes().iter().rev()) {
        *to = *from;
    }
    if let Some(flag) = flag.first_mut() {
        *flag = u8::from(is_last);
    }
    Nonce::assume_unique_for_key(bytes)
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentKey(…)")
    }
}
