//! The code flow with a foreign provider, as its client: where a browser is sent, and how the code
//! it comes back with becomes a token. We show who we are by a signed assertion (RFC 7523), with
//! the key that our tokens are signed with: there is no shared secret to keep.
//!
//! Must not know: the browser, nor who the token stands for.

use std::sync::PoisonError;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use espace_http::Problem;
use reqwest::Url;
use serde::Deserialize;

use crate::providers::{
    ASK_TIMEOUT, ForeignTokenRefused, KEYS_ASK_AGAIN_S, KEYS_VALID_S, Kind, Practice, Provider,
    Providers, claimed,
};
use crate::signer::Signer;

/// What a client shows itself with (RFC 7523 section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A provider's addresses for a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoints {
    authorization: String,
    token: String,
}

/// What a code is redeemed with.
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) redirect_uri: &'a str,
}

/// What is read of a provider's token before the exchange proves it.
#[derive(Deserialize)]
struct Peeked {
    #[serde(default)]
    nonce: Option<String>,
    #[serde(rename = "SubjectRefPro", default)]
    reference: Option<crate::providers::ProfessionalReference>,
}

/// What a verifier is announced as (RFC 7636 section 4.2).
pub(crate) fn challenge_of(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref())
}

/// The ways of practising that a token tells of.
pub(crate) fn practices_of(token: &str) -> Vec<Practice> {
    let reference = claimed::<Peeked>(token).and_then(|peeked| peeked.reference);
    reference.map(|reference| reference.exercices).unwrap_or_default()
}

/// What is asked for: Pro Santé Connect names the identity of its holders `scope_all`.
pub(crate) fn scope_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Professional => "openid scope_all",
        Kind::Support | Kind::Insurer => "openid",
    }
}

impl Providers {
    /// Who we are to the providers.
    pub(crate) fn client_id(&self) -> &str {
        &self.audience
    }

    /// Where a browser is sent; `None` where the provider does not answer.
    pub(crate) async fn authorization_endpoint(&self, kind: Kind) -> Option<String> {
        let provider = self.known.iter().find(|provider| provider.kind == kind)?;
        Some(self.endpoints(provider).await?.authorization)
    }

    /// Fetches the token that a code stands for. It answers this login and no other: it holds its
    /// nonce. What it says is proven at the exchange.
    pub(crate) async fn redeem(
        &self,
        kind: Kind,
        redemption: &Redemption<'_>,
        signer: &Signer,
    ) -> Result<Result<String, ForeignTokenRefused>, Problem> {
        #[derive(Deserialize)]
        struct Answer {
            id_token: String,
        }
        let unreachable = Ok(Err(ForeignTokenRefused::ProviderUnreachable));
        let Some(provider) = self.known.iter().find(|provider| provider.kind == kind) else {
            return unreachable;
        };
        let Some(endpoints) = self.endpoints(provider).await else { return unreachable };
        let assertion = signer.client_assertion(self.client_id(), &endpoints.token).await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", redemption.code),
            ("redirect_uri", redemption.redirect_uri),
            ("client_id", self.client_id()),
            ("code_verifier", redemption.verifier),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &assertion),
        ];
        let asked = self.http().post(&endpoints.token).timeout(ASK_TIMEOUT).form(&form).send();
        let Ok(answer) = asked.await else { return unreachable };
        if answer.status().is_client_error() {
            return Ok(Err(ForeignTokenRefused::Invalid));
        }
        let Some(answer) = Self::read::<Answer>(answer).await else { return unreachable };
        let nonce = claimed::<Peeked>(&answer.id_token).and_then(|peeked| peeked.nonce);
        if nonce.as_deref() != Some(redemption.nonce) {
            return Ok(Err(ForeignTokenRefused::Invalid));
        }
        Ok(Ok(answer.id_token))
    }

    /// A provider's addresses, believed for as long as its keys.
    async fn endpoints(&self, provider: &Provider) -> Option<Endpoints> {
        let now = self.clock.now();
        let held = provider.endpoints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((endpoints, asked_at)) = held {
            let age_s = now.as_second() - asked_at.as_second();
            // It did not answer a moment ago: nobody waits for it again.
            let believed_s = if endpoints.is_some() { KEYS_VALID_S } else { KEYS_ASK_AGAIN_S };
            if age_s < believed_s {
                return endpoints;
            }
        }
        let endpoints = self.ask_endpoints(provider).await;
        *provider.endpoints.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((endpoints.clone(), now));
        endpoints
    }

    /// Asks a provider for its addresses.
    async fn ask_endpoints(&self, provider: &Provider) -> Option<Endpoints> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            authorization_endpoint: String,
            token_endpoint: String,
        }
        let url = format!("{}/.well-known/openid-configuration", provider.issuer);
        let found: Discovery = self.get(&url).await?;
        let own = Url::parse(&provider.issuer).ok()?;
        // Codes and assertions go to the provider's own host; people may be shown a page of
        // another (Pro Santé Connect's is), by a channel as safe.
        let token = Url::parse(&found.token_endpoint).ok()?;
        let page = Url::parse(&found.authorization_endpoint).ok()?;
        if found.issuer != provider.issuer
            || token.origin() != own.origin()
            || page.scheme() != own.scheme()
        {
            return None;
        }
        Some(Endpoints { authorization: found.authorization_endpoint, token: found.token_endpoint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_rfc() {
        // RFC 7636 appendix B.
        let challenge = challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
