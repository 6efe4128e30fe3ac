//! What people live through: a couple that separates, a neighbour who is a nurse. The
//! unconscious patient is in `emergencies`, the eighteenth birthday in `majority`.

use anyhow::{Context, Result};
use espace_domain::paris_date;
use jiff::ToSpan;
use journeys::{Deployed, Invited, now, rpps};
use serde_json::{Value, json};

use crate::emergencies::{told, under_review};
use crate::families::received;
use crate::vault::{PHYSICIAN, REPORT, deposit, entry, path_of, pdf};

const NURSE: &str = "60";

#[tokio::test]
async fn a_separated_couple_shares_a_child_and_nothing_else() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let born = paris_date(now().now()).saturating_sub(15.years());
    let family = deployed.family(&[born], 0).await?;
    let child = &family.children[0];
    let (mut tokens, mut spaces, mut theirs) = (Vec::new(), Vec::new(), String::new());
    for (number, parent) in family.parents.iter().enumerate() {
        let token = deployed.activate_and_log_in(parent).await?;
        // The first has the child's code; the second asks for one with their own card.
        let code =
            if number == 0 { child.code.clone() } else { ask(&deployed, child, parent).await? };
        let proven = deployed.prove_for(&child.person, &code, &parent.person).await?.ok()?;
        let body = json!({"enrolmentToken": proven["enrolmentToken"]});
        let held = api.post("/v1/spaces/me/dependants", Some(&token), &body).await?.ok()?;
        theirs = held["spaceId"].as_str().context("a child")?.to_owned();
        let own = api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
        spaces.push(own["spaceId"].as_str().context("a space")?.to_owned());
        tokens.push(token);
    }
    let list = format!("/v1/spaces/{theirs}/documents");
    // Neither sees the other's space: it is not there.
    for (who, other) in [(0, 1), (1, 0)] {
        let path = format!("/v1/spaces/{}/documents", spaces[other]);
        assert_eq!(api.get(&path, Some(&tokens[who])).await?.status, 404);
    }
    // Both see the child's, and not what the child told the doctor alone.
    let physician = api.professional(&rpps(), PHYSICIAN, None).await?;
    let plain = entry(REPORT, "Angine");
    let plain = deposit(&deployed, &physician, &theirs, &plain, pdf("a")).await?.ok()?;
    let address = child.person.text("email");
    told(&deployed, address, "Un document a été ajouté", 1).await?;
    let mut secret = entry(REPORT, "Contraception");
    secret["visibility"] = json!(["INVISIBLE_REPRESENTANTS_LEGAUX"]);
    let secret = deposit(&deployed, &physician, &theirs, &secret, pdf("s")).await?.ok()?;
    let reimbursed = json!({"typeCode": "REMB", "title": "Remboursement", "eventDate": "2026-03-04",
        "visibility": ["INVISIBLE_REPRESENTANTS_LEGAUX"]});
    let insurer = api.insurer().await?;
    let row = deposit(&deployed, &insurer, &theirs, &reimbursed, pdf("r")).await?.ok()?;
    let hidden = [&secret, &row].map(|document| document["documentId"].clone());
    for token in &tokens {
        let log = format!("/v1/spaces/{theirs}/access-log?limit=200");
        let log = api.get(&log, Some(token)).await?.ok()?.to_string();
        for id in &hidden {
            assert!(!log.contains(id.as_str().context("an id")?), "{log}");
        }
        assert!(!log.contains("Contraception"));
    }
    for token in &tokens {
        let seen = api.get(&list, Some(token)).await?.ok()?;
        let ids: Vec<&Value> =
            seen["items"].as_array().context("items")?.iter().map(|d| &d["documentId"]).collect();
        assert_eq!(ids, [&plain["documentId"]]);
        for document in [&secret, &row] {
            assert_eq!(api.get(&path_of(&theirs, document), Some(token)).await?.status, 404);
        }
        let words = json!({"text": "contraception"});
        let found = api.post(&format!("{list}/search"), Some(token), &words).await?.ok()?;
        assert_eq!(found["items"], json!([]));
    }
    // Nor does a message tell of it: what comes after it has been told, it was not.
    let again = entry(REPORT, "Otite");
    let other = api.professional(&rpps(), PHYSICIAN, None).await?;
    deposit(&deployed, &other, &theirs, &again, pdf("o")).await?.ok()?;
    let mail = told(&deployed, address, "Un document a été ajouté", 2).await?;
    deployed.fire("follow-up").await?;
    assert_eq!(mail.len(), 2);
    // One parent lets a doctor in for the child; the other sees who did.
    let grant = json!({"rpps": rpps()});
    let path = format!("/v1/spaces/{theirs}/consents");
    api.post(&path, Some(&tokens[0]), &grant).await?.ok()?;
    let log = api.get(&format!("/v1/spaces/{theirs}/access-log"), Some(&tokens[1])).await?.ok()?;
    let given = log["items"].as_array().context("items")?.iter();
    let given = given.clone().find(|item| item["action"] == "giveConsent").context("a trace")?;
    let words = given["sentence"].as_str().context("words")?;
    assert!(words.contains("(représentant légal) a autorisé un professionnel"), "{words}");
    Ok(())
}

/// The code that a second parent asks for.
pub(crate) async fn ask(deployed: &Deployed, child: &Invited, parent: &Invited) -> Result<String> {
    let before = received(deployed, child).await?;
    let ask = json!({"nir": child.person.text("nir"), "birthDate": child.person.text("birthDate"),
        "card": null, "channel": "email",
        "representative": {"nir": parent.person.text("nir"), "card": parent.person.0["card"]}});
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    deployed.api.wait_for_new_code(child.person.text("email"), before).await
}

#[tokio::test]
async fn a_curious_neighbour_who_is_a_nurse_gets_caught_and_locked_out() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let (space, person) = (&patient.space_id, &patient.invited.person);
    let number = rpps();
    let neighbour = api.professional(&number, NURSE, None).await?;
    let search = json!({"birthName": person.text("birthName"),
        "firstName": person.0["firstNames"][0], "birthDate": person.text("birthDate")});
    let find = async || api.post("/v1/spaces/search", Some(&neighbour), &search).await;
    // She knows the name and the birthday. That opens nothing.
    let accesses = format!("/v1/spaces/{space}/accesses");
    find().await?.ok()?;
    let normal = json!({"mode": "normal", "attestation": "oral"});
    let refused = api.post(&accesses, Some(&neighbour), &normal).await?;
    assert_eq!(refused.problem(), "presence-required");
    let documents = format!("/v1/spaces/{space}/documents");
    assert_eq!(api.get(&documents, Some(&neighbour)).await?.status, 403);
    // So she says it is an emergency, looks at the list, and finds nothing to open.
    let glass = json!({"mode": "breakGlass", "reason": "Malaise dans l’escalier"});
    let access = api.post(&accesses, Some(&neighbour), &glass).await?.ok()?;
    api.get(&documents, Some(&neighbour)).await?.ok()?;
    // The patient is told at once, reads who it was, contests and blocks her.
    told(&deployed, person.text("email"), "ouvert en urgence", 1).await?;
    let log = patient.get(&deployed, "/access-log").await?.ok()?;
    let items = log["items"].as_array().context("items")?;
    let opened = items.iter().find(|item| item["action"] == "breakGlass").context("a trace")?;
    assert_eq!(opened["emergencyReason"], "Malaise dans l’escalier");
    assert_eq!(opened["actor"]["id"], json!(number));
    let refused = items.iter().find(|item| item["outcome"] == "refused").context("a refusal")?;
    let words = refused["sentence"].as_str().context("words")?;
    assert!(words.ends_with(": refusé (sans accord)."), "{words}");
    let path = format!("/access-log/{}/contest", opened["sequence"]);
    let contested = json!({"reason": "C’est ma voisine, je n’ai pas fait de malaise"});
    assert_eq!(patient.post(&deployed, &path, &contested).await?.status, 204);
    patient.post(&deployed, "/blocks", &json!({"rpps": number})).await?.ok()?;
    // From now on nobody lives there: not found, not opened, not refused otherwise.
    assert_eq!(find().await?.status, 404);
    let absent = "0".repeat(26);
    let without = |mut body: Value| {
        body["instance"] = Value::Null;
        body
    };
    for access in [&normal, &glass] {
        let there = api.post(&accesses, Some(&neighbour), access).await?;
        let nowhere = format!("/v1/spaces/{absent}/accesses");
        let nowhere = api.post(&nowhere, Some(&neighbour), access).await?;
        assert_eq!(
            (there.status, without(there.json())),
            (nowhere.status, without(nowhere.json()))
        );
    }
    assert_eq!(api.get(&documents, Some(&neighbour)).await?.status, 404);
    // Two agents find it was none, and that nothing medical followed.
    let (first, second) = (api.support("A-8").await?, api.support("A-9").await?);
    let review = under_review(&deployed, &first, &access, |_| true).await?;
    assert_eq!(review["documentsRead"], 0);
    let path = format!(
        "/v1/support/emergency-accesses/{}/review",
        access["accessId"].as_str().context("id")?
    );
    let found = json!({"finding": "unjustified", "note": "Rien n’a été lu ; le patient conteste."});
    api.post(&path, Some(&first), &found).await?.ok()?;
    let closed = api.post(&path, Some(&second), &found).await?.ok()?;
    assert_eq!(closed["state"], "closed");
    Ok(())
}
