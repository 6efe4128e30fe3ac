//! Taking everything away: one archive of all that a person may see, sealed until they read it,
//! which opens with other programs and says nothing of what they may not see.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use journeys::severed::{Door, Ended};
use journeys::tables::due_table;
use journeys::{Deployed, Patient, in_days, now};
use local_cloud::api::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::follow_up_kills::job;
use crate::messages::{open, threads, write};
use crate::uploads::{announcement, complete, ended, large_pdf, send};
use crate::vault::{OWN, REPORT, deposit, doctor, entry, path_of, pdf};

/// How long an archive may take, fifths of a second.
const READY_FIFTHS: u32 = 300;
/// Bytes asked for at once.
const RANGE: usize = 3_000_000;

/// Reads a bundle as R4 (as R4B, whose resources of this kind are the same).
const VALIDATE: &str = "import sys
from fhir.resources.R4B.bundle import Bundle
bundle = Bundle.model_validate_json(open(sys.argv[1], encoding='utf-8').read())
assert bundle.entry";

/// The files of an archive.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Asks for an archive; gives its path.
pub(crate) async fn ask(deployed: &Deployed, token: &str, space: &str, to: &str) -> Result<String> {
    let step = deployed.step_up(token, "export", to).await?;
    let path = format!("/v1/spaces/{space}/exports");
    let asked = deployed.api.post(&path, Some(token), &step).await?;
    ensure!(asked.status == 202, "{}", asked.json());
    let id = asked.json()["exportId"].as_str().context("an id")?.to_owned();
    Ok(format!("{path}/{id}"))
}

/// Waits until it is ready.
pub(crate) async fn ready(deployed: &Deployed, token: &str, path: &str) -> Result<Value> {
    for _ in 0..READY_FIFTHS {
        let export = deployed.api.get(path, Some(token)).await?.ok()?;
        match export["state"].as_str() {
            Some("ready") => return Ok(export),
            Some("preparing") => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => bail!("{export}"),
        }
    }
    bail!("the archive is not ready")
}

async fn part(deployed: &Deployed, token: &str, path: &str, from: usize) -> Result<Answer> {
    let request = deployed.api.request(Method::GET, &format!("{path}/content")).bearer_auth(token);
    let range = format!("bytes={from}-{}", from + RANGE - 1);
    Answer::of(request.header("range", range).send().await?).await
}

/// Downloads it by ranges.
pub(crate) async fn download(deployed: &Deployed, token: &str, path: &str) -> Result<Vec<u8>> {
    let size = ready(deployed, token, path).await?["size"].as_u64().context("a size")?;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size {
        let part = part(deployed, token, path, bytes.len()).await?;
        ensure!(part.status == 206, "{}", part.status);
        bytes.extend(part.body);
    }
    ensure!(bytes.len() as u64 == size);
    Ok(bytes)
}

/// Unpacks it, each file as its manifest says.
pub(crate) fn unpacked(bytes: &[u8]) -> Result<Files> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        ensure!(files.insert(name.clone(), content).is_none(), "{name} is there twice");
    }
    let manifest: Value = serde_json::from_slice(&files["manifeste.json"])?;
    let listed = manifest["files"].as_array().context("files")?;
    ensure!(listed.len() == files.len() - 2, "every file but the manifest and its seal");
    for file in listed {
        let content = &files[file["path"].as_str().context("a path")?];
        ensure!(file["size"] == json!(content.len()), "{file}");
        ensure!(file["sha256"] == HEXLOWER.encode(digest(&SHA256, content).as_ref()), "{file}");
    }
    Ok(files)
}

/// How many messages are in it as mails.
fn mails(files: &Files) -> usize {
    files.keys().filter(|path| path.rsplit('.').next() == Some("eml")).count()
}

/// Requires that nothing of an archive says a word.
fn lacks(files: &Files, word: &str) {
    for (path, content) in files {
        assert!(!path.contains(word), "{path}");
        assert!(!String::from_utf8_lossy(content).contains(word), "{path} tells of {word}");
    }
}

#[tokio::test]
async fn everything_one_may_see_is_in_it_and_opens_elsewhere() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let address = patient.invited.person.text("email");
    let (_, physician) = doctor(&deployed, &patient).await?;
    let mut own = entry(OWN, "Écho : foie / rein <b>");
    own["comment"] = json!("À montrer & à garder");
    let mine = deposit(&deployed, token, space, &own, pdf("mien")).await?.ok()?;
    let report = entry(REPORT, "Compte rendu");
    let report = deposit(&deployed, &physician, space, &report, pdf("un")).await?.ok()?;
    let mut hidden = entry(REPORT, "Anatomopathologie");
    hidden["visibility"] = json!(["INVISIBLE_PATIENT"]);
    deposit(&deployed, &physician, space, &hidden, pdf("Zymotique")).await?.ok()?;
    let large = large_pdf(5_000_000);
    let announced = announcement(entry(OWN, "Imagerie"), "application/pdf", &large);
    let begun = patient.post(&deployed, "/documents", &announced).await?.ok()?;
    let sent = path_of(space, &begun);
    let parts = send(&begun, &large).await?;
    complete(&deployed, token, &sent, &parts).await?.ok()?;
    ended(&deployed, token, &sent).await?;
    let thread = open(&deployed, &physician, space).await?;
    let answer = json!({"body": "Mieux, merci.", "attachments": [mine["documentId"]]});
    deployed.api.post(&format!("{thread}/messages"), Some(token), &answer).await?.ok()?;
    write(&deployed, &physician, &thread, "Parfait").await?.ok()?;

    let path = ask(&deployed, token, space, address).await?;
    let bytes = download(&deployed, token, &path).await?;
    let told = |m: &local_cloud::mail::Message| m.subject == "La copie de vos données est prête";
    deployed.api.wait_for_mail(address, told).await?;
    let files = unpacked(&bytes)?;

    // The documents, byte for byte, under names that a person reads.
    let day = "2026-03-04";
    let category = files.keys().find(|path| path.contains("Écho")).context("a document")?;
    assert!(category.ends_with(&format!("/{day} Écho - foie - rein -b-.pdf")), "{category}");
    assert_eq!(files[category], pdf("mien"));
    let named =
        |title: &str| files.iter().find(|(path, _)| path.contains(title)).map(|(_, bytes)| bytes);
    assert_eq!(named("Imagerie").context("the large one")?, &large);
    assert_eq!(named("Compte rendu.pdf").context("the report")?, &pdf("un"));
    lacks(&files, "Anatomopathologie");
    lacks(&files, "Zymotique");

    // The page leads to each, without a script, and shows no markup of others.
    let page = String::from_utf8(files["index.html"].clone())?;
    assert!(page.contains("Écho : foie / rein &lt;b&gt;"), "{page}");
    assert!(page.contains("À montrer &amp; à garder"));
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    leads(&files)?;

    // The conversation, as text and as mails.
    let text = files.keys().find(|path| path.ends_with("de l’opération.txt")).context("a text")?;
    let said = String::from_utf8(files[text].clone())?;
    for word in ["Comment allez-vous ?", "Mieux, merci.", "Parfait", "Pièce jointe : documents/"] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(mails(&files), 3);

    // The data for another system.
    bundle(&files, &report)?;
    validated(&files)?;

    // The log, in the form that is verified.
    let log = String::from_utf8(files["journal/ordinary-001.ndjson"].clone())?;
    let head: Value = serde_json::from_str(log.lines().next().context("a head")?)?;
    assert_eq!(head["format"], "espace-access-log/1");
    assert_eq!(head["head"]["sequence"].as_u64(), Some(log.lines().count() as u64 - 1));

    let words = String::from_utf8(files["journal/ordinary-001.txt"].clone())?;
    assert!(
        words.contains(" : Vous avez déposé un document. « Écho : foie / rein <b> »"),
        "{words}"
    );

    // Another program reads it too.
    let place = std::env::temp_dir().join(format!("{space}.zip"));
    std::fs::write(&place, &bytes)?;
    let read = Command::new("python3").args(["-m", "zipfile", "-t"]).arg(&place).output()?;
    std::fs::remove_file(&place)?;
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stdout));
    Ok(())
}

/// Requires that the page leads to files that are there.
pub(crate) fn leads(files: &Files) -> Result<()> {
    let page = String::from_utf8(files["index.html"].clone())?;
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let path = percent(link)?;
        ensure!(files.contains_key(&path), "{path} is not there");
    }
    Ok(())
}

/// Has the data read by a validator of FHIR R4 that is not ours: `fhir.resources` knows each
/// resource's elements, their types and how often they stand.
pub(crate) fn validated(files: &Files) -> Result<()> {
    let python = local_cloud::system::target_directory().join("tools/venv/bin/python");
    let bundle = &files["donnees/fhir-r4.json"];
    let name = HEXLOWER.encode(digest(&SHA256, bundle).as_ref());
    let place = std::env::temp_dir().join(format!("{name}.json"));
    std::fs::write(&place, bundle)?;
    let read = Command::new(python).args(["-c", VALIDATE]).arg(&place).output()?;
    std::fs::remove_file(&place)?;
    ensure!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    Ok(())
}

/// Decodes a relative URL.
fn percent(url: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = url.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits)?, 16)?);
        } else {
            bytes.push(byte);
        }
    }
    Ok(String::from_utf8(bytes)?)
}

/// What a FHIR R4 validator asks of the bundle: resources by their own names, required elements,
/// references that resolve; and nothing that was not said.
fn bundle(files: &Files, report: &Value) -> Result<()> {
    let bundle: Value = serde_json::from_slice(&files["donnees/fhir-r4.json"])?;
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&json!("Bundle"), &json!("collection"))
    );
    let entries = bundle["entry"].as_array().context("entries")?;
    let of = |kind: &str| -> Vec<&Value> {
        let resources = entries.iter().map(|entry| &entry["resource"]);
        resources.filter(|resource| resource["resourceType"] == kind).collect()
    };
    assert_eq!((of("Patient").len(), of("DocumentReference").len()), (1, 3));
    assert_eq!(of("Communication").len(), 3);
    let mut names = Vec::new();
    for entry in entries {
        let resource = &entry["resource"];
        let id = resource["id"].as_str().context("an id")?;
        ensure!(id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        let name = format!("{}/{id}", resource["resourceType"].as_str().context("a type")?);
        ensure!(entry["fullUrl"] == format!("https://espace.invalid/fhir/{name}"));
        names.push(name);
    }
    for document in of("DocumentReference") {
        ensure!(["current", "superseded"].contains(&document["status"].as_str().unwrap_or("")));
        let attachment = &document["content"][0]["attachment"];
        let path = percent(attachment["url"].as_str().context("a url")?)?;
        ensure!(files.contains_key(&path), "{path}");
        ensure!(document.get("docStatus").is_none(), "nobody said how final it is");
    }
    let id = report["documentId"].as_str().context("an id")?;
    ensure!(names.contains(&format!("DocumentReference/{id}-1")));
    let text = bundle.to_string();
    for reference in text.split("\"reference\":\"").skip(1) {
        let to = reference.split('"').next().unwrap_or_default().to_owned();
        ensure!(names.contains(&to), "{to} leads nowhere");
    }
    for invented in ["clinicalStatus", "verificationStatus"] {
        ensure!(!text.contains(invented));
    }
    Ok(())
}

#[tokio::test]
async fn it_is_read_by_the_session_that_gave_a_second_factor_and_it_alone() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let person = &patient.invited.person;
    let address = person.text("email");
    let list = format!("/v1/spaces/{space}/exports");
    let wrong = json!({"challengeId": "0".repeat(26), "otp": "000000"});
    let refused = deployed.api.post(&list, Some(token), &wrong).await?;
    assert_eq!(refused.problem(), "step-up-required");
    let path = ask(&deployed, token, space, address).await?;
    let (_, physician) = doctor(&deployed, &patient).await?;
    for stranger in [&physician, &deployed.citizen().await?] {
        let status = deployed.api.get(&path, Some(stranger)).await?.status;
        assert!(status == 403 || status == 404, "{status}");
    }
    ready(&deployed, token, &path).await?;
    let login = journeys::login_of(person);
    let other = deployed.api.log_in(&login, journeys::PASSWORD, address).await?;
    assert_eq!(deployed.api.get(&path, Some(&other)).await?.ok()?["unlocked"], json!(false));
    assert_eq!(part(&deployed, &other, &path, 0).await?.problem(), "step-up-required");
    let step = deployed.step_up(&other, "export", address).await?;
    let unlocking = format!("{path}/unlocking");
    assert_eq!(deployed.api.post(&unlocking, Some(&other), &step).await?.status, 204);
    unpacked(&download(&deployed, &other, &path).await?)?;
    assert_eq!(part(&deployed, token, &path, 0).await?.problem(), "step-up-required");
    // It is in the log, once.
    let log = patient.get(&deployed, "/access-log?limit=50").await?.ok()?;
    let items = log["items"].as_array().context("items")?;
    let done = |item: &&Value| item["outcome"] == "allowed";
    let times =
        |action: &str| items.iter().filter(done).filter(|item| item["action"] == action).count();
    assert_eq!((times("exportSpace"), times("readExport")), (1, 1), "{log}");
    // Three at most.
    ask(&deployed, token, space, address).await?;
    ask(&deployed, token, space, address).await?;
    let step = deployed.step_up(token, "export", address).await?;
    let refused = deployed.api.post(&list, Some(token), &step).await?;
    assert_eq!(refused.problem(), "too-many-exports");
    let items = deployed.api.get(&list, Some(token)).await?.ok()?;
    assert_eq!(items["items"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[tokio::test]
async fn who_closed_takes_everything_away_all_the_same() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let own = entry(OWN, "Avant la fermeture");
    deposit(&deployed, &patient.token, &patient.space_id, &own, pdf("avant")).await?.ok()?;
    deployed.close(&patient).await?;
    let person = &patient.invited.person;
    let login = journeys::login_of(person);
    let address = person.text("email");
    let token = deployed.api.log_in(&login, journeys::PASSWORD, address).await?;
    let path = ask(&deployed, &token, "me", address).await?;
    let files = unpacked(&download(&deployed, &token, &path).await?)?;
    let kept = files.iter().find(|(path, _)| path.contains("Avant la fermeture"));
    assert_eq!(kept.context("the document")?.1, &pdf("avant"));
    Ok(())
}

#[tokio::test]
async fn a_parent_takes_away_what_a_parent_may_see() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let today = espace_domain::paris_date(now().now());
    let family = deployed.family(&[jiff::civil::date(today.year() - 15, 2, 2)], 0).await?;
    let (holder, minor) = (&family.parents[0], &family.children[0]);
    let parent = deployed.activate_and_log_in(holder).await?;
    let proven = deployed.prove_for(&minor.person, &minor.code, &holder.person).await?.ok()?;
    let enrolment = json!({"enrolmentToken": proven["enrolmentToken"]});
    let attached = api.post("/v1/spaces/me/dependants", Some(&parent), &enrolment).await?.ok()?;
    let child = attached["spaceId"].as_str().context("a space")?.to_owned();
    let midwife = api.professional(&journeys::rpps(), "50", None).await?;
    crate::messages::secret(&deployed, &midwife, &child).await?.ok()?;
    open(&deployed, &midwife, &child).await?;
    let list = api.get(&threads(&child), Some(&parent)).await?.ok()?;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let path = ask(&deployed, &parent, &child, holder.person.text("email")).await?;
    let files = unpacked(&download(&deployed, &parent, &path).await?)?;
    assert_eq!(mails(&files), 1);
    lacks(&files, "Contraception");
    lacks(&files, "Confidentiel");
    assert!(!files.keys().any(|path| path.contains("secret")), "the secret chain is not theirs");
    Ok(())
}

#[tokio::test]
async fn killed_at_every_step_the_archive_is_whole() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let own = entry(OWN, "Une fois");
    deposit(&deployed, token, space, &own, pdf("une fois")).await?.ok()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    let name = format!("exports-{}", &space[..8]);
    due_table(&dynamodb, &name, &["spaceId", "exportId"]).await?;
    let changes = [("ESPACE_EXPORTS_TABLE", name.as_str())];
    let function = deployed.space(&changes, now()).await?;
    let cloud = deployed.api.system().aws.clone();
    let export = ("ExportFunction", "export");
    let address = patient.invited.person.text("email");
    let mut killed = 0;
    for step in (0..80).step_by(3) {
        let asked = deployed.step_up(token, "export", address).await?;
        let list = format!("/v1/spaces/{space}/exports");
        let begun = function.send("POST", &list, Some(token), Some(&asked)).await?.ok()?;
        let id = begun["exportId"].as_str().context("an id")?.to_owned();
        let keys = json!({"spaceId": {"S": space}, "exportId": {"S": id}});
        let event = json!({"Records": [{"eventID": "e", "dynamodb": {"Keys": keys}}]});
        let door = Door::open(&cloud, step, step % 2 == 1).await?;
        let severed = job(&deployed, export, &changes, &door.endpoint).await?;
        let ended = door.run(severed, event).await?;
        // Once no function can be at it any more, the sweep takes it.
        let mut again = job(&deployed, export, &changes, &cloud).await?;
        let later = now().now().checked_add(jiff::ToSpan::minutes(20))?;
        let sweep =
            json!({"id": "b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12", "time": format!("{later:.0}")});
        let answer = again.invoke(sweep).await?;
        again.stop().await?;
        ensure!(answer["errorMessage"].is_null(), "step {step}: {answer}");
        let path = format!("{list}/{id}");
        let view = function.send("GET", &path, Some(token), None).await?.ok()?;
        ensure!(view["state"] == "ready", "step {step}: {view}");
        let read = function.send("GET", &format!("{path}/content"), Some(token), None).await?;
        let files = unpacked(&read.body)?;
        ensure!(files.values().any(|content| *content == pdf("une fois")), "step {step}");
        let left = dynamodb.delete_item().table_name(&name);
        let attribute = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        left.key("spaceId", attribute(space)).key("exportId", attribute(&id)).send().await?;
        if let Ended::Answered(_) = ended {
            break;
        }
        killed += 1;
    }
    assert!(killed >= 7, "killed {killed} times");
    Ok(())
}

/// Asks for an archive as it would have been asked for some days ago.
async fn asked_ago(deployed: &Deployed, patient: &Patient, days: i64) -> Result<String> {
    let then = in_days(-days);
    let token = deployed.token_as_of(&patient.token, then.as_ref()).await?;
    let address = patient.invited.person.text("email");
    let step = deployed.step_up(&patient.token, "export", address).await?;
    let space = deployed.space(&[], then).await?;
    let list = format!("/v1/spaces/{}/exports", patient.space_id);
    let begun = space.send("POST", &list, Some(&token), Some(&step)).await?.ok()?;
    Ok(format!("{list}/{}", begun["exportId"].as_str().context("an id")?))
}

#[tokio::test]
async fn a_second_factor_counts_for_a_day_and_an_archive_is_gone_after_a_week() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let token = &patient.token;
    let path = asked_ago(&deployed, &patient, 2).await?;
    assert_eq!(ready(&deployed, token, &path).await?["unlocked"], false);
    let locked = part(&deployed, token, &path, 0).await?;
    assert_eq!(locked.problem(), "step-up-required");
    let address = patient.invited.person.text("email");
    let step = deployed.step_up(token, "export", address).await?;
    let unlocked = deployed.api.post(&format!("{path}/unlocking"), Some(token), &step).await?;
    assert_eq!(unlocked.status, 204);
    unpacked(&download(&deployed, token, &path).await?)?;
    let gone = asked_ago(&deployed, &patient, 8).await?;
    assert_eq!(deployed.api.get(&gone, Some(token)).await?.status, 404);
    assert_eq!(part(&deployed, token, &gone, 0).await?.status, 404);
    let listed = patient.get(&deployed, "/exports").await?.ok()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "the other alone");
    Ok(())
}

/// Bytes of each document of a long archive: two make a piece, the third is in another.
const LONG: usize = 40_000_000;

#[tokio::test]
async fn a_long_archive_goes_on_from_the_piece_it_had() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    for number in 0..3 {
        let bytes = large_pdf(LONG + number);
        let title = format!("Imagerie {number}");
        let announced = announcement(entry(OWN, &title), "application/pdf", &bytes);
        let begun = patient.post(&deployed, "/documents", &announced).await?.ok()?;
        let sent = path_of(space, &begun);
        let parts = send(&begun, &bytes).await?;
        complete(&deployed, token, &sent, &parts).await?.ok()?;
        ended(&deployed, token, &sent).await?;
    }
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    let name = format!("exports-{}", &space[..8]);
    due_table(&dynamodb, &name, &["spaceId", "exportId"]).await?;
    let changes = [("ESPACE_EXPORTS_TABLE", name.as_str())];
    let function = deployed.space(&changes, now()).await?;
    let cloud = deployed.api.system().aws.clone();
    let export = ("ExportFunction", "export");
    let list = format!("/v1/spaces/{space}/exports");
    let attribute = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    // How often what was done so far was kept.
    let kept = async |id: &str| -> Result<u64> {
        let item = dynamodb.get_item().table_name(&name).key("spaceId", attribute(space));
        let item = item.key("exportId", attribute(id)).send().await?.item.context("an item")?;
        Ok(item["write"].as_n().ok().context("a number")?.parse()?)
    };
    let event = |minutes: i64| -> Result<Value> {
        let later = now().now().checked_add(jiff::ToSpan::minutes(minutes))?;
        let id = "b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12";
        Ok(json!({"id": id, "time": format!("{later:.0}")}))
    };
    // Each is cut off a little later than the one before, until a piece was kept by then.
    let mut cut_off = None;
    for step in (150..400).step_by(12) {
        let to = patient.invited.person.text("email");
        let asked = deployed.step_up(token, "export", to).await?;
        let begun = function.send("POST", &list, Some(token), Some(&asked)).await?.ok()?;
        let id = begun["exportId"].as_str().context("an id")?.to_owned();
        let door = Door::open(&cloud, step, false).await?;
        let severed = job(&deployed, export, &changes, &door.endpoint).await?;
        let ended = door.run(severed, event(20)?).await?;
        ensure!(matches!(ended, Ended::Killed), "it was done within {step} calls");
        let before = kept(&id).await?;
        if before > 0 {
            cut_off = Some((id, before));
            break;
        }
        let left = dynamodb.delete_item().table_name(&name);
        left.key("spaceId", attribute(space)).key("exportId", attribute(&id)).send().await?;
    }
    let (id, before) = cut_off.context("no piece was ever kept")?;
    let mut again = job(&deployed, export, &changes, &cloud).await?;
    let answer = again.invoke(event(60)?).await?;
    again.stop().await?;
    ensure!(answer["errorMessage"].is_null(), "{answer}");
    let path = format!("{list}/{id}");
    let view = function.send("GET", &path, Some(token), None).await?.ok()?;
    ensure!(view["state"] == "ready", "{view}");
    assert_eq!(kept(&id).await?, before + 1, "nothing of the first piece was made again");
    let size = usize::try_from(view["size"].as_u64().context("a size")?)?;
    let mut bytes = Vec::new();
    while bytes.len() < size {
        let part = function.get_range(&format!("{path}/content"), token, bytes.len()).await?;
        ensure!(part.status == 206, "{}", part.status);
        bytes.extend(part.body);
    }
    let files = unpacked(&bytes)?;
    for number in 0..3 {
        let whole = large_pdf(LONG + number);
        ensure!(files.values().any(|content| *content == whole), "{number} is not whole");
    }
    Ok(())
}
