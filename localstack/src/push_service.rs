//! A stand-in for the browsers' push services (RFC 8030, RFC 8292): takes a word for a
//! browser where its token verifies, and tells what it took. Must not know what is new.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use data_encoding::BASE64URL_NOPAD;
use espace_domain::{Clock, SystemClock};
use serde_json::Value;

use crate::mail::Message;

/// Longest life of a token (RFC 8292 section 2), seconds.
const TOKEN_LIFE_MAX_S: i64 = 24 * 3_600;

/// The push service of one system.
#[derive(Debug, Clone, Default)]
pub struct PushService {
    origin: String,
    taken: Arc<Mutex<Vec<Message>>>,
}

impl PushService {
    /// One that lies at `origin`.
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), taken: Arc::default() }
    }

    /// Every word it took, newest last; the channel is `push`.
    pub fn taken(&self) -> Vec<Message> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its route: `POST /push/{browser}`. A browser whose name begins with `gone` is no more.
    pub fn router(self) -> Router {
        Router::new().route("/push/{browser}", post(take)).with_state(self)
    }
}

/// Takes a word.
async fn take(
    State(service): State<PushService>,
    Path(browser): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if browser.starts_with("gone") {
        return StatusCode::GONE;
    }
    if header("ttl").is_none() || !body.is_empty() {
        return StatusCode::BAD_REQUEST;
    }
    if !header("authorization").is_some_and(|sent| verifies(sent, &service.origin)) {
        return StatusCode::FORBIDDEN;
    }
    let message = Message {
        channel: "push".to_owned(),
        to: format!("{}/push/{browser}", service.origin),
        subject: String::new(),
        body: String::new(),
        at: SystemClock.now(),
    };
    service.taken.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    StatusCode::CREATED
}

/// Whether a header holds a token for this service, signed under the key beside it.
fn verifies(header: &str, origin: &str) -> bool {
    let parts = || {
        let (token, key) = header.strip_prefix("vapid t=")?.split_once(", k=")?;
        let key = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        verifier.verify(signed.as_bytes(), &signature).ok()?;
        let claims = BASE64URL_NOPAD.decode(signed.split_once('.')?.1.as_bytes()).ok()?;
        serde_json::from_slice::<Value>(&claims).ok()
    };
    let Some(claims) = parts() else { return false };
    let now = SystemClock.now().as_second();
    let lasts =
        claims["exp"].as_i64().is_some_and(|exp| exp > now && exp <= now + TOKEN_LIFE_MAX_S);
    let reaches = claims["sub"].as_str().is_some_and(|sub| sub.starts_with("mailto:"));
    claims["aud"] == origin && lasts && reaches
}
