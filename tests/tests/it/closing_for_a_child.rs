//! Closing a child's space: both representatives, each with their own second factor and
//! password; one alone waits for thirty days; either takes it back.

use anyhow::{Context, Result};
use espace_domain::CLOSURE_PENDING_DAYS;
use journeys::{Deployed, Family, PASSWORD, in_days, now};
use local_cloud::api::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::journeys_of_people::ask;

/// Two parents who act for one child.
struct Parents {
    family: Family,
    tokens: Vec<String>,
    child: String,
}

async fn parents(deployed: &Deployed) -> Result<Parents> {
    let today = espace_domain::paris_date(now().now());
    let family = deployed.family(&[jiff::civil::date(today.year() - 8, 2, 2)], 0).await?;
    let mut tokens = Vec::new();
    for parent in &family.parents {
        tokens.push(deployed.activate_and_log_in(parent).await?);
    }
    let child = attach(deployed, &family, 0, &tokens[0]).await?;
    attach(deployed, &family, 1, &tokens[1]).await?;
    Ok(Parents { family, tokens, child })
}

/// A parent takes the child's space in hand; the second with a code of their own asking.
async fn attach(deployed: &Deployed, family: &Family, nth: usize, token: &str) -> Result<String> {
    let (parent, minor) = (&family.parents[nth], &family.children[0]);
    let code = if nth == 0 { minor.code.clone() } else { ask(deployed, minor, parent).await? };
    let proven = deployed.prove_for(&minor.person, &code, &parent.person).await?.ok()?;
    let enrolment = json!({"enrolmentToken": proven["enrolmentToken"]});
    let path = "/v1/spaces/me/dependants";
    let attached = deployed.api.post(path, Some(token), &enrolment).await?.ok()?;
    Ok(attached["spaceId"].as_str().context("a space")?.to_owned())
}

impl Parents {
    async fn close(&self, deployed: &Deployed, nth: usize, erase: bool) -> Result<Answer> {
        let address = self.family.parents[nth].person.text("email");
        let mut body = deployed.step_up(&self.tokens[nth], "closure", address).await?;
        body["password"] = json!(PASSWORD);
        body["confirmation"] = json!(if erase { "EFFACER" } else { "FERMER" });
        body["eraseNow"] = json!(erase);
        let path = format!("/v1/spaces/{}/closure", self.child);
        deployed.api.post(&path, Some(&self.tokens[nth]), &body).await
    }

    async fn seen(&self, deployed: &Deployed, nth: usize) -> Result<Value> {
        let path = format!("/v1/spaces/{}", self.child);
        deployed.api.get(&path, Some(&self.tokens[nth])).await?.ok()
    }

    async fn withdraw(&self, deployed: &Deployed, nth: usize) -> Result<u16> {
        let path = format!("/v1/spaces/{}/closure", self.child);
        let token = Some(self.tokens[nth].as_str());
        Ok(deployed.api.send(Method::DELETE, &path, token, None).await?.status.as_u16())
    }
}

#[tokio::test]
async fn one_parent_asks_the_other_agrees_and_either_takes_it_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let parents = parents(&deployed).await?;
    let asked = parents.close(&deployed, 0, false).await?;
    assert_eq!(asked.status, 202, "{}", asked.json());
    assert_eq!(asked.json(), json!({"state": "pending", "certificate": null}));
    let subject = "Fermeture de l’espace de santé de votre enfant";
    for parent in &parents.family.parents {
        let told = |m: &local_cloud::mail::Message| m.subject == subject;
        deployed.api.wait_for_mail(parent.person.text("email"), told).await?;
    }
    // Both see it; the space stands.
    for (nth, by_you) in [(0, true), (1, false)] {
        let seen = parents.seen(&deployed, nth).await?;
        assert_eq!((&seen["state"], &seen["closure"]["byYou"]), (&json!("active"), &json!(by_you)));
    }
    // The same one twice is one.
    let again = parents.close(&deployed, 0, false).await?.json();
    assert_eq!(again["state"], "pending");
    // The other refuses: it stays as it is.
    assert_eq!(parents.withdraw(&deployed, 1).await?, 204);
    assert_eq!(parents.withdraw(&deployed, 0).await?, 404, "there is nothing to take back");
    assert_eq!(parents.seen(&deployed, 0).await?["closure"], Value::Null);
    // Asked again, and agreed to.
    parents.close(&deployed, 1, false).await?.ok()?;
    let closed = parents.close(&deployed, 0, false).await?;
    assert_eq!(closed.json(), json!({"state": "closed", "certificate": null}));
    assert_eq!(parents.seen(&deployed, 1).await?["state"], "closed");
    // Either takes it back, as it was.
    let address = parents.family.parents[1].person.text("email");
    let step = deployed.step_up(&parents.tokens[1], "reopening", address).await?;
    let path = format!("/v1/spaces/{}/reopening", parents.child);
    deployed.api.post(&path, Some(&parents.tokens[1]), &step).await?.ok()?;
    let seen = parents.seen(&deployed, 0).await?;
    assert_eq!((&seen["state"], &seen["closure"]), (&json!("active"), &Value::Null));
    Ok(())
}

#[tokio::test]
async fn it_is_erased_only_where_both_say_so() -> Result<()> {
    let deployed = Deployed::load().await?;
    let parents = parents(&deployed).await?;
    parents.close(&deployed, 0, true).await?.ok()?;
    let closed = parents.close(&deployed, 1, false).await?;
    assert_eq!(closed.json(), json!({"state": "closed", "certificate": null}));
    Ok(())
}

#[tokio::test]
async fn after_thirty_days_nobody_has_asked() -> Result<()> {
    let deployed = Deployed::load().await?;
    let parents = parents(&deployed).await?;
    // Asked then, as it would have been then.
    let then = in_days(-CLOSURE_PENDING_DAYS);
    let token = deployed.token_as_of(&parents.tokens[0], then.as_ref()).await?;
    let address = parents.family.parents[0].person.text("email");
    let mut body = deployed.step_up(&parents.tokens[0], "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("FERMER");
    let space = deployed.space(&[], then).await?;
    let path = format!("/v1/spaces/{}/closure", parents.child);
    let asked = space.send("POST", &path, Some(&token), Some(&body)).await?.ok()?;
    assert_eq!(asked["state"], "pending");
    assert_eq!(parents.seen(&deployed, 1).await?["closure"], Value::Null);
    assert_eq!(parents.withdraw(&deployed, 0).await?, 404);
    let late = parents.close(&deployed, 1, false).await?.json();
    assert_eq!(late["state"], "pending", "the first word again");
    let agreed = parents.close(&deployed, 0, false).await?.json();
    assert_eq!(agreed["state"], "closed");
    Ok(())
}

#[tokio::test]
async fn both_have_it_erased() -> Result<()> {
    let deployed = Deployed::load().await?;
    let parents = parents(&deployed).await?;
    parents.close(&deployed, 0, true).await?.ok()?;
    let erased = parents.close(&deployed, 1, true).await?;
    assert_eq!(erased.json()["state"], "erased", "{}", erased.json());
    assert!(erased.json()["certificate"]["reference"].is_string());
    let path = format!("/v1/spaces/{}", parents.child);
    let gone = deployed.api.get(&path, Some(&parents.tokens[0])).await?;
    assert_eq!(gone.status, 404);
    // Their own spaces, and sessions, are as they were.
    assert_eq!(deployed.api.get("/v1/spaces/me", Some(&parents.tokens[0])).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_parent_alone_closes_alone() -> Result<()> {
    let deployed = Deployed::load().await?;
    let today = espace_domain::paris_date(now().now());
    let family = deployed.family(&[jiff::civil::date(today.year() - 8, 2, 2)], 0).await?;
    let token = deployed.activate_and_log_in(&family.parents[0]).await?;
    let child = attach(&deployed, &family, 0, &token).await?;
    let parents = Parents { family, tokens: vec![token], child };
    // The insurer names another, who has not taken the space in hand: nothing is erased.
    let erased = parents.close(&deployed, 0, true).await?;
    assert_eq!(erased.json()["state"], "pending");
    let closed = parents.close(&deployed, 0, false).await?;
    assert_eq!(closed.json()["state"], "closed");
    Ok(())
}
