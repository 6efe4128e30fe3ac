//! The next version of a document, those before it, and what replaces what.

use anyhow::{Context, Result};
use journeys::{Deployed, rpps};
use local_cloud::api::Answer;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::uploads::{announcement, complete, ended, held, large_pdf, send};
use crate::vault::{OWN, PHYSICIAN, REPORT, content, deposit, entry, path_of, pdf};

/// *Directives anticipées*.
const DIRECTIVES: &str = "EXPPAT_1";

async fn next(
    deployed: &Deployed,
    token: &str,
    path: &str,
    entry: &Value,
    content: Vec<u8>,
) -> Result<Answer> {
    let form = Form::new()
        .part("entry", Part::text(entry.to_string()).mime_str("application/json")?)
        .part("content", Part::bytes(content));
    let request = deployed.api.request(Method::POST, &format!("{path}/versions"));
    Answer::of(request.bearer_auth(token).multipart(form).send().await?).await
}

#[tokio::test]
async fn a_version_replaces_the_one_before_which_is_kept() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let physician = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let other = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let report = entry(REPORT, "Compte rendu");
    let first = deposit(&deployed, &physician, space, &report, pdf("one")).await?.ok()?;
    let path = path_of(space, &first);
    let masked = json!({"masked": true});
    deployed.api.send(Method::PATCH, &path, Some(token), Some(&masked)).await?.ok()?;
    // Only its author’s; who may not see it is told nothing of it.
    for (who, status) in [(token, 403), (&other, 403)] {
        let refused = next(&deployed, who, &path, &json!({}), pdf("two")).await?;
        assert_eq!(refused.status.as_u16(), status, "{}", refused.json());
    }
    let second = next(&deployed, &physician, &path, &json!({}), pdf("two")).await?;
    assert_eq!(second.status, 201, "{}", second.json());
    let second = second.json();
    assert_eq!((&second["version"], &second["title"]), (&json!(2), &json!("Compte rendu")));
    assert_eq!(second["visibility"], json!(["MASQUE_PS"]), "what was masked stays so");
    // Said again it is the same; another type is not.
    let again = next(&deployed, &physician, &path, &json!({}), pdf("two")).await?.ok()?;
    assert_eq!(again["version"], 2);
    let other_type = json!({"typeCode": "18842-5"});
    let refused = next(&deployed, &physician, &path, &other_type, pdf("three")).await?;
    assert_eq!(refused.status, 422);
    let bytes = large_pdf(6_000_000);
    let large = announcement(json!({"title": "Compte rendu complété"}), "application/pdf", &bytes);
    let asked = format!("{path}/versions");
    let begun = deployed.api.post(&asked, Some(&physician), &large).await?.ok()?;
    assert_eq!(begun["documentId"], first["documentId"]);
    let parts = send(&begun, &bytes).await?;
    complete(&deployed, &physician, &path, &parts).await?.ok()?;
    assert_eq!(ended(&deployed, &physician, &path).await?["state"], "available");
    let list = deployed.api.get(&asked, Some(token)).await?.ok()?;
    let versions: Vec<_> = list["items"]
        .as_array()
        .context("items")?
        .iter()
        .map(|item| (item["version"].clone(), item["title"].clone()))
        .collect();
    let expected = [(3, "Compte rendu complété"), (2, "Compte rendu"), (1, "Compte rendu")];
    assert_eq!(versions, expected.map(|(number, title)| (json!(number), json!(title))));
    for (number, bytes) in [(1, pdf("one")), (2, pdf("two"))] {
        let old = content(&deployed, token, &format!("{path}/versions/{number}"), &[]).await?;
        assert!(old.status == 200 && old.body == bytes, "version {number}");
    }
    let range = [("range", "bytes=0-99")];
    let now = content(&deployed, token, &path, &range).await?;
    assert!(now.body == bytes[..100]);
    let latest = content(&deployed, token, &format!("{path}/versions/3"), &range).await?;
    assert_eq!(latest.headers["etag"], now.headers["etag"]);
    for absent in ["0", "4", "x"] {
        let absent = content(&deployed, token, &format!("{path}/versions/{absent}"), &[]).await?;
        assert_eq!(absent.status, 404);
    }
    assert_eq!(held(&deployed, "VaultBucket", space).await?.len(), 3);
    // Deleted, all of it goes.
    deployed.api.send(Method::DELETE, &path, Some(&physician), None).await?.ok()?;
    assert_eq!(held(&deployed, "VaultBucket", space).await?.len(), 0);
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

#[tokio::test]
async fn what_a_person_wills_replaces_what_they_willed_before() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let insurer = deployed.api.insurer().await?;
    let will = |title: &str| entry(DIRECTIVES, title);
    // Taken over from a DMP; then the person's own.
    let resumed = deposit(&deployed, &insurer, space, &will("Reprise"), pdf("old")).await?.ok()?;
    let mine = deposit(&deployed, token, space, &will("Ma volonté"), pdf("mine")).await?.ok()?;
    assert_eq!(mine["documentId"], resumed["documentId"]);
    assert_eq!((&mine["version"], &mine["author"]["kind"]), (&json!(2), &json!("holder")));
    let anew = deposit(&deployed, token, space, &will("Autre"), pdf("other")).await?.ok()?;
    assert_eq!(anew["version"], 3);
    let late = deposit(&deployed, &insurer, space, &will("Reprise"), pdf("late")).await?;
    assert_eq!((late.status.as_u16(), late.problem().as_str()), (409, "statement-stands"));
    let listed = patient.get(&deployed, "/documents").await?.ok()?;
    let items = listed["items"].as_array().context("items")?;
    assert_eq!((items.len(), &items[0]["title"]), (1, &json!("Autre")));
    // Deleted, another begins anew.
    let path = path_of(space, &anew);
    deployed.api.send(Method::DELETE, &path, Some(token), None).await?.ok()?;
    let first = deposit(&deployed, token, space, &will("Encore"), pdf("again")).await?.ok()?;
    assert_eq!(first["version"], 1);
    Ok(())
}

#[tokio::test]
async fn up_to_ten_of_ones_own_go_at_once_all_or_none() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let mut ids = Vec::new();
    for number in 0..3 {
        let mut own = entry(OWN, &format!("Note {number}"));
        own["uniqueId"] = json!(format!("1.2.250.1.999.30.{number}"));
        let new = deposit(&deployed, token, space, &own, pdf("note")).await?.ok()?;
        ids.push(new["documentId"].clone());
    }
    let physician = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let report = entry(REPORT, "Compte rendu");
    let theirs = deposit(&deployed, &physician, space, &report, pdf("report")).await?.ok()?;
    let delete = async |ids: &[Value]| {
        patient.post(&deployed, "/documents/deletion", &json!({"documentIds": ids})).await
    };
    let mut mixed = ids.clone();
    mixed.push(theirs["documentId"].clone());
    let refused = delete(&mixed).await?;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (403, "not-yours"));
    for wrong in [vec![], vec![ids[0].clone(); 11]] {
        assert_eq!(delete(&wrong).await?.status, 422);
    }
    let absent = delete(&[ids[0].clone(), json!("0".repeat(26))]).await?;
    assert_eq!(absent.status, 404);
    let count = async || {
        let listed = patient.get(&deployed, "/documents").await?.ok()?;
        Ok::<_, anyhow::Error>(listed["items"].as_array().context("items")?.len())
    };
    assert_eq!(count().await?, 4);
    assert_eq!(delete(&ids).await?.status, 204);
    assert_eq!(count().await?, 1);
    assert_eq!(held(&deployed, "VaultBucket", space).await?.len(), 1);
    let log = patient.get(&deployed, "/access-log").await?.ok()?;
    assert_eq!(log["items"][0]["action"], "deleteDocument");
    assert_eq!(log["items"][0]["elements"], json!(ids));
    Ok(())
}

#[tokio::test]
async fn an_idempotency_key_makes_one_document() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let send = async |key: &str, title: &str| {
        let form = Form::new()
            .part("entry", Part::text(entry(OWN, title).to_string()))
            .part("content", Part::bytes(pdf("same")));
        let request = deployed.api.request(Method::POST, "/v1/spaces/me/documents");
        let request = request.bearer_auth(&patient.token).header("idempotency-key", key);
        Answer::of(request.multipart(form).send().await?).await
    };
    let first = send("k1", "Note").await?.ok()?;
    assert_eq!(send("k1", "Note").await?.ok()?["documentId"], first["documentId"]);
    let other = send("k1", "Autre").await?;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (422, "idempotency-key-reused"));
    assert_ne!(send("k2", "Note").await?.ok()?["documentId"], first["documentId"]);
    Ok(())
}
