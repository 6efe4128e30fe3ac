//! Refresh tokens on the wire: account, session and a secret, in a cookie that no
//! script can read or in the body of an application. Must not know sessions.

use axum::http::{HeaderMap, HeaderValue, header};
use espace_crypto::{MacKey, MacPurpose, OpaqueToken};
use espace_domain::{AccountId, Random, SessionId};
use espace_http::Problem;

/// The cookie's name.
const COOKIE: &str = "refresh";
/// Where the cookie is sent: nowhere but to the sessions' own routes.
const COOKIE_PATH: &str = "/v1/sessions";

/// A refresh token. Its `Debug` shows nothing.
pub(crate) struct RefreshToken {
    pub(crate) account_id: AccountId,
    pub(crate) session_id: SessionId,
    pub(crate) secret: OpaqueToken,
}

impl RefreshToken {
    /// Draws a token of a session.
    pub(crate) fn generate(
        account_id: AccountId,
        session_id: SessionId,
        random: &dyn Random,
    ) -> Self {
        Self { account_id, session_id, secret: OpaqueToken::generate(random) }
    }

    /// The token that replaces this one: derived from it, so that a client that asks
    /// twice (an answer lost, two tabs) gets the same.
    pub(crate) fn successor(&self, mac: &MacKey) -> Self {
        let Self { account_id, session_id, secret } = self;
        let parts = [session_id.as_str().as_bytes(), secret.expose().as_bytes()];
        let tag = mac.tag(MacPurpose::RefreshToken, &parts);
        Self {
            account_id: account_id.clone(),
            session_id: session_id.clone(),
            secret: OpaqueToken::from_bytes(tag),
        }
    }

    /// Reads a token; `None` when it cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (account, session, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            account_id: AccountId::parse(account).ok()?,
            session_id: SessionId::parse(session).ok()?,
            secret: OpaqueToken::parse(secret)?,
        })
    }

    /// The token in a request's cookie.
    pub(crate) fn in_cookie(headers: &HeaderMap) -> Option<Self> {
        cookie_in(headers, COOKIE).and_then(Self::parse)
    }

    /// The token's text, for its bearer only.
    pub(crate) fn expose(&self) -> String {
        let Self { account_id, session_id, secret } = self;
        format!("{account_id}.{session_id}.{}", secret.expose())
    }

    /// The cookie that keeps it for `seconds`.
    pub(crate) fn cookie(&self, seconds: i64) -> Result<HeaderValue, Problem> {
        cookie(&self.expose(), seconds)
    }
}

/// The cookie that forgets it.
pub(crate) fn forgotten() -> Result<HeaderValue, Problem> {
    cookie("", 0)
}

fn cookie(value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    cookie_of(COOKIE, COOKIE_PATH, value, seconds)
}

/// A cookie that no script reads and no other site sends, kept for `seconds`.
pub(crate) fn cookie_of(
    name: &str,
    path: &str,
    value: &str,
    seconds: i64,
) -> Result<HeaderValue, Problem> {
    let text = format!(
        "{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict"
    );
    HeaderValue::from_str(&text).map_err(|_| Problem::internal("a cookie could not be written"))
}

/// The value of a request's cookie.
pub(crate) fn cookie_in<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).map(str::trim);
    pairs.find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == wanted)).map(|(_, v)| v)
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use espace_crypto::SystemRandom;

    #[test]
    fn a_token_is_read_back_from_its_cookie_among_others() {
        let random = &SystemRandom;
        let (account, session) = (AccountId::generate(random), SessionId::generate(random));
        let token = RefreshToken::generate(account, session, random);
        let mut headers = HeaderMap::new();
        let line = format!("a=b; refresh={}; c=d", token.expose());
        headers.insert(header::COOKIE, HeaderValue::from_str(&line).unwrap());
        let read = RefreshToken::in_cookie(&headers).map(|token| token.expose());
        assert_eq!(read, Some(token.expose()));
        let cookie = token.cookie(60).unwrap();
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/v1/sessions"] {
            assert!(cookie.to_str().unwrap().contains(part), "{part}");
        }
        for wrong in ["", "a.b.c", "a.b", &format!("{}.x", token.expose())] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
