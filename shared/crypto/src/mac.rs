//! Keyed hashes: the blind index of a person or login, the stored form of a
//! code, the fingerprint of a request.
//!
//! `mac[key](purpose, parts) = HMAC-SHA-256(key, purpose ‖ len(part) ‖ part …)`
//! (RFC 2104), lengths as 32 bits big endian. The purpose keeps one key's uses
//! apart; the lengths keep `("ab", "c")` from `("a", "bc")`. A plain hash would
//! not do: there are few enough NIRs and six-digit codes to try them all.
//!
//! Must not know what table the result goes to.

use std::fmt;

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::KEY_BYTES;

/// Bytes of a keyed hash.
pub const TAG_BYTES: usize = 32;
/// Bytes of a blind index: 128 bits, so that 69 million people collide with a
/// probability below 10⁻²³.
const INDEX_BYTES: usize = 16;

/// What a keyed hash is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacPurpose {
    /// Finding a person by their NIR.
    PersonIndex,
    /// Finding an account by its login.
    LoginIndex,
    /// Keeping an invitation code.
    InvitationCode,
    /// Keeping a one-time code.
    OneTimeCode,
    /// Comparing a card without keeping it in clear.
    Card,
    /// Comparing a birth date without keeping it in clear, and finding those who
    /// come of age in a month.
    BirthDate,
    /// Naming a caller's idempotency key, and recognising the same body again.
    Idempotency,
    /// Comparing a holder's number at a reset without keeping it in clear.
    Nir,
    /// Deriving a refresh token from the one it replaces.
    RefreshToken,
    /// Counting the tries of one source without keeping its address.
    Source,
    /// Finding a person by birth name, first name and birth date.
    Traits,
    /// Naming a professional or a structure in one space: nobody can tell that two
    /// spaces name the same.
    Relation,
    /// Finding the traces of one professional in one month, for an inquiry.
    Inquiry,
    /// Recognising an act repeated by the same caller.
    Repetition,
    /// Keeping a presence code.
    PresenceCode,
    /// Naming a browser that is told of what is new.
    PushName,
    /// Drawing the key by which push services know us.
    PushSeed,
    /// Vouching for an archive and whose it is.
    Archive,
}

impl MacPurpose {
    /// The label at the head of the message. Changing one orphans everything
    /// stored under it.
    fn label(self) -> &'static [u8] {
        match self {
            Self::PersonIndex => b"espace/person-index/1",
            Self::LoginIndex => b"espace/login-index/1",
            Self::InvitationCode => b"espace/invitation-code/1",
            Self::OneTimeCode => b"espace/one-time-code/1",
            Self::Card => b"espace/card/1",
            Self::BirthDate => b"espace/birth-date/1",
            Self::Idempotency => b"espace/idempotency/1",
            Self::Nir => b"espace/nir/1",
            Self::RefreshToken => b"espace/refresh-token/1",
            Self::Source => b"espace/source/1",
            Self::Traits => b"espace/traits/1",
            Self::Relation => b"espace/relation/1",
            Self::Inquiry => b"espace/inquiry/1",
            Self::Repetition => b"espace/repetition/1",
            Self::PresenceCode => b"espace/presence-code/1",
            Self::PushName => b"espace/push-name/1",
            Self::PushSeed => b"espace/push-seed/1",
            Self::Archive => b"espace/archive/1",
        }
    }
}

/// A key for keyed hashes. Erased from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MacKey([u8; KEY_BYTES]);

/// The name under which a person or account is found, `v<generation>.<hash>`.
/// Reveals nothing without the key; versioned so that the key can be replaced
/// by re-indexing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlindIndex(String);

impl MacKey {
    /// Takes 32 bytes that KMS drew.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads 32 bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The keyed hash of `parts`.
    pub fn tag(&self, purpose: MacPurpose, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, &message(purpose, parts));
        let mut bytes = [0; TAG_BYTES];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        bytes
    }

    /// Whether `tag` is the keyed hash of `parts`, in constant time.
    pub fn matches(&self, purpose: MacPurpose, parts: &[&[u8]], tag: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::verify(&key, &message(purpose, parts), tag).is_ok()
    }

    /// The blind index of `value` under this key's `generation`.
    pub fn index(&self, purpose: MacPurpose, generation: u8, value: &str) -> BlindIndex {
        let tag = self.tag(purpose, &[value.as_bytes()]);
        let head = tag.get(..INDEX_BYTES).unwrap_or(&tag);
        BlindIndex(format!("v{generation}.{}", BASE64URL_NOPAD.encode(head)))
    }
}

/// Whether two keyed hashes are the same, in constant time.
pub fn same_tag(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}

impl BlindIndex {
    /// Takes an index that storage gave back.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which of `shards` this index belongs to, evenly spread.
    pub fn shard(&self, shards: u8) -> u8 {
        // The last characters are hash output; two of them hold 12 bits.
        let value = self
            .0
            .bytes()
            .rev()
            .skip(1)
            .take(2)
            .fold(0_u32, |sum, byte| sum * 64 + alphabet_value(byte));
        u8::try_from(value % u32::from(shards.max(1))).unwrap_or(0)
    }
}

/// The six bits of a base64url character.
fn alphabet_value(byte: u8) -> u32 {
    u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    })
}

/// The hashed message.
fn message(purpose: MacPurpose, parts: &[&[u8]]) -> Vec<u8> {
    let mut message = purpose.label().to_vec();
    for part in parts {
        message.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}
