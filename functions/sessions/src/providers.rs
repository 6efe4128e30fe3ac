//! The providers whose tokens are exchanged for ours: Pro Santé Connect for
//! professionals, the phone line's and the insurer's own. Each token is
//! verified in full: issuer, audience, pinned algorithm, published key, times.
//! Must not know our own tokens.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::OpaqueToken;
use espace_domain::{Actor, Clock};
use espace_storage::Environment;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::code_flow::Endpoints;

/// Longest foreign token worth reading.
const TOKEN_CHARS_MAX: usize = 16 * 1024;
/// Clock difference tolerated with a provider, seconds.
const CLOCK_SKEW_S: i64 = 30;
/// Longest life of a foreign token that is accepted, seconds.
const TOKEN_LIFE_MAX_S: i64 = 3_600;
/// Seconds for which a provider's keys are believed.
pub(crate) const KEYS_VALID_S: i64 = 600;
/// Least seconds between two askings of a provider.
pub(crate) const KEYS_ASK_AGAIN_S: i64 = 10;
/// How long a provider may take to answer.
pub(crate) const ASK_TIMEOUT: Duration = Duration::from_secs(3);
/// Most bytes of a provider's answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Digits of an RPPS number.
const RPPS_DIGITS: usize = 11;
/// The prefix of an RPPS number in a national professional identifier
/// (`domain.md` B1: 8 RPPS).
const RPPS_PREFIX: char = '8';

/// What a provider vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Professional,
    Support,
    Insurer,
}

/// One provider.
pub(crate) struct Provider {
    pub(crate) kind: Kind,
    pub(crate) issuer: String,
    algorithm: Algorithm,
    /// What it last answered, and when it was asked; nothing where it gave no answer.
    keys: Mutex<Option<(Option<JwkSet>, Timestamp)>>,
    /// Where its logins go, and when it was asked; nothing where it gave no answer.
    pub(crate) endpoints: Mutex<Option<(Option<Endpoints>, Timestamp)>>,
}

/// The providers and how to ask them.
pub(crate) struct Providers {
    pub(crate) known: Vec<Provider>,
    pub(crate) audience: String,
    // Made when a provider is first asked: reading the system's roots takes
    // milliseconds that no login should wait for.
    http: OnceLock<reqwest::Client>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Who a foreign token stands for.
pub(crate) struct Vouched {
    pub(crate) subject: String,
    pub(crate) actor: Actor,
    /// What names the token, so that it is exchanged once.
    pub(crate) token_name: String,
}

/// Why a foreign token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ForeignTokenRefused {
    #[error("the foreign token proves nothing")]
    Invalid,
    #[error("the provider did not answer")]
    ProviderUnreachable,
}

/// The claims that the providers share, and those of each.
#[derive(Deserialize)]
struct ForeignClaims {
    sub: String,
    exp: i64,
    #[serde(default)]
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    jti: Option<String>,
    #[serde(rename = "SubjectNameID", default)]
    subject_name_id: Option<String>,
    #[serde(default)]
    given_name: Option<String>,
    #[serde(default)]
    family_name: Option<String>,
    #[serde(rename = "SubjectRefPro", default)]
    reference: Option<ProfessionalReference>,
    #[serde(default)]
    agent: Option<String>,
}

/// A professional's practices, as Pro Santé Connect describes them.
#[derive(Deserialize)]
pub(crate) struct ProfessionalReference {
    #[serde(default)]
    pub(crate) exercices: Vec<Practice>,
}

/// One of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Practice {
    pub(crate) code_profession: String,
    #[serde(default)]
    code_savoir_faire: Option<String>,
    #[serde(default)]
    pub(crate) structure: Option<String>,
}

impl Providers {
    /// Reads issuers and algorithms from the environment.
    pub(crate) fn new(environment: &mut Environment, clock: Arc<dyn Clock>) -> Self {
        let variables = [
            (Kind::Professional, "ESPACE_PROFESSIONAL_ISSUER", "ESPACE_PROFESSIONAL_ALGORITHM"),
            (Kind::Support, "ESPACE_SUPPORT_ISSUER", "ESPACE_SUPPORT_ALGORITHM"),
            (Kind::Insurer, "ESPACE_INSURER_ISSUER", "ESPACE_INSURER_ALGORITHM"),
        ];
        let providers = variables.into_iter().map(|(kind, issuer, algorithm)| Provider {
            kind,
            issuer: environment.required(issuer),
            // Pinned: a token cannot choose (RFC 8725 section 3.1).
            algorithm: match environment.required(algorithm).as_str() {
                "RS256" => Algorithm::RS256,
                "PS256" => Algorithm::PS256,
                _ => Algorithm::ES256,
            },
            keys: Mutex::new(None),
            endpoints: Mutex::new(None),
        });
        Self {
            known: providers.collect(),
            audience: environment.required("ESPACE_PROVIDER_AUDIENCE"),
            http: OnceLock::new(),
            clock,
        }
    }

    /// Who a foreign token stands for, if it proves it.
    /// Of a professional who practises in several ways, `practice` says in which they
    /// do now, counted from 0.
    pub(crate) async fn verify(
        &self,
        token: &str,
        practice: usize,
    ) -> Result<Vouched, ForeignTokenRefused> {
        let refused = ForeignTokenRefused::Invalid;
        let issuer = claimed_issuer(token).ok_or(refused)?;
        let provider =
            self.known.iter().find(|provider| provider.issuer == issuer).ok_or(refused)?;
        let header = decode_header(token).map_err(|_| refused)?;
        if header.alg != provider.algorithm {
            return Err(refused);
        }
        let kid = header.kid.ok_or(refused)?;
        let key = self.key(provider, &kid).await?;
        let mut validation = Validation::new(provider.algorithm);
        validation.set_issuer(&[&provider.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<ForeignClaims>(token, &key, &validation).map_err(|_| refused)?.claims;
        let now = self.clock.now().as_second();
        let in_time = now < claims.exp + CLOCK_SKEW_S
            && claims.nbf.unwrap_or(claims.iat) <= now + CLOCK_SKEW_S
            && claims.iat <= now + CLOCK_SKEW_S
            && claims.exp - claims.iat <= TOKEN_LIFE_MAX_S;
        if !in_time {
            return Err(refused);
        }
        let actor = actor(provider.kind, &claims, practice).ok_or(refused)?;
        // The provider's own name for it, else what was signed: a signature can be
        // written in two ways.
        let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
        let named = claims.jti.as_deref().unwrap_or(signed);
        let token_name = OpaqueToken::name_of(&[&provider.issuer, named]);
        Ok(Vouched { subject: claims.sub, actor, token_name })
    }

    /// A provider's key of that name, asking the provider where it is unknown.
    async fn key(
        &self,
        provider: &Provider,
        kid: &str,
    ) -> Result<DecodingKey, ForeignTokenRefused> {
        let now = self.clock.now();
        let refused = ForeignTokenRefused::Invalid;
        let held = provider.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((keys, asked_at)) = held {
            let age_s = now.as_second() - asked_at.as_second();
            let is_fresh = age_s < KEYS_ASK_AGAIN_S;
            match keys.as_ref().map(|keys| keys.find(kid)) {
                Some(Some(jwk)) if age_s < KEYS_VALID_S => {
                    return DecodingKey::from_jwk(jwk).map_err(|_| refused);
                }
                Some(None) if is_fresh => return Err(refused),
                // It did not answer a moment ago: nobody waits for it again.
                None if is_fresh => return Err(ForeignTokenRefused::ProviderUnreachable),
                _ => {}
            }
        }
        let keys = self.ask(provider).await;
        let found = keys.as_ref().map(|keys| keys.find(kid).map(DecodingKey::from_jwk));
        *provider.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some((keys, now));
        let found = found.ok_or(ForeignTokenRefused::ProviderUnreachable)?;
        found.ok_or(refused)?.map_err(|_| refused)
    }

    /// Fetches a provider's keys through its discovery document.
    async fn ask(&self, provider: &Provider) -> Option<JwkSet> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let url = format!("{}/.well-known/openid-configuration", provider.issuer);
        let discovery: Discovery = self.get(&url).await?;
        // Its keys lie under its own address: nothing else vouches for it.
        let own = discovery.jwks_uri.starts_with(&format!("{}/", provider.issuer));
        if discovery.issuer != provider.issuer || !own {
            return None;
        }
        self.get(&discovery.jwks_uri).await
    }

    /// A document of a provider.
    pub(crate) async fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> Option<T> {
        let answer = self.http().get(url).timeout(ASK_TIMEOUT).send().await.ok()?;
        Self::read(answer).await
    }

    /// How providers are asked: never elsewhere than where they say.
    pub(crate) fn http(&self) -> &reqwest::Client {
        self.http.get_or_init(|| {
            let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
            builder.build().unwrap_or_default()
        })
    }

    /// Reads an answer, up to a size.
    pub(crate) async fn read<T: serde::de::DeserializeOwned>(
        answer: reqwest::Response,
    ) -> Option<T> {
        let mut answer = answer.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.ok()? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES_MAX {
                return None;
            }
        }
        serde_json::from_slice(&body).ok()
    }
}

/// The issuer a token claims, before anything is proven: only to know whom to
/// ask.
fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    claimed::<Claimed>(token).map(|claimed| claimed.iss)
}

/// What a token claims, before anything is proven.
pub(crate) fn claimed<T: serde::de::DeserializeOwned>(token: &str) -> Option<T> {
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The actor that a provider of this kind vouches for.
fn actor(kind: Kind, claims: &ForeignClaims, practice: usize) -> Option<Actor> {
    match kind {
        Kind::Insurer => Some(Actor::Insurer),
        Kind::Support => Some(Actor::Support { agent: claims.agent.clone()? }),
        Kind::Professional => {
            let rpps = claims.subject_name_id.as_deref()?.strip_prefix(RPPS_PREFIX)?;
            if rpps.len() != RPPS_DIGITS || !rpps.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            let practice = claims.reference.as_ref()?.exercices.get(practice)?;
            let name = [claims.given_name.as_deref(), claims.family_name.as_deref()];
            Some(Actor::Professional {
                rpps: rpps.to_owned(),
                profession: practice.code_profession.clone(),
                specialty: practice.code_savoir_faire.clone(),
                structure: practice.structure.clone(),
                name: name.into_iter().flatten().collect::<Vec<_>>().join(" "),
            })
        }
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Providers({})", self.known.len())
    }
}
