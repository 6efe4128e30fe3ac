//! Stand-ins for the providers outside: Pro Santé Connect, the phone line's, the
//! insurer's. Each publishes discovery and keys and issues short-lived tokens,
//! to anyone who asks, by a request or by a browser (its page lies beside this): they exist on
//! this machine only. Must not know our own
//! tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use espace_domain::{Clock, SystemClock};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::provider_login::{self, Waiting};

/// The providers, by the name in their addresses.
pub const PROVIDERS: [&str; 3] = ["professional", "support", "insurer"];
/// The audience of the tokens: our client id there.
pub const AUDIENCE: &str = "espace-sante";
/// Seconds a token lives.
const TOKEN_LIFE_S: i64 = 120;

/// The stand-ins of one system.
#[derive(Clone)]
pub struct Providers {
    origin: String,
    keys: Arc<Mutex<Vec<Key>>>,
    waiting: Arc<Mutex<HashMap<String, Waiting>>>,
}

/// A signing key of a provider.
#[derive(Clone)]
struct Key {
    provider: &'static str,
    kid: String,
    private: EncodingKey,
    public: Jwk,
}

impl Providers {
    /// Stand-ins whose issuers lie under `origin`.
    pub fn new(origin: &str) -> Result<Self> {
        let providers =
            Self { origin: origin.to_owned(), keys: Arc::default(), waiting: Arc::default() };
        for provider in PROVIDERS {
            providers.rotate(provider)?;
        }
        Ok(providers)
    }

    /// The origin they lie under.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Keeps a login until its code is redeemed.
    pub(crate) fn wait(&self, login: Waiting, at_most: usize) -> String {
        let mut name = [0; 16];
        espace_domain::Random::fill(&espace_crypto::SystemRandom, &mut name);
        let code = BASE64URL_NOPAD.encode(&name);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= at_most {
            // Nobody comes back for those of long ago.
            waiting.clear();
        }
        waiting.insert(code.clone(), login);
        code
    }

    /// The login that a code stands for: once.
    pub(crate) fn waited(&self, code: &str) -> Option<Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(code)
    }

    /// The issuer of one.
    pub fn issuer(&self, provider: &str) -> String {
        format!("{}/providers/{provider}", self.origin)
    }

    /// Gives a provider another key, published beside the first. Tokens are signed
    /// with the first unless `useNewestKey` is asked for: others who use the
    /// system at the same moment see nothing of a test's rotation.
    fn rotate(&self, provider: &'static str) -> Result<()> {
        let pair =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .ok()
                .context("no key")?;
        let private = EncodingKey::from_ec_der(pair.as_ref());
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let kid = format!("{provider}-{}", keys.len());
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256)?;
        public.common.key_id = Some(kid.clone());
        keys.push(Key { provider, kid, private, public });
        Ok(())
    }

    /// A token of a provider, with the given claims beside the usual ones.
    pub(crate) fn issue(&self, provider: &str, claims: &Value) -> Result<String> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_provider = keys.iter().filter(|key| key.provider == provider);
        let key = if claims["useNewestKey"] == true {
            of_provider.next_back()
        } else {
            of_provider.next()
        };
        let key = key.context("no key")?;
        let now = SystemClock.now().as_second();
        let mut name = [0; 16];
        espace_domain::Random::fill(&espace_crypto::SystemRandom, &mut name);
        let mut all = json!({
            "iss": self.issuer(provider),
            "aud": AUDIENCE,
            "sub": "stand-in",
            "iat": now,
            "exp": now + TOKEN_LIFE_S,
            "jti": BASE64URL_NOPAD.encode(&name),
        });
        if let (Some(all), Some(given)) = (all.as_object_mut(), claims.as_object()) {
            all.extend(given.clone());
        }
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.kid.clone());
        Ok(encode(&header, &all, &key.private)?)
    }

    /// The routes of all of them.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/providers/{provider}/.well-known/openid-configuration", get(configuration))
            .route("/providers/{provider}/jwks", get(jwks))
            .route("/providers/{provider}/token", post(token))
            .route("/providers/{provider}/rotation", post(rotation))
            .merge(provider_login::routes())
            .with_state(self)
    }
}

async fn configuration(
    State(providers): State<Providers>,
    Path(provider): Path<String>,
) -> Json<Value> {
    let issuer = providers.issuer(&provider);
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/redeem"),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn jwks(State(providers): State<Providers>, Path(provider): Path<String>) -> Json<Value> {
    let keys = providers.keys.lock().unwrap_or_else(PoisonError::into_inner);
    let public: Vec<_> =
        keys.iter().filter(|key| key.provider == provider).map(|key| &key.public).collect();
    Json(json!({ "keys": public }))
}

/// Issues a token with whatever claims are asked for.
async fn token(
    State(providers): State<Providers>,
    Path(provider): Path<String>,
    Json(claims): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let token = providers.issue(&provider, &claims).map_err(|_| StatusCode::NOT_FOUND)?;
    Ok(Json(json!({ "token": token })))
}

async fn rotation(
    State(providers): State<Providers>,
    Path(provider): Path<String>,
) -> Result<StatusCode, StatusCode> {
    let known = PROVIDERS.into_iter().find(|name| *name == provider);
    let provider = known.ok_or(StatusCode::NOT_FOUND)?;
    providers.rotate(provider).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::NO_CONTENT)
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Providers({})", self.origin)
    }
}
