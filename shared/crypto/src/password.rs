//! Hashing passwords: argon2id (RFC 9106) at OWASP's second parameter set.
//!
//! 19 MiB and two passes fit a 256 MB function with room for its peers and take
//! about 50 ms of one core (`docs/crypto.md` has the measure). Must not know
//! whose password it is.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use espace_domain::Random;

/// Memory, KiB.
pub const ARGON2_MEMORY_KIB: u32 = 19 * 1024;
/// Passes.
pub const ARGON2_ITERATIONS: u32 = 2;
/// Lanes.
pub const ARGON2_LANES: u32 = 1;
/// Bytes of salt.
const SALT_BYTES: usize = 16;

/// A hash in PHC text form, with its own parameters and salt. Its `Debug` shows
/// nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Hashing failed, or the stored text is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot hash")]
pub struct PasswordHashError;

impl PasswordHash {
    /// Hashes a password under a fresh salt.
    pub fn compute(password: &str, random: &dyn Random) -> Result<Self, PasswordHashError> {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        let hash = hasher()?
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|_| PasswordHashError)?;
        Ok(Self(hash.to_string()))
    }

    /// Takes a hash that storage gave back.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text form, for sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `password` is the one that was hashed, in constant time.
    pub fn verify(&self, password: &str) -> Result<bool, PasswordHashError> {
        let hash = phc::PasswordHash::new(&self.0).map_err(|_| PasswordHashError)?;
        Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
    }
}

/// Argon2id with the parameters above.
fn hasher() -> Result<Argon2<'static>, PasswordHashError> {
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_ITERATIONS, ARGON2_LANES, None)
        .map_err(|_| PasswordHashError)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
