//! What a professional keeps from a patient until they have met: hidden from the patient's
//! whole side and from their log, told of after two weeks, shown after a month.

use anyhow::{Context, Result};
use journeys::{Deployed, Patient, in_days, rpps};
use local_cloud::jobs::fire;
use reqwest::Method;
use serde_json::{Value, json};

use crate::uploads::{announcement, complete, ended, large_pdf, send};
use crate::vault::{PHYSICIAN, REPORT, deposit, entry, path_of, pdf};

/// How long a message may take to be delivered, tenths of a second.
const DELIVERED_TENTHS: u32 = 100;

/// Fires the job as of some days from now.
async fn reveal(deployed: &Deployed, days: i64) -> Result<()> {
    let as_of = in_days(days).now();
    fire(&deployed.config, &deployed.stack, "reveal", as_of, |_| {}).await.map(|_| ())
}

async fn chain(deployed: &Deployed, patient: &Patient, chain: &str) -> Result<Vec<Value>> {
    let path = format!("/access-log?limit=200&chain={chain}");
    let log = patient.get(deployed, &path).await?.ok()?;
    Ok(log["items"].as_array().context("items")?.clone())
}

/// The chains that a verification tells of.
async fn chains(deployed: &Deployed, patient: &Patient) -> Result<Vec<Value>> {
    let told = patient.get(deployed, "/access-log/verification").await?.ok()?;
    assert_eq!(told["intact"], true, "{told}");
    let chains = told["chains"].as_array().context("chains")?;
    Ok(chains.iter().map(|chain| chain["chain"].clone()).collect())
}

#[tokio::test]
async fn what_waits_is_hidden_then_told_of_then_shown() -> Result<()> {
    let deployed = Deployed::load().await?;
    // First: the job shows what is due of every space.
    Box::pin(large(&deployed)).await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let physician = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let mut report = entry(REPORT, "Anatomopathologie");
    report["visibility"] = json!(["INVISIBLE_PATIENT"]);
    let hidden = deposit(&deployed, &physician, space, &report, pdf("hidden")).await?.ok()?;
    let path = path_of(space, &hidden);
    let later = deposit(&deployed, &physician, space, &report, pdf("announced")).await?.ok()?;
    let announced = path_of(space, &later);
    // Nowhere: neither as a document nor in the log, nor by name.
    let unseen = async || {
        for path in [&path, &format!("{path}/content"), &format!("{path}/versions")] {
            assert_eq!(deployed.api.get(path, Some(token)).await?.status, 404);
        }
        let told = patient.get(&deployed, "/access-log?limit=200").await?.json().to_string();
        assert!(!told.contains(hidden["documentId"].as_str().context("an id")?));
        Ok::<_, anyhow::Error>(())
    };
    unseen().await?;
    assert_eq!(patient.get(&deployed, "/documents").await?.ok()?["items"], json!([]));
    assert_eq!(chain(&deployed, &patient, "pending").await?, Vec::<Value>::new());
    assert_eq!(chains(&deployed, &patient).await?, ["ordinary", "secret"]);
    let body = json!({"reason": "Je ne la connais pas", "chain": "pending"});
    let contested = patient.post(&deployed, "/access-log/1/contest", &body).await?;
    assert_eq!(contested.status, 404);
    // Its author holds the consultation for one of them; nobody takes that back.
    let held = json!({"announced": true});
    for (who, body, status) in [
        (token, &held, 403),
        (&physician, &json!({"announced": false}), 422),
        (&physician, &held, 200),
    ] {
        let answer = deployed.api.send(Method::PATCH, &announced, Some(who), Some(body)).await?;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.json());
    }
    let seen = deployed.api.get(&announced, Some(token)).await?.ok()?;
    assert_eq!(seen["visibility"], json!([]));
    unseen().await?;
    // The chain is shown up to what still waits: here not at all.
    assert_eq!(chain(&deployed, &patient, "pending").await?.len(), 0);
    // A fortnight later they are told that something waits, and nothing of what it is.
    let address = patient.invited.person.text("email").to_owned();
    let told = async || {
        let mail = deployed.api.mail().await?;
        let to_them = mail.into_iter().filter(|message| message.to == address);
        Ok::<_, anyhow::Error>(
            to_them.filter(|m| m.body.contains("souhaite vous")).collect::<Vec<_>>(),
        )
    };
    reveal(&deployed, 13).await?;
    assert_eq!(told().await?.len(), 0);
    reveal(&deployed, 15).await?;
    reveal(&deployed, 15).await?;
    deployed.fire("delivery").await?;
    let mut messages = told().await?;
    for _ in 0..DELIVERED_TENTHS {
        if !messages.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        messages = told().await?;
    }
    assert_eq!(messages.len(), 1, "told once, of one");
    assert!(!messages[0].body.contains("Anatomo"), "{}", messages[0].body);
    unseen().await?;
    // A month later it is there, and so is all that was done with it.
    reveal(&deployed, 32).await?;
    let shown = deployed.api.get(&path, Some(token)).await?.ok()?;
    assert_eq!((&shown["title"], &shown["visibility"]), (&json!("Anatomopathologie"), &json!([])));
    let pending = chain(&deployed, &patient, "pending").await?;
    let actions: Vec<_> = pending.iter().rev().map(|item| item["action"].clone()).collect();
    assert_eq!(actions, ["depositDocument", "depositDocument", "revealDocument", "revealDue"]);
    assert_eq!(pending[0]["actor"]["kind"], "job");
    assert_eq!(chains(&deployed, &patient).await?, ["ordinary", "secret", "pending"]);
    let file = patient.get(&deployed, "/access-log/download?chain=pending").await?;
    assert_eq!(
        String::from_utf8(file.body)?.lines().filter(|l| l.contains("sequence\"")).count(),
        5
    );
    // No mark is left of them, and none ever named the space.
    for item in deployed.items("RevealsTable").await? {
        let raw = format!("{item:?}");
        assert!(!raw.contains(space.as_str()), "{raw}");
    }
    Ok(())
}

/// A large content that waits is as unseen.
async fn large(deployed: &Deployed) -> Result<()> {
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let physician = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let bytes = large_pdf(5_000_000);
    let mut report = entry(REPORT, "Imagerie");
    report["visibility"] = json!(["INVISIBLE_PATIENT"]);
    let announced = announcement(report, "application/pdf", &bytes);
    let list = format!("/v1/spaces/{space}/documents");
    let begun = deployed.api.post(&list, Some(&physician), &announced).await?.ok()?;
    let path = path_of(space, &begun);
    let parts = send(&begun, &bytes).await?;
    complete(deployed, &physician, &path, &parts).await?.ok()?;
    assert_eq!(ended(deployed, &physician, &path).await?["state"], "available");
    assert_eq!(deployed.api.get(&path, Some(token)).await?.status, 404);
    assert_eq!(deployed.api.get(&format!("{path}/upload"), Some(token)).await?.status, 404);
    assert_eq!(chain(deployed, &patient, "pending").await?.len(), 0);
    let held = json!({"announced": true});
    deployed.api.send(Method::PATCH, &path, Some(&physician), Some(&held)).await?.ok()?;
    assert_eq!(deployed.api.get(&path, Some(token)).await?.status, 200);
    assert_eq!(chain(deployed, &patient, "pending").await?.len(), 5);
    Ok(())
}
