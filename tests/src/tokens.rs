//! Tokens of our own key for another time: what a clock of the test's own takes for fresh.
//! Must not know: what they are used for.

use anyhow::{Context, Result};
use data_encoding::BASE64URL_NOPAD;
use espace_domain::Clock;
use espace_storage::{Aws, SigningKeys};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};

use crate::Deployed;

/// How long such a token is good, seconds.
const VALIDITY_S: i64 = 600;

impl Deployed {
    /// The same token, as if it had been issued at another time.
    pub async fn token_as_of(&self, token: &str, clock: &dyn Clock) -> Result<String> {
        let payload = token.split('.').nth(1).context("a payload")?;
        let mut claims: Value =
            serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes())?)?;
        let now = clock.now().as_second();
        claims["iat"] = json!(now);
        claims["nbf"] = json!(now);
        claims["exp"] = json!(now + VALIDITY_S);
        let kid = decode_header(token)?.kid;
        let aws = Aws::from_config(self.config.clone());
        let mut environment = self.environment("SessionsFunction", &[]).await?;
        let keys = SigningKeys::new(&aws, &mut environment);
        let published = keys.published(crate::now().now()).await?;
        let entry = published.iter().find(|entry| Some(&entry.kid) == kid.as_ref());
        let private = EncodingKey::from_ec_der(&keys.private(entry.context("a key")?).await?);
        let header = Header { kid, typ: Some("at+jwt".into()), ..Header::new(Algorithm::ES256) };
        Ok(encode(&header, &claims, &private)?)
    }
}
