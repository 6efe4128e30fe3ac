//! What only the owner of the cloud can do: a token for any holder, without their
//! password. For checks and demonstrations on this machine: it writes the session and
//! signs with the wrapped key, which no one can without the owner's credentials. Must
//! not know the API.

use std::sync::Arc;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::{OpaqueToken, SystemRandom};
use espace_domain::{Actor, Clock, Login, Random, SessionId, SpaceState, SystemClock};
use espace_http::{ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TYPE, ACCESS_TOKEN_VALIDITY_S, Claims};
use espace_storage::{
    Accounts, Attempt, AttemptKind, Attempts, Aws, ClientKind, Environment, NewSession, Sessions,
    SigningKeys, Spaces, SystemKeys, signing_period,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use crate::deploy::Stack;

/// Seconds the session lasts: a working day of checks.
const SESSION_S: i64 = 12 * 3_600;

/// An access token of the holder with that login.
pub async fn citizen_token(config: &SdkConfig, stack: &Stack, login: &str) -> Result<String> {
    let clock = Arc::new(SystemClock);
    let random = &SystemRandom;
    let now = clock.now();
    let values = stack.environment(config, "SessionsFunction").await?;
    let mut environment = Environment::from_values(values);
    let (aws, env) = (Aws::from_config(config.clone()), &mut environment);
    let keys = Arc::new(SystemKeys::new(&aws, env, clock));
    let accounts = Accounts::new(&aws, env, keys);
    let spaces = Spaces::new(&aws, env);
    let sessions = Sessions::new(&aws, env);
    let attempts = Attempts::new(&aws, env);
    let signing = SigningKeys::new(&aws, env);
    let issuer = env.required("ESPACE_ISSUER");

    let login = Login::parse(login).context("not an identifier")?;
    let account = accounts.find(&login).await?.context("nobody has that identifier")?;
    let space = spaces.find(&account.space_id).await?.context("no space")?;
    let archived = matches!(space.state, SpaceState::Closed { .. });
    let session_id = SessionId::generate(random);
    let new = NewSession {
        session_id: &session_id,
        account_id: &account.account_id,
        space_id: &account.space_id,
        client: ClientKind::Browser,
        epoch: sessions.epoch(&account.account_id).await?,
        archived,
        refresh: &OpaqueToken::generate(random),
        idle_s: SESSION_S,
        lifetime_s: SESSION_S,
    };
    let attempt = Attempt::new(&account.login, AttemptKind::LoggedIn, now, random);
    let opened = sessions.open(&spaces, &attempts, (&new, &attempt), now).await?;
    anyhow::ensure!(opened, "the space is frozen, or its holder reported dead");

    let published = signing.published(now).await?;
    let current = published.iter().find(|key| key.period == signing_period(now));
    let entry = current.context("no key signs yet: log someone in first")?;
    let private = EncodingKey::from_ec_der(&signing.private(entry).await?);
    let mut name = [0; 12];
    random.fill(&mut name);
    let at_s = now.as_second();
    let claims = Claims {
        iss: issuer,
        aud: ACCESS_TOKEN_AUDIENCE.to_owned(),
        sub: account.account_id.as_str().to_owned(),
        sid: session_id,
        iat: at_s,
        nbf: at_s,
        exp: at_s + ACCESS_TOKEN_VALIDITY_S,
        jti: BASE64URL_NOPAD.encode(&name),
        actor: Actor::Citizen { space_id: account.space_id, archived },
    };
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(ACCESS_TOKEN_TYPE.to_owned());
    header.kid = Some(entry.kid.clone());
    Ok(encode(&header, &claims, &private)?)
}
