//! Access tokens: ES256 JWTs of ours (RFC 7519, RFC 8725), verified here in
//! every function. Must not know how they are signed.
//!
//! RFC 8725: the algorithm is pinned (3.1), the type is said (3.11), the key is chosen by `kid` among our
//! own published keys and never fetched from a URL in the token (3.10), issuer
//! and audience are checked (3.8, 3.9), and times are judged by our own clock.

use std::sync::{Arc, Mutex, PoisonError};

use espace_domain::{AccountId, Actor, Clock, SessionId};
use espace_storage::{SigningKeys, StorageError};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
use serde::{Deserialize, Serialize};

/// Seconds an access token lives.
pub const ACCESS_TOKEN_VALIDITY_S: i64 = 600;
/// Who our access tokens are for.
pub const ACCESS_TOKEN_AUDIENCE: &str = "espace-sante-api";
/// What an access token says it is (RFC 9068 section 2.1): nothing else that the same key signs is
/// taken for one (RFC 8725 section 3.11).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// Longest token worth reading.
const TOKEN_CHARS_MAX: usize = 4_096;
/// Clock difference tolerated between our own functions, seconds.
const CLOCK_SKEW_S: i64 = 5;
/// Seconds for which published keys are believed without asking again.
const KEYS_VALID_S: i64 = 300;
/// Least seconds between two askings: a stranger's `kid` must not make us ask.
const KEYS_ASK_AGAIN_S: i64 = 10;

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: ours.
    pub iss: String,
    /// Audience: [`ACCESS_TOKEN_AUDIENCE`].
    pub aud: String,
    /// Subject: the account, or who the other provider vouched for.
    pub sub: String,
    /// The session, looked up at each request.
    pub sid: SessionId,
    /// Issued at, seconds.
    pub iat: i64,
    /// Not before, seconds.
    pub nbf: i64,
    /// Expires, seconds.
    pub exp: i64,
    /// The token's own name.
    pub jti: String,
    /// Who is asking.
    pub actor: Actor,
}

impl Claims {
    /// The account of a holder: the subject of their token.
    pub fn account_id(&self) -> Option<AccountId> {
        AccountId::parse(&self.sub).ok()
    }
}

/// The token proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token proves nothing")]
pub struct TokenRefused;

/// Verifies access tokens.
#[derive(Debug, Clone)]
pub struct TokenVerifier {
    issuer: String,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<KnownKeys>>,
}

/// The published keys, and when they were asked for.
#[derive(Default)]
struct KnownKeys {
    keys: Vec<(String, DecodingKey)>,
    asked_at: Option<Timestamp>,
}

impl TokenVerifier {
    /// Verifies tokens of `issuer` under its published keys.
    pub fn new(issuer: String, keys: SigningKeys, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, keys, clock, known: Arc::default() }
    }

    /// What a token says, if it proves it.
    pub async fn verify(&self, token: &str) -> Result<Result<Claims, TokenRefused>, StorageError> {
        let Some(kid) = named_key(token) else {
            return Ok(Err(TokenRefused));
        };
        let Some(key) = self.key(&kid).await? else {
            return Ok(Err(TokenRefused));
        };
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[ACCESS_TOKEN_AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library reads the machine's clock; ours is an argument.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let Ok(data) = decode::<Claims>(token, &key, &validation) else {
            return Ok(Err(TokenRefused));
        };
        let now = self.clock.now().as_second();
        let claims = data.claims;
        let in_time = now < claims.exp + CLOCK_SKEW_S && claims.nbf <= now + CLOCK_SKEW_S;
        Ok(if in_time { Ok(claims) } else { Err(TokenRefused) })
    }

    /// The published key of that name.
    async fn key(&self, kid: &str) -> Result<Option<DecodingKey>, StorageError> {
        let now = self.clock.now();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let age_s = known.asked_at.map(|at| now.as_second() - at.as_second());
            let found = known.keys.iter().find(|(name, _)| name == kid);
            match (found, age_s) {
                (Some((_, key)), Some(age)) if age < KEYS_VALID_S => return Ok(Some(key.clone())),
                (None, Some(age)) if age < KEYS_ASK_AGAIN_S => return Ok(None),
                _ => {}
            }
        }
        let published = self.keys.published(self.clock.now()).await?;
        let mut keys = Vec::new();
        for entry in published {
            let jwk: Jwk = serde_json::from_str(&entry.jwk)
                .map_err(|_| StorageError::Corrupt { what: "published key" })?;
            let key = DecodingKey::from_jwk(&jwk)
                .map_err(|_| StorageError::Corrupt { what: "published key" })?;
            keys.push((entry.kid, key));
        }
        let found = keys.iter().find(|(name, _)| name == kid).map(|(_, key)| key.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = KnownKeys { keys, asked_at: Some(now) };
        Ok(found)
    }
}

/// The key a token names, if it is an access token at all: ES256, of its type, and no header
/// by which it would bring its own key.
fn named_key(token: &str) -> Option<String> {
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let header = decode_header(token).ok()?;
    let brings_its_own = header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some();
    let is_access_token = header.typ.as_deref() == Some(ACCESS_TOKEN_TYPE);
    if header.alg != Algorithm::ES256 || !is_access_token || brings_its_own {
        return None;
    }
    header.kid
}

impl std::fmt::Debug for KnownKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KnownKeys({})", self.keys.len())
    }
}
