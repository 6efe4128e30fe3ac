//! Opaque bearer tokens: 256 random bits, kept only as their SHA-256.
//!
//! A plain hash is enough: nobody can try 2²⁵⁶ values. Must not know what a
//! token opens.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use espace_domain::Random;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a token.
const TOKEN_BYTES: usize = 32;

/// A token as its bearer has it. Its `Debug` shows nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct OpaqueToken(String);

/// A token as it is stored: the key of its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDigest(String);

impl OpaqueToken {
    /// Draws a new token.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        random.fill(&mut bytes);
        let text = BASE64URL_NOPAD.encode(&bytes);
        bytes.zeroize();
        Self(text)
    }

    /// A token of 256 bits that nobody can guess.
    pub fn from_bytes(bytes: [u8; TOKEN_BYTES]) -> Self {
        Self(BASE64URL_NOPAD.encode(&bytes))
    }

    /// A name for someone else's token: a hash of `parts`, each preceded by its
    /// length.
    pub fn name_of(parts: &[&str]) -> String {
        let mut whole = Vec::new();
        for part in parts {
            whole.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            whole.extend(part.as_bytes());
        }
        BASE64URL_NOPAD.encode(digest(&SHA256, &whole).as_ref())
    }

    /// Reads what a caller sent; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (decoded.len() == TOKEN_BYTES).then(|| Self(text.to_owned()))
    }

    /// The text form, for its bearer only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The form that is stored.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(BASE64URL_NOPAD.encode(digest(&SHA256, self.0.as_bytes()).as_ref()))
    }
}

impl TokenDigest {
    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken(…)")
    }
}
