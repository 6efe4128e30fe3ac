//! Sessions on several devices: renewing, ending, stolen tokens.

use anyhow::{Context, Result};
use journeys::{Deployed, PASSWORD};
use local_cloud::api::Answer;
use reqwest::Method;
use serde_json::{Value, json};

/// Logs in as a mobile client: access and refresh tokens.
async fn mobile(deployed: &Deployed, login: &str, address: &str) -> Result<Value> {
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let credentials = json!({"login": login, "password": PASSWORD});
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    let otp = deployed.api.wait_for_new_code(address, before).await?;
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let body = json!({"otp": otp, "client": "mobile"});
    deployed.api.post(&path, None, &body).await?.ok()
}

async fn refresh(deployed: &Deployed, token: &Value) -> Result<Answer> {
    let body = json!({"refreshToken": token});
    deployed.api.post("/v1/sessions/refresh", None, &body).await
}

#[tokio::test]
async fn a_refresh_token_serves_once_and_reuse_ends_the_session() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let opened = mobile(&deployed, &login, invited.person.text("email")).await?;
    let first = &opened["refreshToken"];
    let renewed = refresh(&deployed, first).await?.ok()?;
    let token = renewed["accessToken"].as_str().unwrap();
    assert_eq!(deployed.api.get("/v1/me", Some(token)).await?.status, 200);
    // The answer was lost, or two tabs asked at once: the same successor.
    let again = refresh(&deployed, first).await?.ok()?;
    assert_eq!(again["refreshToken"], renewed["refreshToken"]);
    // The successor serves; from then on the first is one that was replaced: stolen.
    let later = refresh(&deployed, &again["refreshToken"]).await?.ok()?;
    let stolen = refresh(&deployed, first).await?;
    assert_eq!(stolen.status, 401);
    let over = refresh(&deployed, &later["refreshToken"]).await?;
    assert_eq!(over.status, 401, "the session is over for whoever has it");
    let access = again["accessToken"].as_str().unwrap();
    assert_eq!(deployed.api.get("/v1/me", Some(access)).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn a_browser_keeps_its_refresh_token_where_no_script_reads_it() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let address = invited.person.text("email");
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let credentials = json!({"login": login, "password": PASSWORD});
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    let otp = deployed.api.wait_for_new_code(address, before).await?;
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let opened = deployed.api.post(&path, None, &json!({"otp": otp})).await?;
    assert!(opened.json()["refreshToken"].is_null());
    let cookie = opened.headers["set-cookie"].to_str()?.to_owned();
    for part in ["HttpOnly", "Secure", "SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().context("a cookie")?.to_owned();
    let send = |pair: String| {
        deployed.api.request(Method::POST, "/v1/sessions/refresh").header("cookie", pair).send()
    };
    let renewed = Answer::of(send(pair).await?).await?;
    let access = renewed.ok()?["accessToken"].as_str().unwrap().to_owned();
    let left =
        deployed.api.send(Method::DELETE, "/v1/sessions/current", Some(&access), None).await?;
    assert!(left.headers["set-cookie"].to_str()?.contains("Max-Age=0"));
    let next = renewed.headers["set-cookie"].to_str()?.split(';').next().unwrap().to_owned();
    assert_eq!(send(next).await?.status(), 401, "logging out ends the refresh token too");
    Ok(())
}

#[tokio::test]
async fn devices_are_listed_and_one_is_ended_from_another() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let address = invited.person.text("email");
    let phone = mobile(&deployed, &login, address).await?;
    let browser = deployed.api.log_in(&login, PASSWORD, address).await?;
    let list = deployed.api.get("/v1/sessions", Some(&browser)).await?.ok()?;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    let other = items.iter().find(|device| device["current"] == false).context("the other")?;
    assert_eq!(other["client"], "mobile");
    let path = format!("/v1/sessions/{}", other["sessionId"].as_str().unwrap());
    let ended = deployed.api.send(Method::DELETE, &path, Some(&browser), None).await?;
    assert_eq!(ended.status, 204);
    let access = phone["accessToken"].as_str().unwrap();
    assert_eq!(deployed.api.get("/v1/me", Some(access)).await?.status, 401);
    assert_eq!(refresh(&deployed, &phone["refreshToken"]).await?.status, 401);
    // Nobody ends the session of another.
    let stranger = deployed.citizen().await?;
    let theirs = deployed.api.get("/v1/sessions", Some(&browser)).await?.ok()?;
    let path = format!("/v1/sessions/{}", theirs["items"][0]["sessionId"].as_str().unwrap());
    let refused = deployed.api.send(Method::DELETE, &path, Some(&stranger), None).await?;
    assert_eq!(refused.status, 404);
    Ok(())
}

#[tokio::test]
async fn wrong_tries_are_shown_to_the_holder() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let wrong = json!({"login": login, "password": "Autre-marée-8"});
    assert_eq!(deployed.api.post("/v1/sessions", None, &wrong).await?.problem(), "login-refused");
    let token = deployed.api.log_in(&login, PASSWORD, invited.person.text("email")).await?;
    let seen = deployed.api.get("/v1/sessions/attempts", Some(&token)).await?.ok()?;
    let kinds: Vec<_> =
        seen["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["loggedIn", "passwordAccepted", "wrongPassword"]);
    Ok(())
}
