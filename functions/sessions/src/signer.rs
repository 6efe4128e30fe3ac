//! Signing access tokens (ES256). The only place that unwraps a private half.
//! Must not know why a token is issued.
//!
//! One key a period of 30 days; the next one is published a day before it
//! signs, so that no verifier meets a key it has not heard of.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use espace_domain::{Actor, Clock, Random, SessionId};
use espace_http::{
    ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TYPE, ACCESS_TOKEN_VALIDITY_S, Claims, Problem,
};
use espace_storage::{SigningKeyEntry, SigningKeys, signing_period};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};

/// How long before a period begins its key is published.
const PUBLISHED_AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Seconds for which the unwrapped key is held before asking again.
const HELD_S: i64 = 300;
/// Seconds an assertion about ourselves lives.
const ASSERTION_LIFE_S: i64 = 60;
/// Tries when several functions create a key at the same moment.
const RACES_MAX: u32 = 3;

/// Signs access tokens.
pub(crate) struct Signer {
    issuer: String,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    held: Mutex<Option<Held>>,
}

/// The current key, unwrapped.
#[derive(Clone)]
struct Held {
    period: u32,
    kid: String,
    key: EncodingKey,
    until: Timestamp,
}

/// A token just signed.
pub(crate) struct Signed {
    pub(crate) token: String,
    pub(crate) expires_in_s: i64,
}

impl Signer {
    pub(crate) fn new(
        issuer: String,
        keys: SigningKeys,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { issuer, keys, clock, random, held: Mutex::new(None) }
    }

    /// Who issues.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The published keys.
    pub(crate) async fn published(&self) -> Result<Vec<SigningKeyEntry>, Problem> {
        Ok(self.keys.published(self.clock.now()).await?)
    }

    /// Signs a token for `actor` in a session.
    pub(crate) async fn sign(
        &self,
        subject: &str,
        session_id: &SessionId,
        actor: Actor,
    ) -> Result<Signed, Problem> {
        let now = self.clock.now();
        let held = self.current(now).await?;
        let mut name = [0; 12];
        self.random.fill(&mut name);
        let issued = now.as_second();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: ACCESS_TOKEN_AUDIENCE.to_owned(),
            sub: subject.to_owned(),
            sid: session_id.clone(),
            iat: issued,
            nbf: issued,
            exp: issued + ACCESS_TOKEN_VALIDITY_S,
            jti: BASE64URL_NOPAD.encode(&name),
            actor,
        };
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(ACCESS_TOKEN_TYPE.to_owned());
        header.kid = Some(held.kid);
        let token = encode(&header, &claims, &held.key)
            .map_err(|_| Problem::internal("a token could not be signed"))?;
        Ok(Signed { token, expires_in_s: ACCESS_TOKEN_VALIDITY_S })
    }

    /// What shows a provider that we are its client (RFC 7523 section 3): for `audience` alone.
    pub(crate) async fn client_assertion(
        &self,
        client_id: &str,
        audience: &str,
    ) -> Result<String, Problem> {
        let now = self.clock.now();
        let held = self.current(now).await?;
        let mut name = [0; 12];
        self.random.fill(&mut name);
        let issued = now.as_second();
        let claims = serde_json::json!({
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": issued,
            "exp": issued + ASSERTION_LIFE_S,
            "jti": BASE64URL_NOPAD.encode(&name),
        });
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(held.kid);
        encode(&header, &claims, &held.key)
            .map_err(|_| Problem::internal("an assertion could not be signed"))
    }

    /// The key of the current period, created at its first use.
    async fn current(&self, now: Timestamp) -> Result<Held, Problem> {
        let period = signing_period(now);
        if let Some(held) = self.held_for(period, now) {
            return Ok(held);
        }
        for _ in 0..RACES_MAX {
            let published = self.keys.published(now).await?;
            let next = signing_period(now.checked_add(PUBLISHED_AHEAD).unwrap_or(now));
            if next != period && !published.iter().any(|entry| entry.period == next) {
                self.create(next, now).await?;
            }
            if let Some(entry) = published.iter().find(|entry| entry.period == period) {
                let private = self.keys.private(entry).await?;
                let held = Held {
                    period,
                    kid: entry.kid.clone(),
                    key: EncodingKey::from_ec_der(&private),
                    until: Timestamp::from_second(now.as_second() + HELD_S).unwrap_or(now),
                };
                let mut slot = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                *slot = Some(held.clone());
                return Ok(held);
            }
            self.create(period, now).await?;
        }
        Err(Problem::internal("no signing key could be created"))
    }

    /// Creates a period's key; harmless when another function was faster.
    async fn create(&self, period: u32, now: Timestamp) -> Result<(), Problem> {
        let failed = || Problem::internal("a signing key could not be made");
        let pair =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| failed())?;
        let mut name = [0; 12];
        self.random.fill(&mut name);
        let kid = BASE64URL_NOPAD.encode(&name);
        let key = EncodingKey::from_ec_der(pair.as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(|_| failed())?;
        jwk.common.key_id = Some(kid.clone());
        let jwk = serde_json::to_string(&jwk).map_err(|_| failed())?;
        let _published = self.keys.publish(period, kid, jwk, pair.as_ref(), now).await?;
        Ok(())
    }

    fn held_for(&self, period: u32, now: Timestamp) -> Option<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().filter(|held| held.period == period && now < held.until)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.issuer)
    }
}
