//! Logging in and what a token proves.

use anyhow::{Context, Result};
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::SystemRandom;
use espace_domain::Random;
use espace_storage::{Aws, SigningKeys};
use journeys::{Deployed, PASSWORD, in_days};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_are_the_same_to_everyone() -> Result<()> {
    let deployed = Deployed::load().await?;
    let login = deployed.activate(&deployed.invite(0).await?).await?;
    let sessions = deployed.sessions(&[], journeys::now()).await?;
    let attempt = |login: &str| json!({"login": login, "password": "Autre-chose-77"});
    let known = sessions.send("POST", "/v1/sessions", None, Some(&attempt(&login))).await?;
    sessions.calls();
    let mut seen = Vec::new();
    for login in [login.as_str(), "personne-du-tout"] {
        // The second time the account keys of both shards are warm.
        sessions.send("POST", "/v1/sessions", None, Some(&attempt(login))).await?;
        sessions.calls();
        let answer = sessions.send("POST", "/v1/sessions", None, Some(&attempt(login))).await?;
        let mut body = answer.json();
        body["instance"] = Value::Null;
        seen.push((answer.status, body, sessions.calls()));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!((known.status.as_u16(), known.problem().as_str()), (401, "login-refused"));
    Ok(())
}

#[tokio::test]
async fn a_one_time_code_serves_once_and_dies_at_the_fifth_wrong_try() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let address = invited.person.text("email");
    let credentials = json!({"login": login, "password": PASSWORD});
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    assert_eq!(begun["channels"][0], "email");
    let otp = deployed.api.wait_for_code(address, 6).await?;
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let wrong = if otp == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let answer = deployed.api.post(&path, None, &json!({"otp": wrong})).await?;
        assert_eq!(answer.problem(), "otp-wrong");
    }
    let answer = deployed.api.post(&path, None, &json!({"otp": otp})).await?;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (403, "otp-over"));

    let token = deployed.api.log_in(&login, PASSWORD, address).await?;
    assert_eq!(deployed.api.get("/v1/me", Some(&token)).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn logging_out_ends_the_token_at_the_next_request() -> Result<()> {
    let deployed = Deployed::load().await?;
    let token = deployed.citizen().await?;
    let out = deployed
        .api
        .send(reqwest::Method::DELETE, "/v1/sessions/current", Some(&token), None)
        .await?;
    assert_eq!(out.status, 204);
    let after = deployed.api.get("/v1/me", Some(&token)).await?;
    assert_eq!((after.status.as_u16(), after.problem().as_str()), (401, "unauthenticated"));
    Ok(())
}

#[tokio::test]
async fn a_token_proves_nothing_once_it_is_forged_or_old() -> Result<()> {
    let deployed = Deployed::load().await?;
    let token = deployed.api.insurer().await?;
    let parts: Vec<&str> = token.split('.').collect();
    let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(parts[0].as_bytes())?)?;
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let rebuilt = |change: &dyn Fn(&mut Value)| {
        let mut changed = header.clone();
        change(&mut changed);
        format!("{}.{}.{}", encode(&changed), parts[1], parts[2])
    };
    let mut claims: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(parts[1].as_bytes())?)?;
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 1_000);
    let mut noise = [0; 64];
    SystemRandom.fill(&mut noise);
    let forged = [
        format!("{}.{}.", encode(&json!({"alg": "none", "typ": "JWT"})), parts[1]),
        rebuilt(&|h| h["alg"] = json!("HS256")),
        rebuilt(&|h| h["kid"] = json!("another")),
        rebuilt(&|h| h["jku"] = json!("http://127.0.0.1:9/jwks")),
        format!("{}.{}.{}", parts[0], encode(&claims), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], BASE64URL_NOPAD.encode(&noise)),
        format!("{}.{}", parts[0], parts[1]),
        "a".repeat(10_000),
    ];
    for token in forged {
        let answer = deployed.api.get("/v1/me", Some(&token)).await?;
        assert_eq!(answer.status, 401, "{token}");
    }
    assert_eq!(deployed.api.get("/v1/me", Some(&token)).await?.status, 200);
    // A day later the same token is old.
    let tomorrow = deployed.sessions(&[], in_days(1)).await?;
    assert_eq!(tomorrow.send("GET", "/v1/me", Some(&token), None).await?.status, 401);
    Ok(())
}

/// Tokens under our own key, but for another time, place or purpose, and tokens
/// under the public key taken for a secret (RFC 8725 section 2.1).
#[tokio::test]
async fn a_token_of_our_own_key_is_judged_by_what_it_says() -> Result<()> {
    let deployed = Deployed::load().await?;
    let token = deployed.api.insurer().await?;
    let payload = token.split('.').nth(1).context("a payload")?;
    let claims: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes())?)?;
    let kid = decode_header(&token)?.kid;
    let aws = Aws::from_config(deployed.config.clone());
    let mut environment = deployed.environment("SessionsFunction", &[]).await?;
    let keys = SigningKeys::new(&aws, &mut environment);
    let published = keys.published(journeys::now().now()).await?;
    let entry = published.iter().find(|entry| Some(&entry.kid) == kid.as_ref()).context("a key")?;
    let private = EncodingKey::from_ec_der(&keys.private(entry).await?);
    let sign =
        |algorithm: Algorithm, key: &EncodingKey, change: &dyn Fn(&mut Value, &mut Header)| {
            let (mut claims, mut header) = (claims.clone(), Header::new(algorithm));
            header.typ = Some("at+jwt".to_owned());
            header.kid.clone_from(&kid);
            change(&mut claims, &mut header);
            encode(&header, &claims, key)
        };
    let ours = |change: &dyn Fn(&mut Value, &mut Header)| sign(Algorithm::ES256, &private, change);
    // The control: signed by this test, unchanged, it is good.
    let good = ours(&|_, _| {})?;
    assert_eq!(deployed.api.get("/v1/me", Some(&good)).await?.status, 200);
    let now = claims["iat"].as_i64().context("an instant")?;
    let secret = EncodingKey::from_secret(entry.jwk.as_bytes());
    let refused = [
        ours(&|claims, _| claims["exp"] = json!(now - 60))?,
        ours(&|claims, _| claims["nbf"] = json!(now + 300))?,
        ours(&|claims, _| claims["iss"] = json!("https://elsewhere.example"))?,
        ours(&|claims, _| claims["aud"] = json!("another-api"))?,
        ours(&|claims, _| claims["sid"] = json!("0".repeat(26)))?,
        ours(&|claims, _| claims["actor"] = json!({"kind": "citizen", "spaceId": "0".repeat(26)}))?,
        ours(&|_, header| header.x5u = Some("http://127.0.0.1:9/cert".to_owned()))?,
        ours(&|_, header| header.jku = Some("http://127.0.0.1:9/jwks".to_owned()))?,
        ours(&|_, header| header.kid = Some("../../dev/null".to_owned()))?,
        ours(&|_, header| header.kid = None)?,
        // What else the key signs: an assertion to a provider.
        ours(&|_, header| header.typ = Some("JWT".to_owned()))?,
        ours(&|_, header| header.typ = None)?,
        sign(Algorithm::HS256, &secret, &|_, _| {})?,
    ];
    for (number, token) in refused.iter().enumerate() {
        let answer = deployed.api.get("/v1/me", Some(token)).await?;
        assert_eq!(answer.status, 401, "token {number}");
    }
    Ok(())
}

#[tokio::test]
async fn a_foreign_token_is_exchanged_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let path = "/providers/support/token";
    let claims = json!({"sub": "A-9", "agent": "A-9"});
    let issued = deployed.api.post(path, None, &claims).await?.ok()?;
    let token = issued["token"].as_str().context("a token")?;
    assert_eq!(deployed.api.exchange_token(token).await?.status, 200);
    let again = deployed.api.exchange_token(token).await?;
    assert_eq!((again.status.as_u16(), again.problem().as_str()), (401, "token-replayed"));
    Ok(())
}

#[tokio::test]
async fn a_new_signing_key_logs_nobody_out() -> Result<()> {
    let deployed = Deployed::load().await?;
    let token = deployed.api.insurer().await?;
    // In the last day of a period the next key is published; in the next period it
    // signs, and what the first signed is still verified.
    let today = journeys::now();
    let sessions = deployed.sessions(&[], in_days(30)).await?;
    let keys = sessions.send("GET", "/.well-known/jwks.json", None, None).await?.ok()?;
    let before = keys["keys"].as_array().context("keys")?.len();
    let claims = json!({"sub": "insurer", "exp": espace_domain::Clock::now(in_days(30).as_ref()).as_second() + 100,
        "iat": espace_domain::Clock::now(in_days(30).as_ref()).as_second()});
    let foreign = deployed.api.post("/providers/insurer/token", None, &claims).await?.ok()?;
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=\
         urn:ietf:params:oauth:token-type:id_token&subject_token={}",
        foreign["token"].as_str().context("a token")?
    );
    let exchanged = sessions.send_form("/v1/sessions/exchange", &form).await?.ok()?;
    let next = exchanged["access_token"].as_str().context("a token")?;
    assert_ne!(decode_header(next)?.kid, decode_header(&token)?.kid);
    let keys = sessions.send("GET", "/.well-known/jwks.json", None, None).await?.ok()?;
    assert!(keys["keys"].as_array().context("keys")?.len() > before.min(1));
    let now_again = deployed.sessions(&[], today).await?;
    assert_eq!(now_again.send("GET", "/v1/me", Some(&token), None).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_foreign_token_is_verified_in_full() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let issue = |claims: Value| async move {
        let path = "/providers/insurer/token";
        let issued = api.post(path, None, &claims).await?.ok()?;
        let token = issued["token"].as_str().context("a token")?.to_owned();
        api.exchange_token(&token).await
    };
    assert_eq!(issue(json!({"sub": "insurer"})).await?.status, 200);
    let refused = [
        json!({"aud": "someone-else"}),
        json!({"exp": 1_000_000_000}),
        json!({"iat": 4_000_000_000_i64, "exp": 4_000_000_100_i64}),
        json!({"exp": 4_000_000_000_i64}),
        json!({"iss": format!("{}/providers/support", api.system().api)}),
        json!({"iss": "https://elsewhere.example"}),
    ];
    for claims in refused {
        assert_eq!(issue(claims.clone()).await?.status, 401, "{claims}");
    }
    // A provider that takes a new key is believed without a restart.
    api.send(reqwest::Method::POST, "/providers/insurer/rotation", None, None).await?;
    let mut accepted = false;
    for _ in 0..120 {
        let claims = json!({"sub": "insurer", "useNewestKey": true});
        accepted = issue(claims).await?.status == 200;
        if accepted {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(accepted, "the provider's new key is not taken up");
    Ok(())
}
