//! One document, one professional: hidden from one whom others equal, or shown to one
//! although it is masked; and whom the holder is proposed.

use anyhow::{Context, Result};
use journeys::{Deployed, rpps};
use reqwest::Method;
use serde_json::{Value, json};

use crate::vault::{OWN, PHYSICIAN, REPORT, deposit, doctor, entry, path_of, pdf};

/// The ids of what a caller is shown.
async fn listed(deployed: &Deployed, token: &str, space: &str) -> Result<Vec<Value>> {
    let path = format!("/v1/spaces/{space}/documents");
    let list = deployed.api.get(&path, Some(token)).await?.ok()?;
    let items = list["items"].as_array().context("items")?;
    Ok(items.iter().map(|document| document["documentId"].clone()).collect())
}

#[tokio::test]
async fn one_document_is_hidden_from_or_shown_to_one_professional() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let (number, one) = doctor(&deployed, &patient).await?;
    let (_, other) = doctor(&deployed, &patient).await?;
    let insurer = api.insurer().await?;
    let report = entry(REPORT, "Compte rendu");
    let plain = deposit(&deployed, &insurer, space, &report, pdf("plain")).await?.ok()?;
    let masked = deposit(&deployed, &insurer, space, &report, pdf("masked")).await?.ok()?;
    let mask = json!({"masked": true});
    api.send(Method::PATCH, &path_of(space, &masked), Some(token), Some(&mask)).await?.ok()?;
    assert_eq!(listed(&deployed, &one, space).await?, [plain["documentId"].clone()]);

    let rule = async |document: &Value, effect: &str| {
        let path = format!("{}/rules", path_of(space, document));
        let body = json!({"rpps": number, "effect": effect});
        let made = api.post(&path, Some(token), &body).await?;
        assert_eq!(made.status, 201, "{}", made.json());
        Ok::<_, anyhow::Error>(made.json()["ruleId"].as_str().context("an id")?.to_owned())
    };
    let hidden = rule(&plain, "hide").await?;
    let shown = rule(&masked, "show").await?;
    assert_eq!(listed(&deployed, &one, space).await?, [masked["documentId"].clone()]);
    assert_eq!(listed(&deployed, &other, space).await?, [plain["documentId"].clone()]);
    // Hidden is as good as absent.
    let mut absent = plain.clone();
    let id = plain["documentId"].as_str().context("an id")?;
    let (first, rest) = id.split_at(1);
    absent["documentId"] = json!(format!("{}{rest}", if first == "0" { "1" } else { "0" }));
    let without_instance = |mut body: Value| {
        body["instance"] = Value::Null;
        body
    };
    let to_one = api.get(&path_of(space, &plain), Some(&one)).await?;
    let nowhere = api.get(&path_of(space, &absent), Some(&one)).await?;
    assert_eq!((to_one.status.as_u16(), nowhere.status.as_u16()), (404, 404));
    assert_eq!(without_instance(to_one.json()), without_instance(nowhere.json()));
    // Said again it is the same choice, changed.
    assert_eq!(rule(&plain, "hide").await?, hidden);

    let chosen = patient.get(&deployed, "/consents").await?.ok()?;
    let effects: Vec<_> = chosen["rules"].as_array().context("rules")?.iter().collect();
    assert_eq!(effects.len(), 2);
    assert!(effects.iter().all(|rule| rule["rpps"] == json!(number)), "{chosen}");
    assert_eq!(effects[0]["name"], "Camille Soignant");
    for rule in [&hidden, &shown] {
        let path = format!("/v1/spaces/me/rules/{rule}");
        assert_eq!(api.send(Method::DELETE, &path, Some(token), None).await?.status, 204);
        assert_eq!(api.send(Method::DELETE, &path, Some(token), None).await?.status, 404);
    }
    assert_eq!(listed(&deployed, &one, space).await?, [plain["documentId"].clone()]);
    // Not for professionals, nor about what is not there.
    let path = format!("{}/rules", path_of(space, &plain));
    let body = json!({"rpps": number, "effect": "hide"});
    assert_eq!(api.post(&path, Some(&one), &body).await?.status, 403);
    let path = format!("{}/rules", path_of(space, &absent));
    assert_eq!(api.post(&path, Some(token), &body).await?.status, 404);
    // A document that goes takes its half of the choice with it.
    let own = deposit(&deployed, token, space, &entry(OWN, "À moi"), pdf("own")).await?.ok()?;
    let last = rule(&own, "hide").await?;
    let gone = api.send(Method::DELETE, &path_of(space, &own), Some(token), None).await?;
    assert_eq!(gone.status, 204);
    let path = format!("/v1/spaces/me/rules/{last}");
    assert_eq!(api.send(Method::DELETE, &path, Some(token), None).await?.status, 204);
    Ok(())
}

#[tokio::test]
async fn the_log_says_in_words_who_did_what_and_why() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let (_, physician) = doctor(&deployed, &patient).await?;
    let report = entry(REPORT, "Radio du genou");
    let insurer = deployed.api.insurer().await?;
    let document = deposit(&deployed, &insurer, space, &report, pdf("radio")).await?.ok()?;
    deployed.api.get(&path_of(space, &document), Some(&physician)).await?.ok()?;
    let urgent = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let reason = "Patient inconscient, allergie possible";
    let access = json!({"mode": "breakGlass", "reason": reason});
    let path = format!("/v1/spaces/{space}/accesses");
    deployed.api.post(&path, Some(&urgent), &access).await?.ok()?;
    let log = patient.get(&deployed, "/access-log").await?.ok()?;
    let items = log["items"].as_array().context("items")?;
    let of = |action: &str| items.iter().find(|item| item["action"] == action).context("a trace");
    let read = of("readDocument")?;
    assert_eq!(
        read["sentence"],
        "Camille Soignant (Médecin) a consulté un document, avec votre accord."
    );
    assert_eq!(read["documents"][0]["title"], "Radio du genou");
    let broken = of("breakGlass")?;
    assert_eq!(
        broken["sentence"],
        "Camille Soignant (Médecin) a ouvert l’espace, en urgence (bris de glace)."
    );
    assert_eq!(broken["emergencyReason"], reason);
    Ok(())
}

#[tokio::test]
async fn the_insurers_treating_doctor_is_proposed_and_not_let_in() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let number = rpps();
    let patient = deployed.patient_as(|line| line["treatingDoctor"] = json!(number)).await?;
    let physician = api.professional(&number, PHYSICIAN, None).await?;
    let chosen = patient.get(&deployed, "/consents").await?.ok()?;
    assert_eq!(chosen["proposed"], json!({"rpps": number, "role": "treatingDoctor"}));
    assert_eq!(chosen["professionals"], json!([]));
    let access = json!({"mode": "normal", "attestation": "oral"});
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let refused = api.post(&path, Some(&physician), &access).await?;
    assert_eq!(refused.problem(), "presence-required");
    let grant = json!({"rpps": number, "role": "treatingDoctor"});
    patient.post(&deployed, "/consents", &grant).await?.ok()?;
    let chosen = patient.get(&deployed, "/consents").await?.ok()?;
    assert_eq!(chosen["proposed"], Value::Null);
    api.post(&path, Some(&physician), &access).await?.ok()?;
    Ok(())
}
