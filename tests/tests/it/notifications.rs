//! Of what a person is told: as they chose, where they chose, once, and nothing that is not
//! theirs to learn yet.

use std::sync::Arc;

use anyhow::{Context, Result};
use espace_crypto::SystemRandom;
use espace_domain::{NotificationKind, SpaceId};
use espace_storage::{Aws, SystemKeys, Unsubscription, Unsubscriptions};
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

/// Waits for words to a browser.
async fn pushed(deployed: &Deployed, browser: &str, count: usize) -> Result<()> {
    for _ in 0..100 {
        let mail = deployed.api.mail().await?;
        let to_it = mail.iter().filter(|m| m.channel == "push" && m.to == browser).count();
        assert!(to_it <= count, "{to_it} words to {browser}");
        if to_it == count {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("no word came to {browser}")
}

#[tokio::test]
async fn a_browser_is_told_that_there_is_something_new_and_nothing_else() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let origin = &api.system().api;
    let key = api.get("/v1/push-key", None).await?.ok()?;
    assert_eq!(key["publicKey"].as_str().map(str::len), Some(87), "{key}");
    let path = "/v1/push-subscriptions";
    let browser = format!("{origin}/push/b{}", rpps());
    let subscribe = async |token: &str, endpoint: &str| {
        api.post(path, Some(token), &json!({"endpoint": endpoint})).await
    };
    let first = subscribe(token, &browser).await?.ok()?;
    assert_eq!(subscribe(token, &browser).await?.ok()?, first, "the same again is the same");
    subscribe(token, &format!("{origin}/push/gone{}", rpps())).await?.ok()?;
    // Only services that we know: what we call is not for anyone to choose.
    for other in ["https://evil.example/push", "http://169.254.169.254/latest", "x"] {
        let refused = subscribe(token, other).await?;
        assert_eq!(refused.json()["errors"][0]["code"], "unknown-service");
    }
    assert_eq!(subscribe(&api.insurer().await?, &browser).await?.status, 403);

    let number = rpps();
    let physician = api.professional(&number, PHYSICIAN, None).await?;
    let theirs = format!("{origin}/push/p{number}");
    subscribe(&physician, &theirs).await?.ok()?;
    let thread = crate::messages::open(&deployed, &physician, space).await?;
    pushed(&deployed, &browser, 1).await?;
    // One that is no more was forgotten.
    for _ in 0..100 {
        let list = api.get(path, Some(token)).await?.ok()?;
        if list["items"].as_array().map(Vec::len) == Some(1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let list = api.get(path, Some(token)).await?.ok()?;
    assert_eq!(list["items"][0]["pushId"], first["pushId"]);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    assert!(!list.to_string().contains("/push/"), "where it is told is not shown again");
    // The professional learns that they were answered; the person's own browser does not.
    let answered = crate::messages::write(&deployed, token, &thread, "Merci").await?;
    assert_eq!(answered.status, 201);
    pushed(&deployed, &theirs, 1).await?;
    pushed(&deployed, &browser, 1).await?;
    // Each message wakes the page that is open, though mail tells of a conversation once in a
    // quarter of an hour; so does an access.
    let again = crate::messages::write(&deployed, &physician, &thread, "Encore").await?;
    assert_eq!(again.status, 201);
    pushed(&deployed, &browser, 2).await?;
    assert_eq!(count(&deployed, patient.invited.person.text("email"), "a écrit dans").await?, 1);
    doctor(&deployed, &patient).await?;
    pushed(&deployed, &browser, 3).await?;
    let gone = format!("{path}/{}", first["pushId"].as_str().context("an id")?);
    assert_eq!(api.send(Method::DELETE, &gone, Some(token), None).await?.status, 204);
    doctor(&deployed, &patient).await?;
    told(&deployed, patient.invited.person.text("email"), "avec son accord", 2).await?;
    deployed.fire("delivery").await?;
    pushed(&deployed, &browser, 3).await?;
    // As many as are told, and no more.
    for number in 0..10 {
        subscribe(token, &format!("{browser}.{number}")).await?.ok()?;
    }
    assert_eq!(subscribe(token, &browser).await?.problem(), "too-many-browsers");
    Ok(())
}

#[tokio::test]
async fn who_wishes_so_is_told_together_at_six() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let address = patient.invited.person.text("email");
    let chosen = json!({
        "access": true, "documentRead": false, "newDocument": true, "digest": "daily",
    });
    assert_eq!(choose(&deployed, &patient, &chosen).await?, 200);
    let (_, physician) = doctor(&deployed, &patient).await?;
    let report = entry(REPORT, "Compte rendu");
    deposit(&deployed, &physician, space, &report, pdf("1")).await?.ok()?;
    crate::messages::open(&deployed, &physician, space).await?;
    // An emergency does not wait.
    let urgent = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let access = json!({"mode": "breakGlass", "reason": "Patient inconscient"});
    let path = format!("/v1/spaces/{space}/accesses");
    deployed.api.post(&path, Some(&urgent), &access).await?.ok()?;
    told(&deployed, address, "ouvert en urgence", 1).await?;
    for _ in 0..100 {
        let left = deployed.items("FollowUpsTable").await?;
        if left.iter().all(|item| item["spaceId"].as_s() != Ok(space)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(count(&deployed, address, "avec son accord").await?, 0);
    assert_eq!(count(&deployed, address, "un message").await?, 0);
    deployed.fire_as_of("follow-up", journeys::in_days(1).now()).await?;
    let mail = told(&deployed, address, "– 1 échange avec du nouveau", 1).await?;
    let body = &mail[0].body;
    assert!(body.contains("– 1 dépôt de documents"), "{body}");
    assert!(body.contains("– 1 accès d’un professionnel, avec accord"), "{body}");
    assert!(!body.contains("Compte rendu") && !body.contains("Soignant"), "{body}");
    // Told once: nothing is pending.
    deployed.fire_as_of("follow-up", journeys::in_days(2).now()).await?;
    deployed.fire("delivery").await?;
    assert_eq!(count(&deployed, address, "échange avec du nouveau").await?, 1);
    Ok(())
}

#[tokio::test]
async fn one_press_stops_a_kind_where_the_law_allows() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let token_of = |kind: NotificationKind| {
        let deployed = deployed.clone();
        let space_id = SpaceId::parse(&patient.space_id);
        async move {
            let mut environment = deployed.environment("NotificationsFunction", &[]).await?;
            let aws = Aws::from_config(deployed.config.clone());
            let keys = Arc::new(SystemKeys::new(&aws, &mut environment, journeys::now()));
            let what = Unsubscription { space_id: space_id?, kind };
            Ok::<_, anyhow::Error>(Unsubscriptions::new(keys).token(&what, &SystemRandom).await?)
        }
    };
    let press = async |token: &str| {
        let path = format!("/v1/unsubscriptions/{token}");
        let request = api.request(Method::POST, &path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("List-Unsubscribe=One-Click").send().await?;
        Ok::<_, anyhow::Error>(answer.status().as_u16())
    };
    let message = token_of(NotificationKind::Message).await?;
    assert_eq!(press(&message).await?, 204);
    assert_eq!(press(&message).await?, 204, "pressed again, nothing changes");
    let emergency = token_of(NotificationKind::EmergencyAccess).await?;
    assert_eq!(press(&emergency).await?, 204);
    assert_eq!(press("x").await?, 404);
    assert_eq!(press(&message[1..]).await?, 404);
    let chosen = api.get(PATH, Some(&patient.token)).await?.ok()?;
    assert_eq!((&chosen["message"], &chosen["newDocument"]), (&json!(false), &json!(true)));
    let log = patient.get(&deployed, "/access-log").await?.ok()?;
    let items = log["items"].as_array().context("items")?;
    let stopped: Vec<_> =
        items.iter().filter(|item| item["action"] == "stopNotification").collect();
    assert_eq!(stopped.len(), 1, "{log}");
    assert_eq!(
        stopped[0]["sentence"],
        "Le service, automatiquement, a arrêté un type de notification, comme demandé depuis un \
         courriel."
    );
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
