//! The `Idempotency-Key` header. Must not know what is made.

use axum::extract::FromRequestParts;
use espace_domain::Random;
use espace_storage::{Claimed, Idempotency, IdempotencyScope};
use http::request::Parts;
use jiff::Timestamp;

use crate::{Problem, ProblemKind};

/// Longest key.
const KEY_CHARS_MAX: usize = 255;
/// Bytes of a name given to what is made.
const NAME_BYTES: usize = 16;

/// The caller's key, where they sent one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        let key = value.to_str().map_err(|_| ProblemKind::InvalidIdempotencyKey)?;
        if key.is_empty() || key.len() > KEY_CHARS_MAX {
            return Err(ProblemKind::InvalidIdempotencyKey.into());
        }
        Ok(Self(Some(key.to_owned())))
    }
}

impl IdempotencyKey {
    /// The key, where one was sent.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// The name under which a request makes its thing: always the same for one key
/// and body, a fresh one without a key.
pub async fn claim_name(
    store: &Idempotency,
    key: &IdempotencyKey,
    caller: &str,
    route: &str,
    body: &[u8],
    random: &dyn Random,
    now: Timestamp,
) -> Result<[u8; NAME_BYTES], Problem> {
    let Some(key) = &key.0 else {
        let mut name = [0; NAME_BYTES];
        random.fill(&mut name);
        return Ok(name);
    };
    let scope = IdempotencyScope { caller, route, key };
    match store.claim(scope, body, random, now).await? {
        Claimed::Name(name) => Ok(name),
        Claimed::OtherBody => Err(ProblemKind::IdempotencyKeyReused.into()),
    }
}
