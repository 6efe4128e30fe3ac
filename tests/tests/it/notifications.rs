//! Of what a person is told: as they chose, where they chose, once, and nothing that is not
//! theirs to learn yet.

use anyhow::{Context, Result};
use journeys::{Deployed, Patient, rpps};
use reqwest::Method;
use serde_json::{Value, json};

use crate::emergencies::told;
use crate::vault::{PHYSICIAN, REPORT, deposit, doctor, entry, path_of, pdf};

const PATH: &str = "/v1/spaces/me/notification-preferences";

async fn choose(deployed: &Deployed, patient: &Patient, chosen: &Value) -> Result<u16> {
    let token = Some(patient.token.as_str());
    let answer = deployed.api.send(Method::PUT, PATH, token, Some(chosen)).await?;
    Ok(answer.status.as_u16())
}

/// Messages to an address that hold these words.
async fn count(deployed: &Deployed, address: &str, words: &str) -> Result<usize> {
    let mail = deployed.api.mail().await?;
    Ok(mail.iter().filter(|m| m.to == address && m.body.contains(words)).count())
}

#[tokio::test]
async fn a_person_is_told_of_what_they_chose() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let address = patient.invited.person.text("email");
    let standing = deployed.api.get(PATH, Some(&patient.token)).await?.ok()?;
    let as_it_was = json!({
        "access": true, "documentRead": false, "newDocument": true, "message": true,
        "digest": "none",
    });
    assert_eq!(standing, as_it_was);
    let (_, physician) = doctor(&deployed, &patient).await?;
    told(&deployed, address, "avec son accord", 1).await?;
    let report = entry(REPORT, "Compte rendu");
    let document = deposit(&deployed, &physician, space, &report, pdf("1")).await?.ok()?;
    let mail = told(&deployed, address, "Un document a été ajouté", 1).await?;
    assert_eq!(mail[0].channel, "email");
    assert!(!mail[0].body.contains("Compte rendu") && !mail[0].subject.contains("Compte rendu"));
    // What is hidden from them is not told of.
    let mut hidden = entry(REPORT, "Caché");
    hidden["visibility"] = json!(["INVISIBLE_PATIENT"]);
    deposit(&deployed, &physician, space, &hidden, pdf("2")).await?.ok()?;
    // From now on: of documents read, no more of new ones.
    let chosen = json!({"access": true, "documentRead": true, "newDocument": false});
    assert_eq!(choose(&deployed, &patient, &chosen).await?, 200);
    deposit(&deployed, &physician, space, &report, pdf("3")).await?.ok()?;
    let path = path_of(space, &document);
    deployed.api.get(&path, Some(&physician)).await?.ok()?;
    deployed.api.get(&path, Some(&physician)).await?.ok()?;
    told(&deployed, address, "a consulté un document", 1).await?;
    // What comes last comes after the rest: everything before it was followed up.
    let (_, _) = doctor(&deployed, &patient).await?;
    told(&deployed, address, "avec son accord", 2).await?;
    deployed.fire("follow-up").await?;
    assert_eq!(count(&deployed, address, "Un document a été ajouté").await?, 1);
    assert_eq!(count(&deployed, address, "a consulté un document").await?, 1, "read twice, once");
    // An emergency is told whatever was chosen.
    let silent = json!({"access": false, "documentRead": false, "newDocument": false});
    assert_eq!(choose(&deployed, &patient, &silent).await?, 200);
    let urgent = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let access = json!({"mode": "breakGlass", "reason": "Patient inconscient"});
    let path = format!("/v1/spaces/{space}/accesses");
    deployed.api.post(&path, Some(&urgent), &access).await?.ok()?;
    told(&deployed, address, "ouvert en urgence", 1).await?;
    // Nothing left behind.
    let left = deployed.items("FollowUpsTable").await?;
    let theirs = left.iter().filter(|item| item["spaceId"].as_s() == Ok(space)).count();
    assert_eq!(theirs, 0);
    Ok(())
}

#[tokio::test]
async fn a_safe_contact_is_the_only_one_told_and_is_never_shown() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let shared = patient.invited.person.text("email");
    let safe = format!("sure.{}@exemple.fr", rpps());
    let proof = deployed.step_up(&patient.token, "contacts", shared).await?;
    let mut body = json!({"email": safe});
    for (field, value) in proof.as_object().context("a proof")? {
        body[field] = value.clone();
    }
    let added = patient.post(&deployed, "/contacts", &body).await?.ok()?;
    let contact = added["contactId"].as_str().context("an id")?.to_owned();
    let with = |contact: Value| json!({"access": true, "documentRead": false, "newDocument": true, "safeContact": contact});
    // Not before it is confirmed.
    assert_eq!(choose(&deployed, &patient, &with(json!(contact))).await?, 422);
    let otp = api.wait_for_code(&safe, 6).await?;
    let path = format!("/v1/contacts/{contact}/confirmation");
    let confirmed = api.post(&path, Some(&patient.token), &json!({"otp": otp})).await?;
    assert!(confirmed.status.is_success(), "{}", confirmed.json());
    assert_eq!(choose(&deployed, &patient, &with(json!(contact))).await?, 200);
    let before = count(&deployed, shared, "avec son accord").await?;
    doctor(&deployed, &patient).await?;
    told(&deployed, &safe, "avec son accord", 1).await?;
    assert_eq!(count(&deployed, shared, "avec son accord").await?, before);
    // Whoever looks over the shoulder sees no sign of it.
    let shown = api.get(PATH, Some(&patient.token)).await?.ok()?.to_string();
    assert!(!shown.contains(&contact) && !shown.contains("safe"), "{shown}");
    let log = patient.get(&deployed, "/access-log").await?.ok()?.to_string();
    assert!(!log.contains(&contact));
    // It stays when the rest is chosen anew, and goes when it is taken back.
    let rest = json!({"access": true, "documentRead": false, "newDocument": true});
    assert_eq!(choose(&deployed, &patient, &rest).await?, 200);
    doctor(&deployed, &patient).await?;
    told(&deployed, &safe, "avec son accord", 2).await?;
    assert_eq!(choose(&deployed, &patient, &with(Value::Null)).await?, 200);
    doctor(&deployed, &patient).await?;
    told(&deployed, shared, "avec son accord", before + 1).await?;
    Ok(())
}
