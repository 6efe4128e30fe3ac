//! What was taken away comes back: the same space again, for whose it was, and for nobody else.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::ToSpan;
use journeys::severed::{Door, Ended};
use journeys::{Deployed, Invited, Patient, now};
use local_cloud::api::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::erasing::erase;
use crate::exports::{Files, ask, download, unpacked};
use crate::follow_up_kills::job;
use crate::messages::{open, write};
use crate::uploads::{announcement, complete, ended, large_pdf, send};
use crate::vault::{OWN, REPORT, deposit, doctor, entry, path_of, pdf};

/// Documents of the large space.
const DOCUMENTS: usize = 300;
/// Its messages.
const MESSAGES: usize = 50;
/// How long an archive may be taken in by a run of the schedule's own, fifths of a second.
const TAKEN_IN_FIFTHS: u32 = 600;

/// Sends an archive, and has it taken in; gives what came of it.
async fn take_in(deployed: &Deployed, token: &str, space: &str, bytes: &[u8]) -> Result<Value> {
    let path = announce(deployed, token, space, bytes).await?;
    let done = deployed.api.post(&format!("{path}/completion"), Some(token), &json!({})).await?;
    ensure!(done.status == 202, "{}", done.json());
    for _ in 0..TAKEN_IN_FIFTHS {
        // The schedule fires too, each minute: while its run has the archive, ours finds none.
        deployed.fire("import").await?;
        let import = deployed.api.get(&path, Some(token)).await?.ok()?;
        if import["state"] != "takingIn" {
            return Ok(import);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("the archive is not taken in")
}

/// Announces an archive and sends its parts; gives the import's path.
async fn announce(deployed: &Deployed, token: &str, space: &str, bytes: &[u8]) -> Result<String> {
    let list = format!("/v1/spaces/{space}/imports");
    let asked = json!({"size": bytes.len()});
    let begun = deployed.api.post(&list, Some(token), &asked).await?;
    ensure!(begun.status == 201, "{}", begun.json());
    let begun = begun.json();
    let size = usize::try_from(begun["partSize"].as_u64().context("a part's size")?)?;
    let parts = begun["parts"].as_array().context("parts")?;
    for (part, bytes) in parts.iter().zip(bytes.chunks(size)) {
        let url = part["url"].as_str().context("a URL")?;
        let sent = reqwest::Client::new().put(url).body(bytes.to_vec()).send().await?;
        ensure!(sent.status().is_success(), "{}", sent.status());
    }
    Ok(format!("{list}/{}", begun["importId"].as_str().context("an id")?))
}

/// The documents, conversations and mails of an archive: not its log, nor when it was made.
fn compared(files: &Files) -> Result<BTreeMap<String, Value>> {
    let mut compared = BTreeMap::new();
    for (path, content) in files {
        if path.starts_with("documents/") || path.starts_with("messages/") {
            compared.insert(path.clone(), json!(content.len()));
            ensure!(compared.insert(format!("{path} bytes"), hash(content)).is_none());
        }
    }
    let whole: Value = serde_json::from_slice(&files["donnees/espace.json"])?;
    for list in ["documents", "conversations"] {
        compared.insert(list.to_owned(), whole[list].clone());
    }
    let choices = whole["choices"].as_array().context("choices")?;
    let kept = ["block", "rule", "emergencies"];
    let kept = |choice: &&Value| kept.contains(&choice["kind"].as_str().unwrap_or_default());
    // They stand under names that are the space's own, and so in an order of its own.
    let mut choices: Vec<_> = choices.iter().filter(kept).cloned().collect();
    choices.sort_by_key(ToString::to_string);
    compared.insert("choices".to_owned(), choices.into_iter().collect());
    Ok(compared)
}

fn hash(bytes: &[u8]) -> Value {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    json!(data_encoding::HEXLOWER.encode(digest.as_ref()))
}

/// Erases a space, and opens another for the same person.
async fn anew(deployed: &Deployed, patient: &Patient) -> Result<Patient> {
    let person = &patient.invited.person;
    let address = person.text("email");
    erase(deployed, patient).await?;
    deployed.fire_as_of("erasure", now().now().checked_add(16.minutes())?).await?;
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    deployed.feed(std::slice::from_ref(&person.0), 0).await?;
    let code = deployed.api.wait_for_new_code(address, before).await?;
    let invited = Invited { code, ..patient.invited.clone() };
    let token = deployed.activate_and_log_in(&invited).await?;
    let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    let space_id = space["spaceId"].as_str().context("a space")?.to_owned();
    Ok(Patient { invited, token, space_id })
}

/// The archive of a space.
async fn archive(deployed: &Deployed, patient: &Patient) -> Result<Vec<u8>> {
    let address = patient.invited.person.text("email");
    let path = ask(deployed, &patient.token, &patient.space_id, address).await?;
    download(deployed, &patient.token, &path).await
}

/// One of many documents: of both sides, of several kinds, some masked, some in versions.
async fn one_of_many(
    deployed: &Deployed,
    (patient, physician): (&Patient, &str),
    number: usize,
) -> Result<()> {
    let space = &patient.space_id;
    let kinds = [OWN, REPORT, "11488-4", "11502-2", "57833-6"];
    let by_patient = number.is_multiple_of(5);
    let kind = kinds.get(number % kinds.len()).copied().unwrap_or(OWN);
    let token = if by_patient { patient.token.as_str() } else { physician };
    // Some are called the same.
    let mut said = entry(kind, &format!("Document n° {}", number / 3));
    said["comment"] = json!(format!("Remarque {number} : « été »"));
    let text = format!("contenu {number} ").repeat(1 + number % 40);
    let new = deposit(deployed, token, space, &said, pdf(&text)).await?;
    ensure!(new.status == 201, "{kind}: {}", new.json());
    let new = new.json();
    if number.is_multiple_of(10) {
        let path = path_of(space, &new);
        let pinned = json!({"masked": true, "pinned": true});
        deployed.api.send(Method::PATCH, &path, Some(&patient.token), Some(&pinned)).await?.ok()?;
    }
    if number.is_multiple_of(25) {
        let form = reqwest::multipart::Form::new()
            .part("entry", reqwest::multipart::Part::text("{}").mime_str("application/json")?)
            .part("content", reqwest::multipart::Part::bytes(pdf("seconde")).file_name("x.bin"));
        let path = format!("{}/versions", path_of(space, &new));
        let request = deployed.api.request(Method::POST, &path).bearer_auth(token);
        let next = Answer::of(request.multipart(form).send().await?).await?;
        ensure!(next.status == 201, "{}", next.json());
    }
    Ok(())
}

#[tokio::test]
async fn three_hundred_documents_and_fifty_messages_come_back_as_they_were() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let (_, physician) = doctor(&deployed, &patient).await?;
    for number in 0..DOCUMENTS - 1 {
        one_of_many(&deployed, (&patient, &physician), number).await?;
    }
    let large = large_pdf(5_000_000);
    let announced = announcement(entry(OWN, "Imagerie"), "application/pdf", &large);
    let begun = patient.post(&deployed, "/documents", &announced).await?.ok()?;
    let sent = path_of(space, &begun);
    let parts = send(&begun, &large).await?;
    complete(&deployed, &patient.token, &sent, &parts).await?.ok()?;
    ended(&deployed, &patient.token, &sent).await?;
    for _ in 0..5 {
        let thread = open(&deployed, &physician, space).await?;
        for message in 1..MESSAGES / 5 {
            let token = if message % 2 == 1 { &patient.token } else { &physician };
            write(&deployed, token, &thread, &format!("Message {message}\n\nœ…")).await?.ok()?;
        }
    }
    let blocked = json!({"rpps": journeys::rpps()});
    let block = patient.post(&deployed, "/blocks", &blocked).await?;
    ensure!(block.status.is_success(), "{}", block.json());

    let hidden = json!({"rpps": journeys::rpps(), "effect": "hide"});
    let rule = deployed.api.post(&format!("{sent}/rules"), Some(&patient.token), &hidden).await?;
    ensure!(rule.status == 201, "{}", rule.json());
    let emergency = json!({"regulation": true, "breakGlass": false, "showMasked": true,
        "heirs": false});
    let path = format!("/v1/spaces/{space}/consents/emergency");
    let put = Method::PUT;
    deployed.api.send(put, &path, Some(&patient.token), Some(&emergency)).await?.ok()?;

    let before = unpacked(&archive(&deployed, &patient).await?)?;
    let bytes = archive(&deployed, &patient).await?;
    let again = anew(&deployed, &patient).await?;
    let taken = take_in(&deployed, &again.token, &again.space_id, &bytes).await?;
    assert_eq!(taken["state"], "done", "{taken}");
    assert_eq!(taken["documents"], json!(DOCUMENTS));
    assert_eq!((&taken["conversations"], &taken["leftOut"]), (&json!(5), &json!(0)));
    let after = unpacked(&archive(&deployed, &again).await?)?;
    let (before, after) = (compared(&before)?, compared(&after)?);
    let differ = before.iter().filter(|(path, value)| after.get(*path) != Some(*value));
    let differ: Vec<_> = differ.map(|(path, _)| path).collect();
    ensure!(differ.is_empty(), "{differ:?}");
    assert_eq!(before.len(), after.len());
    // It opens as any other: from the vault of the new space.
    let list = again.get(&deployed, "/documents?limit=100").await?.ok()?;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(100));
    assert!(again.verified(&deployed).await?, "every document with its trace");
    // Taken in again, it adds nothing.
    let twice = take_in(&deployed, &again.token, &again.space_id, &bytes).await?;
    assert_eq!((&twice["documents"], &twice["conversations"]), (&json!(0), &json!(0)));
    Ok(())
}

#[tokio::test]
async fn what_is_not_ones_own_or_was_changed_is_not_taken_in() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (one, other) = (deployed.patient().await?, deployed.patient().await?);
    let own = entry(OWN, "Le mien");
    deposit(&deployed, &one.token, &one.space_id, &own, pdf("le mien")).await?.ok()?;
    let bytes = archive(&deployed, &one).await?;
    let refused = take_in(&deployed, &other.token, &other.space_id, &bytes).await?;
    assert_eq!((&refused["state"], &refused["reason"]), (&json!("refused"), &json!("not-yours")));
    // From the very space it was taken from: what was removed since would come back.
    let same = take_in(&deployed, &one.token, &one.space_id, &bytes).await?;
    assert_eq!(same["reason"], "same-space", "{same}");
    // One byte of the manifest, one of a document: for a new space of the same person.
    let again = anew(&deployed, &one).await?;
    let first = |needle: &[u8]| bytes.windows(needle.len()).position(|window| window == needle);
    let final_one =
        |needle: &[u8]| bytes.windows(needle.len()).rposition(|window| window == needle);
    for (at, reason) in [(first(b"le mien"), "damaged"), (final_one(b"\"sha256\""), "not-yours")] {
        let mut changed = bytes.clone();
        changed[at.context("the needle")? + 1] ^= 1;
        let refused = take_in(&deployed, &again.token, &again.space_id, &changed).await?;
        assert_eq!(refused["reason"], reason, "{refused}");
    }
    let there = again.get(&deployed, "/documents").await?.ok()?;
    assert_eq!(there["items"], json!([]));
    let one = again;
    for bytes in [&b"PK"[..], &bytes[..bytes.len() - 1], &[0; 5_000]] {
        let refused = take_in(&deployed, &one.token, &one.space_id, bytes).await?;
        assert_eq!(refused["reason"], "not-an-archive");
    }
    let there = other.get(&deployed, "/documents").await?.ok()?;
    assert_eq!(there["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn killed_while_it_is_taken_in_it_is_whole_in_the_end() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (_, physician) = doctor(&deployed, &patient).await?;
    for title in ["Un", "Deux"] {
        let own = entry(OWN, title);
        deposit(&deployed, &patient.token, &patient.space_id, &own, pdf(title)).await?.ok()?;
    }
    let thread = open(&deployed, &physician, &patient.space_id).await?;
    write(&deployed, &patient.token, &thread, "Merci").await?.ok()?;
    let bytes = archive(&deployed, &patient).await?;
    let before = compared(&unpacked(&bytes)?)?;
    let again = anew(&deployed, &patient).await?;
    let (token, space) = (&again.token, &again.space_id);
    let path = announce(&deployed, token, space, &bytes).await?;
    deployed.api.post(&format!("{path}/completion"), Some(token), &json!({})).await?.ok()?;
    let cloud = deployed.api.system().aws.clone();
    let function = ("ImportFunction", "import");
    let mut killed = 0;
    for step in (14..90).step_by(5) {
        // Each try finds what the one before left, a quarter of an hour later.
        let later = now().now().checked_add((20 * (i64::from(killed) + 1)).minutes())?;
        let time = format!("{later:.0}");
        let event = json!({"id": "b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12", "time": time});
        let door = Door::open(&cloud, step, step % 2 == 1).await?;
        let severed = job(&deployed, function, &[], &door.endpoint).await?;
        if let Ended::Answered(_) = door.run(severed, event).await? {
            break;
        }
        killed += 1;
        if killed == 5 {
            break;
        }
    }
    assert!(killed >= 2, "killed {killed} times");
    deployed.fire_as_of("import", now().now().checked_add(10.hours())?).await?;
    let import = deployed.api.get(&path, Some(token)).await?.ok()?;
    assert_eq!(import["state"], "done", "{import}");
    let after = compared(&unpacked(&archive(&deployed, &again).await?)?)?;
    assert_eq!(before, after);
    Ok(())
}
