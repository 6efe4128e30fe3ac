//! After a death: the space is closed and its ten years run; an heir whom two agents admit gets
//! a copy of the documents that the law leaves them, and nothing else.

use std::sync::Arc;

use anyhow::{Context, Result};
use espace_crypto::SystemRandom;
use espace_domain::HEIR_ACCESS_DAYS;
use espace_storage::Aws;
use journeys::{Deployed, Invited, Patient, in_days};
use local_cloud::api::Answer;
use local_cloud::mail::Message;
use reqwest::Method;
use serde_json::{Value, json};

use crate::exports::{ask, download, leads, unpacked, validated};
use crate::messages::open;
use crate::vault::{OWN, REPORT, deposit, doctor, entry, pdf};

/// The insurer reports a death.
pub(crate) async fn die(deployed: &Deployed, invited: &Invited) -> Result<()> {
    let mut line = invited.person.0.clone();
    line["deceasedOn"] = json!("2026-10-02");
    deployed.feed(&[line], 0).await.map(|_| ())
}

/// What an agent finds.
pub(crate) fn claim(dead: &Invited, heir: &Invited) -> Value {
    json!({
        "nir": dead.person.text("nir"), "birthDate": dead.person.text("birthDate"),
        "heirNir": heir.person.text("nir"), "heirBirthDate": heir.person.text("birthDate"),
        "relation": "successor", "purpose": "causeOfDeath", "careSince": "2026-01-01",
        "reference": "AD-2026-117",
    })
}

async fn find(deployed: &Deployed, agent: &str, claim: &Value) -> Result<Answer> {
    let token = deployed.api.support(agent).await?;
    deployed.api.post("/v1/support/heirs", Some(&token), claim).await
}

/// Two agents admit an heir.
async fn admit(deployed: &Deployed, dead: &Invited, heir: &Invited) -> Result<()> {
    let claim = claim(dead, heir);
    find(deployed, "H-1", &claim).await?.ok()?;
    assert_eq!(find(deployed, "H-2", &claim).await?.ok()?["state"], "admitted");
    Ok(())
}

/// Someone with documents old and new, and a conversation.
async fn with_a_record(deployed: &Deployed) -> Result<Patient> {
    let patient = deployed.patient().await?;
    let (_, token) = doctor(deployed, &patient).await?;
    for (title, day) in [("Bilan ancien", "2019-05-06"), ("Bilan récent", "2026-03-04")] {
        let mut report = entry(REPORT, title);
        report["eventDate"] = json!(day);
        deposit(deployed, &token, &patient.space_id, &report, pdf(title)).await?.ok()?;
    }
    let own = entry(OWN, "Mes notes");
    deposit(deployed, &patient.token, &patient.space_id, &own, pdf("notes")).await?.ok()?;
    open(deployed, &token, &patient.space_id).await?;
    Ok(patient)
}

#[tokio::test]
async fn an_heir_whom_two_agents_admit_gets_the_documents_of_that_care() -> Result<()> {
    let deployed = Deployed::load().await?;
    let dead = with_a_record(&deployed).await?;
    let heir = deployed.patient().await?;
    let claim = claim(&dead.invited, &heir.invited);
    // Nothing is told of anyone before all of it matches.
    for field in ["birthDate", "heirBirthDate"] {
        let mut wrong = claim.clone();
        wrong[field] = json!("1930-01-01");
        let refused = find(&deployed, "H-1", &wrong).await?;
        assert_eq!(refused.problem(), "identity-not-recognised");
    }
    let alive = find(&deployed, "H-1", &claim).await?;
    assert_eq!(alive.problem(), "holder-not-deceased");
    die(&deployed, &dead.invited).await?;

    // One agent is not two, and what they find must be the same.
    let first = find(&deployed, "H-1", &claim).await?;
    assert_eq!(first.json(), json!({"state": "pending", "until": null}), "{}", first.json());
    assert_eq!(find(&deployed, "H-1", &claim).await?.problem(), "found-by-you");
    let estates = |space: Value| space["estates"].clone();
    assert_eq!(estates(heir.get(&deployed, "").await?.ok()?), json!([]));
    let mut wider = claim.clone();
    wider["careSince"] = json!("2000-01-01");
    assert_eq!(find(&deployed, "H-2", &wider).await?.ok()?["state"], "pending");
    assert_eq!(find(&deployed, "H-1", &claim).await?.ok()?["state"], "pending");
    let admitted = find(&deployed, "H-2", &claim).await?.ok()?;
    assert_eq!(admitted["state"], "admitted");
    let is_word = |m: &Message| m.subject == "Votre demande d’ayant droit est acceptée";
    let address = heir.invited.person.text("email");
    deployed.api.wait_for_mail(address, is_word).await?;
    let seen = estates(heir.get(&deployed, "").await?.ok()?);
    assert_eq!(seen[0]["spaceId"], json!(dead.space_id));
    assert_eq!(seen[0]["until"], admitted["until"]);

    // With their own second factor they get their copy, and word of it.
    let path = ask(&deployed, &heir.token, &dead.space_id, address).await?;
    let files = unpacked(&download(&deployed, &heir.token, &path).await?)?;
    let is_ready = |m: &Message| m.subject == "La copie de vos données est prête";
    deployed.api.wait_for_mail(address, is_ready).await?;
    leads(&files)?;
    validated(&files)?;
    let page = String::from_utf8(files["index.html"].clone())?;
    assert!(!page.contains("Messages") && !page.contains("Qui a consulté"), "{page}");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let holds = |word: &str| names.iter().any(|name| name.contains(word));
    assert!(holds("Bilan récent") && holds("Mes notes"), "{names:?}");
    assert!(!holds("Bilan ancien"), "older than the care it is about");
    assert!(!holds("messages") && !holds("journal"), "{names:?}");
    let whole: Vec<u8> = files.into_values().flatten().collect();
    assert!(!String::from_utf8_lossy(&whole).contains("Suites de l’opération"));

    // Nothing else of the space is theirs.
    for rest in ["", "/documents", "/threads", "/access-log", "/consents", "/contacts"] {
        let path = format!("/v1/spaces/{}{rest}", dead.space_id);
        let refused = deployed.api.get(&path, Some(&heir.token)).await?;
        assert!([403, 404].contains(&refused.status.as_u16()), "{rest}: {}", refused.status);
    }
    let reopening = deployed.step_up(&heir.token, "reopening", address).await?;
    let reopen = format!("/v1/spaces/{}/reopening", dead.space_id);
    assert_eq!(deployed.api.post(&reopen, Some(&heir.token), &reopening).await?.status, 403);

    // Another heir has a copy of their own.
    let sibling = deployed.patient().await?;
    admit(&deployed, &dead.invited, &sibling.invited).await?;
    let theirs = deployed.api.get(&path, Some(&sibling.token)).await?;
    assert_eq!(theirs.status, 404);
    Ok(())
}

#[tokio::test]
async fn after_a_month_an_heir_asks_for_nothing() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (dead, heir) = (deployed.patient().await?, deployed.patient().await?);
    die(&deployed, &dead.invited).await?;
    // Admitted then, as it would have been then.
    let then = in_days(-HEIR_ACCESS_DAYS);
    let build = |aws: &Aws, environment, clock| {
        phone_line::App::new(aws, environment, clock, Arc::new(SystemRandom))
            .map(|app| phone_line::router(app).0)
    };
    let line = deployed.in_process("PhoneLineFunction", &[], then.clone(), build).await?;
    let claim = claim(&dead.invited, &heir.invited);
    for agent in ["H-5", "H-6"] {
        let token = deployed.api.support(agent).await?;
        let token = deployed.token_as_of(&token, then.as_ref()).await?;
        line.send("POST", "/v1/support/heirs", Some(&token), Some(&claim)).await?.ok()?;
    }
    assert_eq!(heir.get(&deployed, "").await?.ok()?["estates"], json!([]));
    let path = format!("/v1/spaces/{}/exports", dead.space_id);
    assert_eq!(deployed.api.get(&path, Some(&heir.token)).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn who_objected_leaves_nothing_and_a_mistake_is_taken_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (dead, heir) = (deployed.patient().await?, deployed.patient().await?);
    let path = format!("/v1/spaces/{}/consents/emergency", dead.space_id);
    let mut choices = json!({"regulation": true, "breakGlass": true, "showMasked": true,
        "heirs": false});
    let put = async |choices: &Value| {
        deployed.api.send(Method::PUT, &path, Some(&dead.token), Some(choices)).await
    };
    assert_eq!(put(&choices).await?.ok()?["heirs"], false);
    // Chosen again without it, it stays as it was chosen.
    choices.as_object_mut().context("choices")?.remove("heirs");
    assert_eq!(put(&choices).await?.ok()?["heirs"], false);
    die(&deployed, &dead.invited).await?;
    let claim = claim(&dead.invited, &heir.invited);
    assert_eq!(find(&deployed, "H-3", &claim).await?.problem(), "heirs-objected");
    // The ten years run from the day it is known.
    let item = deployed.items("SpacesTable").await?;
    let is_theirs = |item: &&std::collections::HashMap<String, _>| {
        item["spaceId"] == aws_sdk_dynamodb::types::AttributeValue::S(dead.space_id.clone())
    };
    let item = item.iter().find(is_theirs).context("the space")?;
    let number = |name: &str| -> Result<i64> {
        let number = item[name].as_n().ok().context("a number")?;
        Ok(number.parse()?)
    };
    assert_eq!(item["state"].as_s().ok().map(String::as_str), Some("closed"));
    let years = (number("purgeAt")? - number("closedAt")?) / (365 * 86_400);
    assert_eq!(years, 10);
    // The insurer was mistaken: it is as it was, and nobody's estate.
    deployed.feed(std::slice::from_ref(&dead.invited.person.0), 0).await?;
    let address = dead.invited.person.text("email");
    let login = journeys::login_of(&dead.invited.person);
    let token = deployed.api.log_in(&login, journeys::PASSWORD, address).await?;
    let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(space["state"], "active");
    assert_eq!(find(&deployed, "H-3", &claim).await?.problem(), "holder-not-deceased");
    Ok(())
}

#[tokio::test]
async fn an_admitted_heir_of_someone_alive_has_nothing() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (dead, heir) = (deployed.patient().await?, deployed.patient().await?);
    die(&deployed, &dead.invited).await?;
    admit(&deployed, &dead.invited, &heir.invited).await?;
    deployed.feed(std::slice::from_ref(&dead.invited.person.0), 0).await?;
    let address = heir.invited.person.text("email");
    let step = deployed.step_up(&heir.token, "export", address).await?;
    let path = format!("/v1/spaces/{}/exports", dead.space_id);
    let refused = deployed.api.post(&path, Some(&heir.token), &step).await?;
    assert_eq!(refused.status, 404);
    assert_eq!(heir.get(&deployed, "").await?.ok()?["estates"], json!([]));
    // Nor does it stand in the way of anything: they may be asked to help.
    let address = dead.invited.person.text("email");
    let login = journeys::login_of(&dead.invited.person);
    let token = deployed.api.log_in(&login, journeys::PASSWORD, address).await?;
    let person = &heir.invited.person;
    let asked = json!({"nir": person.text("nir"), "birthDate": person.text("birthDate"),
        "birthName": person.text("birthName"), "firstName": person.0["firstNames"][0]});
    deployed.api.post("/v1/spaces/me/caregivers", Some(&token), &asked).await?.ok()?;
    let helped = heir.get(&deployed, "/helped").await?.ok()?;
    assert_eq!(helped["items"][0]["spaceId"], json!(dead.space_id));
    Ok(())
}

#[tokio::test]
async fn a_claim_says_what_the_law_asks_for() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (dead, heir) = (deployed.patient().await?, deployed.invite(0).await?);
    die(&deployed, &dead.invited).await?;
    let claim = claim(&dead.invited, &heir);
    // Without a space of their own there is nowhere to hand it over.
    let nowhere = find(&deployed, "H-4", &claim).await?;
    assert_eq!(nowhere.problem(), "identity-not-recognised");
    let heir = deployed.patient().await?.invited;
    let mut claim = self::claim(&dead.invited, &heir);
    claim["relation"] = json!("parentalAuthority");
    let adult = find(&deployed, "H-4", &claim).await?;
    assert_eq!(adult.json()["errors"][0]["code"], "not-a-minor");
    claim["relation"] = json!("insurer");
    assert_eq!(find(&deployed, "H-4", &claim).await?.status, 422);
    claim["relation"] = json!("partner");
    (claim["careSince"], claim["reference"]) = (json!("2999-01-01"), json!(" "));
    let faults = find(&deployed, "H-4", &claim).await?.json();
    assert_eq!(faults["errors"].as_array().map(Vec::len), Some(2), "{faults}");
    Ok(())
}
