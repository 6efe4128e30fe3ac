//! By what a push service knows us: a token signed under our key (VAPID, RFC 8292). The key
//! is drawn from a seed that KMS wraps, so that the browsers' subscriptions, which are bound
//! to it, outlive every process. Must not know who subscribed.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use zeroize::Zeroizing;

/// Seconds that a token is good for: half of what RFC 8292 section 2 allows.
const TOKEN_LIFE_S: i64 = 12 * 3_600;
/// Numbers tried as the key: one in 2³² is none of the curve.
const DRAWS_MAX: u8 = 8;

/// The seed leads to no key, or a token could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no push key")]
pub struct VapidError;

/// The key by which push services know us. Its `Debug` shows nothing.
pub struct VapidKey {
    private: EncodingKey,
    public: String,
}

#[derive(Serialize)]
struct PushClaims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

impl VapidKey {
    /// The key of a seed; always the same.
    pub fn of_seed(seed: &[u8]) -> Result<Self, VapidError> {
        let draw = hmac::Key::new(hmac::HMAC_SHA256, seed);
        for counter in 0..DRAWS_MAX {
            let tag = hmac::sign(&draw, &[counter]);
            let number = Zeroizing::new(tag.as_ref().to_vec());
            let Ok(agreed) = agreement::PrivateKey::from_private_key(&ECDH_P256, &number) else {
                continue;
            };
            let public = agreed.compute_public_key().map_err(|_| VapidError)?;
            let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let pair =
                EcdsaKeyPair::from_private_key_and_public_key(signing, &number, public.as_ref());
            let document = pair.map_err(|_| VapidError)?.to_pkcs8v1().map_err(|_| VapidError)?;
            return Ok(Self {
                private: EncodingKey::from_ec_der(document.as_ref()),
                public: BASE64URL_NOPAD.encode(public.as_ref()),
            });
        }
        Err(VapidError)
    }

    /// The public half, as browsers take it: an uncompressed point in base64url.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` header for a push service at `origin`; `contact` is whom it
    /// reaches, as a `mailto:` address.
    pub fn authorization(
        &self,
        origin: &str,
        contact: &str,
        now: Timestamp,
    ) -> Result<String, VapidError> {
        let claims = PushClaims { aud: origin, exp: now.as_second() + TOKEN_LIFE_S, sub: contact };
        let token = encode(&Header::new(Algorithm::ES256), &claims, &self.private);
        Ok(format!("vapid t={}, k={}", token.map_err(|_| VapidError)?, self.public))
    }
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VapidKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_key_and_its_tokens_verify() {
        let key = VapidKey::of_seed(&[7; 32]).unwrap_or_else(|_| panic!("a key"));
        let again = VapidKey::of_seed(&[7; 32]).unwrap_or_else(|_| panic!("a key"));
        assert_eq!(key.public(), again.public());
        let point = BASE64URL_NOPAD.decode(key.public().as_bytes()).unwrap_or_default();
        assert_eq!((point.len(), point.first()), (65, Some(&4)));
        let now = Timestamp::from_second(1_800_000_000).unwrap_or_default();
        let header = key.authorization("https://push.example", "mailto:a@b.example", now);
        let header = header.unwrap_or_default();
        let token = header.strip_prefix("vapid t=").and_then(|rest| rest.split(',').next());
        let token = token.unwrap_or_default();
        let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap_or_default();
        let verifier = aws_lc_rs::signature::UnparsedPublicKey::new(
            &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
            point,
        );
        assert!(verifier.verify(signed.as_bytes(), &signature).is_ok());
    }
}
