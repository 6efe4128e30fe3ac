//! Logging in at one's own provider, as a browser does: there, back, and no other's way.

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::OpaqueToken;
use journeys::{Deployed, rpps};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use local_cloud::api::Answer;
use reqwest::{Client, Method, Url, redirect::Policy};
use serde_json::{Value, json};

const BEGIN: &str = "/v1/sessions/authorization";
const COMPLETE: &str = "/v1/sessions/authorization/completion";

/// A login begun: where the browser goes, and the cookie it keeps.
async fn begun(deployed: &Deployed, provider: &str) -> Result<(Url, String)> {
    let answer = deployed.api.post(BEGIN, None, &json!({"provider": provider})).await?;
    let cookie = answer.headers["set-cookie"].to_str()?.to_owned();
    for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/v1/sessions/authorization;"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let url = answer.ok()?["url"].as_str().context("a url")?.parse()?;
    Ok((url, cookie.split(';').next().context("a cookie")?.to_owned()))
}

/// Chooses who one is at the stand-in; gives what the browser comes back with.
async fn chosen(at: &Url, who: &[(&str, &str)]) -> Result<(String, String)> {
    let mut page = at.clone();
    page.set_path(&at.path().replace("/authorize", "/chosen"));
    page.query_pairs_mut().extend_pairs(who);
    let client = Client::builder().redirect(Policy::none()).build()?;
    let sent = client.get(page).send().await?;
    let back: Url = sent.headers()["location"].to_str()?.parse()?;
    let part = |name: &str| {
        let found = back.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).context("a part of the answer")
    };
    Ok((part("code")?, part("state")?))
}

async fn completed(deployed: &Deployed, cookie: &str, body: &Value) -> Result<Answer> {
    let request = deployed.api.request(Method::POST, COMPLETE).header("cookie", cookie);
    Answer::of(request.json(body).send().await?).await
}

#[tokio::test]
async fn a_professional_comes_back_from_their_provider() -> Result<()> {
    let deployed = Deployed::load().await?;
    let number = rpps();
    let (url, cookie) = begun(&deployed, "professional").await?;
    let who = [
        ("who", number.as_str()),
        ("profession", "10"),
        ("name", "Camille"),
        ("structure", "Cabinet"),
    ];
    let (code, state) = chosen(&url, &who).await?;
    let body = json!({"provider": "professional", "code": code, "state": state});

    // Another's answer in this browser, or this one's in another browser, is not gone on with.
    let (_, other) = begun(&deployed, "professional").await?;
    for cookie in [other.as_str(), "authorization=x", "a=b"] {
        let refused = completed(&deployed, cookie, &body).await?;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (401, "unauthenticated"));
    }
    let elsewhere = json!({"provider": "support", "code": code, "state": state});
    assert_eq!(completed(&deployed, &cookie, &elsewhere).await?.status, 401);

    let (url, cookie) = begun(&deployed, "professional").await?;
    let (code, state) = chosen(&url, &who).await?;
    let body = json!({"provider": "professional", "code": code, "state": state});
    let done = completed(&deployed, &cookie, &body).await?;
    assert!(done.headers["set-cookie"].to_str()?.contains("Max-Age=0"));
    let done = done.ok()?;
    let practices = json!([
        {"profession": "10", "professionName": "Médecin", "structure": "Cabinet"}
    ]);
    assert_eq!(done["practices"], practices);
    let foreign = done["subjectToken"].as_str().context("a token")?;
    let token = deployed.api.exchange_token(foreign).await?.ok()?;
    let me = deployed.api.get("/v1/me", token["access_token"].as_str()).await?.ok()?;
    assert_eq!((&me["kind"], &me["rpps"]), (&json!("professional"), &json!(number)));
    // A code serves once, and so does the token.
    assert_eq!(completed(&deployed, &cookie, &body).await?.status, 401);
    assert_eq!(deployed.api.exchange_token(foreign).await?.problem(), "token-replayed");
    Ok(())
}

#[tokio::test]
async fn a_code_is_nothing_without_our_key() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (url, cookie) = begun(&deployed, "support").await?;
    // Whoever has the browser's secret has the verifier too; the key is what they lack.
    let secret = cookie.trim_start_matches("authorization=");
    let verifier = OpaqueToken::name_of(&["verifier", "/assistance/retour", secret]);
    let (code, _) = chosen(&url, &[("who", "A-900")]).await?;
    let issuer = url.as_str().split("/authorize").next().context("an issuer")?.to_owned();
    let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let part = |name: &str| asked.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone());
    assert_eq!(part("code_challenge_method").as_deref(), Some("S256"));
    let challenge = BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref());
    assert_eq!(part("code_challenge"), Some(challenge), "the verifier is the right one");
    // All is right but the key: signed with another, under the name of ours.
    // (The first token that is signed publishes it.)
    deployed.api.support("A-901").await?;
    let published = deployed.api.get("/.well-known/jwks.json", None).await?.ok()?;
    let mut header = Header::new(Algorithm::ES256);
    header.kid = published["keys"][0]["kid"].as_str().map(str::to_owned);
    assert!(header.kid.is_some());
    let claims = json!({"iss": "espace-sante", "sub": "espace-sante", "exp": 4_000_000_000_i64,
        "aud": format!("{issuer}/redeem")});
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let pair = pair.ok().context("another key")?;
    let forged = encode(&header, &claims, &EncodingKey::from_ec_der(pair.as_ref()))?;
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", code),
        ("redirect_uri", part("redirect_uri").context("a way back")?),
        ("client_id", "espace-sante".to_owned()),
        ("code_verifier", verifier),
        ("client_assertion", forged),
    ];
    let answer = Client::new().post(format!("{issuer}/redeem")).form(&form).send().await?;
    assert_eq!(answer.status(), 400);
    let unknown = deployed.api.post(BEGIN, None, &json!({"provider": "insurer"})).await?;
    assert_eq!(unknown.status, 422);
    Ok(())
}
