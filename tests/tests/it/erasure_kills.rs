//! Killed at every step of what is left to do of an erasure: everything goes, and the
//! certificate is sent once.

use anyhow::{Context, Result, ensure};
use jiff::ToSpan;
use journeys::severed::{Door, Ended};
use journeys::tables::due_table;
use journeys::{Deployed, PASSWORD, Patient, now};
use serde_json::{Value, json};

use crate::erasing::{contents, raw};
use crate::follow_up_kills::job;
use crate::vault::{OWN, deposit, entry, pdf};

/// The job's function and binary.
const ERASURE: (&str, &str) = ("ErasureFunction", "erasure");
/// Steps after which the job is taken to be done, whatever it is.
const STEPS_MAX: u32 = 60;

/// A schedule's event, some minutes from now.
fn in_minutes(minutes: i64) -> Result<Value> {
    let later = now().now().checked_add(minutes.minutes())?;
    Ok(json!({"id": "b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12", "time": format!("{later:.0}")}))
}

/// Erases a space of which another table than the deployed one takes note.
async fn erase(deployed: &Deployed, patient: &Patient, changes: &[(&str, &str)]) -> Result<String> {
    let address = patient.invited.person.text("email");
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("EFFACER");
    body["eraseNow"] = json!(true);
    let space = deployed.space(changes, now()).await?;
    let path = format!("/v1/spaces/{}/closure", patient.space_id);
    let erased = space.send("POST", &path, Some(&patient.token), Some(&body)).await?.ok()?;
    Ok(erased["certificate"]["reference"].as_str().context("a reference")?.to_owned())
}

#[tokio::test]
async fn killed_at_every_step_all_is_gone_and_certified_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    let cloud = deployed.api.system().aws.clone();
    let mut killed = 0;
    let mut erased = Vec::new();
    // Every second step: on its way there, or back, in turn.
    for step in (0..STEPS_MAX).step_by(2) {
        let patient = deployed.patient().await?;
        let space = &patient.space_id;
        let mine = entry(OWN, "Ordonnance");
        deposit(&deployed, &patient.token, space, &mine, pdf("mien")).await?.ok()?;
        let name = format!("erasures-{}", &space[..8]);
        due_table(&dynamodb, &name, &["spaceId"]).await?;
        let own = [("ESPACE_ERASURES_TABLE", name.as_str())];
        let reference = erase(&deployed, &patient, &own).await?;
        let door = Door::open(&cloud, step, step % 4 == 2).await?;
        let severed = job(&deployed, ERASURE, &own, &door.endpoint).await?;
        let ended = door.run(severed, in_minutes(16)?).await?;
        // Due again after a while.
        let mut again = job(&deployed, ERASURE, &own, &cloud).await?;
        let answer = again.invoke(in_minutes(40)?).await?;
        again.stop().await?;
        ensure!(answer["errorMessage"].is_null(), "step {step}: {answer}");
        let left = dynamodb.scan().table_name(&name).send().await?;
        ensure!(left.items().is_empty(), "step {step}: {:?}", left.items());
        let left = raw(&deployed, space).await?;
        let kinds = ["SpacesTable", "SpaceKeysTable", "TracesTable"];
        ensure!(left.iter().all(|(table, _)| kinds.contains(table)), "step {step}: {left:?}");
        ensure!(contents(&deployed, space).await?.is_empty(), "step {step}");
        dynamodb.delete_table().table_name(&name).send().await?;
        erased.push((patient.invited.person.text("email").to_owned(), reference));
        if let Ended::Answered(_) = ended {
            break;
        }
        killed += 1;
    }
    // Word, content, entries, conversations, choices, contacts, person, certificate: fewer
    // would be a door that never shut.
    assert!(killed >= 16, "killed {killed} times");
    for (address, reference) in &erased {
        let told = |m: &local_cloud::mail::Message| m.body.contains(reference.as_str());
        deployed.api.wait_for_mail(address, told).await?;
        let body = json!({"reference": reference});
        let said = deployed.api.post("/v1/certificates/verify", None, &body).await?.ok()?;
        ensure!(said["unrecoverableFrom"].is_string(), "{said}");
    }
    deployed.fire("delivery").await?;
    let mail = deployed.api.mail().await?;
    for (address, reference) in &erased {
        let theirs =
            mail.iter().filter(|m| m.to == *address && m.body.contains(reference.as_str()));
        assert_eq!(theirs.count(), 1, "each once");
    }
    Ok(())
}
