//! The log: complete, chained, anchored, verifiable; and what becomes of one that was
//! tampered with.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use espace_storage::{Relations, SystemKeys, Traces};
use futures_util::future::join_all;
use journeys::{Deployed, Patient, now, rpps};
use local_cloud::system::project;
use local_cloud::verify_log;
use reqwest::Method;
use serde_json::{Value, json};

const PHYSICIAN: &str = "10";
/// How long a refused attempt may take to stand in the log, tenths of a second.
const TRACED_TENTHS: u32 = 300;

async fn log(deployed: &Deployed, patient: &Patient) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut path = "/access-log?limit=20".to_owned();
    loop {
        let page = patient.get(deployed, &path).await?.ok()?;
        items.extend(page["items"].as_array().context("items")?.iter().cloned());
        match page["next"].as_str() {
            Some(next) => path = format!("/access-log?limit=20&cursor={next}"),
            None => return Ok(items),
        }
    }
}

async fn wait_for(
    deployed: &Deployed,
    patient: &Patient,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    for _ in 0..TRACED_TENTHS {
        if let Some(found) = log(deployed, patient).await?.into_iter().find(|item| wanted(item)) {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("no such trace")
}

#[tokio::test]
async fn the_log_says_who_when_how_and_what_was_refused() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, number) = (deployed.patient().await?, rpps());
    let doctor = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let access = json!({"mode": "normal", "attestation": "oral"});
    for _ in 0..2 {
        deployed.api.post(&path, Some(&doctor), &access).await?;
    }
    let refused = wait_for(&deployed, &patient, |item| item["outcome"] == "refused").await?;
    assert_eq!(refused["actor"]["id"], json!(number));
    assert_eq!(refused["actor"]["name"], "Camille Soignant");
    assert_eq!(refused["actor"]["professionName"], "Médecin");
    assert_eq!(refused["reason"], "presenceRequired");
    assert_eq!(refused["action"], "openAccess");

    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let opened = deployed.api.post(&path, Some(&doctor), &glass).await?.ok()?;
    let items = log(&deployed, &patient).await?;
    let newest = &items[0];
    assert_eq!((&newest["action"], &newest["mode"]), (&json!("breakGlass"), &json!("breakGlass")));
    assert_eq!(newest["elements"], json!([opened["accessId"]]));
    assert_eq!(newest["outcome"], "allowed");
    // The written reason may say how the patient is: it is shown beside its trace and stands
    // in none, which outlive the space.
    assert_eq!(newest["emergencyReason"], glass["reason"]);
    let whole = patient.get(&deployed, "/access-log/download").await?;
    assert!(whole.status.is_success() && !whole.body.is_empty());
    assert!(!String::from_utf8_lossy(&whole.body).contains("inconscient"));
    // Asked twice within a quarter of an hour, refused once in the log.
    let refusals = items.iter().filter(|item| item["reason"] == "presenceRequired").count();
    assert_eq!(refusals, 1);
    for pair in items.windows(2) {
        assert_eq!(pair[0]["previousHash"], pair[1]["hash"]);
    }
    assert_eq!(items.last().context("a first")?["previousHash"], "0".repeat(64));

    let sequence = newest["sequence"].as_u64().context("a number")?;
    let contest = format!("/access-log/{sequence}/contest");
    let answer = patient.post(&deployed, &contest, &json!({"reason": "J’étais éveillé."})).await?;
    assert_eq!(answer.status, 204);
    let items = log(&deployed, &patient).await?;
    let contested = items.iter().find(|item| item["sequence"] == sequence).context("it")?;
    assert_eq!(contested["contested"], "J’étais éveillé.");
    let nowhere =
        patient.post(&deployed, "/access-log/999/contest", &json!({"reason": "x"})).await?;
    assert_eq!(nowhere.problem(), "not-found");
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

#[tokio::test]
async fn fifty_at_once_leave_fifty_traces_in_one_chain() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let mut doctors = Vec::new();
    for _ in 0..50 {
        let number = rpps();
        doctors.push((number.clone(), deployed.api.professional(&number, PHYSICIAN, None).await?));
    }
    let before = log(&deployed, &patient).await?.len();
    // The emulator runs one function process at a time per name: in this process, fifty
    // run truly at once.
    let consent = deployed.consent(&[], now()).await?;
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    consent.calls();
    let opening = doctors.iter().map(|(_, token)| {
        let (consent, path, glass) = (&consent, &path, &glass);
        async move { consent.send("POST", path, Some(token), Some(glass)).await }
    });
    for answer in join_all(opening).await {
        let answer = answer?;
        ensure!(answer.status == 201, "{}", answer.json());
    }
    let calls = consent.calls();
    let tries = calls.get("dynamodb:TransactWriteItems").copied().unwrap_or(0);
    local_cloud::say(&format!("50 at once: {tries} transactions tried, {calls:?}"));
    // Each is tried 60 times at most; together they stay far below.
    assert!(tries < 50 * 30, "{tries} tries");
    let items = log(&deployed, &patient).await?;
    assert_eq!(items.len(), before + 50);
    let told: BTreeSet<&str> =
        items.iter().filter_map(|item| item["actor"]["id"].as_str()).collect();
    assert!(doctors.iter().all(|(number, _)| told.contains(number.as_str())));
    for pair in items.windows(2) {
        assert_eq!(pair[0]["previousHash"], pair[1]["hash"]);
        assert_eq!(pair[0]["sequence"].as_u64(), pair[1]["sequence"].as_u64().map(|n| n + 1));
    }
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

/// The stored traces of a space, as the owner of the table sees them.
async fn stored(deployed: &Deployed, space: &str) -> Result<Vec<Item>> {
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    let found = client
        .query()
        .table_name(deployed.stack.output("TracesTable")?)
        .key_condition_expression("spaceId = :space AND begins_with(entry, :chain)")
        .expression_attribute_values(":space", AttributeValue::S(space.to_owned()))
        .expression_attribute_values(":chain", AttributeValue::S("ordinary.".to_owned()))
        .send()
        .await?;
    Ok(found.items.unwrap_or_default())
}

type Item = std::collections::HashMap<String, AttributeValue>;

async fn put(deployed: &Deployed, item: Item) -> Result<()> {
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    let table = deployed.stack.output("TracesTable")?;
    client.put_item().table_name(table).set_item(Some(item)).send().await?;
    Ok(())
}

#[tokio::test]
async fn any_tampering_with_what_is_stored_is_found() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    for _ in 0..4 {
        deployed.api.post(&path, Some(&doctor), &glass).await?.ok()?;
    }
    assert!(patient.verified(&deployed).await?);
    let items = stored(&deployed, &patient.space_id).await?;
    assert!(items.len() >= 4);
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    let table = deployed.stack.output("TracesTable")?.to_owned();
    let flip = |item: &Item, attribute: &str| {
        let mut item = item.clone();
        let mut bytes = item[attribute].as_b().unwrap().clone().into_inner();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        item.insert(attribute.to_owned(), AttributeValue::B(bytes.into()));
        item
    };
    let swap = |item: &Item, other: &Item, attribute: &str| {
        let mut item = item.clone();
        item.insert(attribute.to_owned(), other[attribute].clone());
        item
    };
    let last = items.len() - 1;
    let mut tampered = vec![
        ("a changed seal", flip(&items[1], "content")),
        ("a changed hash", flip(&items[1], "hash")),
        ("a changed previous hash", flip(&items[2], "previousHash")),
        ("another's content", swap(&items[1], &items[2], "content")),
        ("another's hash", swap(&items[last], &items[1], "hash")),
    ];
    for (what, item) in tampered.drain(..) {
        let entry = item["entry"].clone();
        let genuine = items.iter().find(|other| other["entry"] == entry).unwrap().clone();
        put(&deployed, item).await?;
        assert!(!patient.verified(&deployed).await?, "{what} is not found");
        put(&deployed, genuine).await?;
        assert!(patient.verified(&deployed).await?, "{what} was put right");
    }
    for (what, gone) in [("the first", 0), ("one between", 2), ("the last", last)] {
        let key = ["spaceId", "entry"].map(|name| (name.to_owned(), items[gone][name].clone()));
        let key = Some(Item::from(key));
        client.delete_item().table_name(&table).set_key(key).send().await?;
        assert!(!patient.verified(&deployed).await?, "{what} is gone and not missed");
        put(&deployed, items[gone].clone()).await?;
    }
    // The head put back to an earlier trace, and what came after removed.
    let spaces = deployed.stack.output("SpacesTable")?;
    let key = AttributeValue::S(patient.space_id.clone());
    let head = |item: &Item| {
        AttributeValue::M(Item::from([
            ("sequence".to_owned(), item["sequence"].clone()),
            ("hash".to_owned(), item["hash"].clone()),
        ]))
    };
    let set_head = async |value: AttributeValue| {
        client
            .update_item()
            .table_name(spaces)
            .key("spaceId", key.clone())
            .update_expression("SET ordinaryHead = :head")
            .expression_attribute_values(":head", value)
            .send()
            .await
    };
    // Anchored first: only then does cutting the whole end off leave a mark.
    deployed.fire("anchor").await?;
    assert!(patient.verified(&deployed).await?);
    let removed = items[last].clone();
    let gone = ["spaceId", "entry"].map(|name| (name.to_owned(), removed[name].clone()));
    client.delete_item().table_name(&table).set_key(Some(Item::from(gone))).send().await?;
    set_head(head(&items[last - 1])).await?;
    assert!(!patient.verified(&deployed).await?, "an end cut off is not missed");
    put(&deployed, removed).await?;
    set_head(head(&items[last])).await?;
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

#[tokio::test]
async fn a_downloaded_log_is_verified_with_only_the_file_and_the_anchor() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    for _ in 0..3 {
        deployed.api.post(&path, Some(&doctor), &glass).await?.ok()?;
    }
    deployed.fire("anchor").await?;
    let verification = patient.get(&deployed, "/access-log/verification").await?.ok()?;
    assert_eq!(verification["intact"], true, "{verification}");
    assert!(verification["anchor"].is_string());
    assert!(verification["anchoredAt"].is_string());
    // After the anchor the log goes on.
    deployed.api.post(&path, Some(&doctor), &glass).await?.ok()?;
    let file = patient.get(&deployed, "/access-log/download").await?;
    assert_eq!(file.headers["content-type"], "application/x-ndjson");
    let text = String::from_utf8(file.body.clone())?;
    // The anchor its last line names: other tests anchor too, so it may be a newer one.
    let proof: Value = serde_json::from_str(text.lines().last().context("a last line")?)?;
    let name = proof["proof"]["anchor"].as_str().context("an anchor")?;
    let anchor = deployed.api.get(&format!("/v1/anchors/{name}"), None).await?;
    assert_eq!(anchor.status, 200);

    let folder = project().join("target/tmp");
    std::fs::create_dir_all(&folder)?;
    let log_file = folder.join(format!("log-{}.ndjson", patient.space_id));
    let anchor_file = folder.join(format!("anchor-{}.json", patient.space_id));
    std::fs::write(&log_file, &text)?;
    std::fs::write(&anchor_file, &anchor.body)?;
    let found = verify_log::verify(std::slice::from_ref(&log_file), Some(&anchor_file))?;
    assert!(found.anchored.is_some(), "{found:?}");
    assert_eq!(found.traces, text.lines().count() as u64 - 2);
    assert!(python(&log_file, &anchor_file)?, "a verifier written from the documentation alone");

    // Every line altered, removed or moved is found, by both.
    let lines: Vec<&str> = text.lines().collect();
    let traces = 1..lines.len() - 1;
    let mut forged: Vec<(String, Vec<String>)> = Vec::new();
    for n in traces.clone() {
        let own = |line: &&str| (*line).to_owned();
        let mut altered: Vec<String> = lines.iter().map(own).collect();
        altered[n] = altered[n].replace("breakGlass", "normal").replace("issue", "use");
        if altered[n] == lines[n] {
            altered[n] = altered[n].replacen("\\\"salt\\\":\\\"", "\\\"salt\\\":\\\"A", 1);
        }
        forged.push((format!("line {n} altered"), altered));
        let mut removed: Vec<String> = lines.iter().map(own).collect();
        removed.remove(n);
        forged.push((format!("line {n} removed"), removed));
    }
    let mut swapped: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    swapped.swap(1, 2);
    forged.push(("two lines swapped".into(), swapped));
    for (what, lines) in forged {
        std::fs::write(&log_file, lines.join("\n") + "\n")?;
        assert!(
            verify_log::verify(std::slice::from_ref(&log_file), Some(&anchor_file)).is_err(),
            "{what}"
        );
        assert!(!python(&log_file, &anchor_file)?, "{what}");
    }
    // A whole chain made anew, hashes and all, stands against the anchor.
    std::fs::write(&log_file, forged_anew(&text)?)?;
    assert!(verify_log::verify(std::slice::from_ref(&log_file), None).is_ok());
    assert!(verify_log::verify(std::slice::from_ref(&log_file), Some(&anchor_file)).is_err());
    assert!(!python(&log_file, &anchor_file)?);
    std::fs::remove_file(log_file)?;
    std::fs::remove_file(anchor_file)?;
    Ok(())
}

/// The same log with one trace altered and every hash made to fit again.
fn forged_anew(text: &str) -> Result<String> {
    let mut head = espace_crypto::ChainHead::default();
    let mut lines = Vec::new();
    let mut space = String::new();
    for line in text.lines() {
        let mut value: Value = serde_json::from_str(line)?;
        if let Some(named) = value["spaceId"].as_str() {
            named.clone_into(&mut space);
        } else if let Some(content) = value["content"].as_str() {
            let content = content.replace("breakGlass", "normal");
            value["previousHash"] = json!(head.hash.to_hex());
            head = head.extended(&space, "ordinary", content.as_bytes());
            value["hash"] = json!(head.hash.to_hex());
            value["content"] = json!(content);
        }
        lines.push(value);
    }
    lines[0]["head"] = json!({"sequence": head.sequence, "hash": head.hash.to_hex()});
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    Ok(lines.join("\n") + "\n")
}

/// Runs the verifier of `docs/examples`, which shares no code with ours.
fn python(log: &std::path::Path, anchor: &std::path::Path) -> Result<bool> {
    let script = project().join("docs/examples/verify_log.py");
    let run = Command::new("python3").arg(script).arg(log).arg(anchor).output()?;
    Ok(run.status.success())
}

#[tokio::test]
async fn an_anchor_cannot_be_changed_or_removed() -> Result<()> {
    let deployed = Deployed::load().await?;
    deployed.patient().await?;
    deployed.fire("anchor").await?;
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("AnchorBucket")?;
    let listed = s3.list_object_versions().bucket(bucket).send().await?;
    let version = listed.versions().first().context("an anchor")?;
    let removed = s3
        .delete_object()
        .bucket(bucket)
        .key(version.key().unwrap_or_default())
        .version_id(version.version_id().unwrap_or_default())
        .send()
        .await;
    assert!(removed.is_err(), "an anchor was removed");
    Ok(())
}

#[tokio::test]
async fn who_acts_for_a_child_is_named_in_its_log() -> Result<()> {
    let deployed = Deployed::load().await?;
    let today = espace_domain::paris_date(now().now());
    let family = deployed.family(&[jiff::civil::date(today.year() - 9, 3, 3)], 0).await?;
    let parent = &family.parents[0];
    let child = &family.children[0];
    let token = deployed.activate_and_log_in(parent).await?;
    let proven = deployed.prove_for(&child.person, &child.code, &parent.person).await?.ok()?;
    let enrolment = json!({"enrolmentToken": proven["enrolmentToken"]});
    let path = "/v1/spaces/me/dependants";
    let attached = deployed.api.post(path, Some(&token), &enrolment).await?.ok()?;
    let space = attached["spaceId"].as_str().context("a space")?;
    let path = format!("/v1/spaces/{space}/consents");
    let given = json!({"rpps": rpps()});
    deployed.api.post(&path, Some(&token), &given).await?.ok()?;
    let log = deployed.api.get(&format!("/v1/spaces/{space}/access-log"), Some(&token)).await?;
    let log = log.ok()?;
    let gave = log["items"].as_array().context("items")?.iter();
    let gave = gave.clone().find(|item| item["action"] == "giveConsent").context("a trace")?;
    assert_eq!(gave["actor"]["kind"], "representative");
    let name = gave["actor"]["name"].as_str().context("a name")?;
    assert!(name.ends_with(parent.person.text("birthName")) || !name.is_empty());
    assert_eq!(gave["actor"]["id"], Value::Null, "another citizen's ids are nobody's to know");
    // Reading the log leaves one trace in a quarter of an hour.
    for _ in 0..2 {
        deployed.api.get(&format!("/v1/spaces/{space}/access-log"), Some(&token)).await?.ok()?;
    }
    let log = deployed.api.get(&format!("/v1/spaces/{space}/access-log"), Some(&token)).await?;
    let items = log.ok()?;
    let items = items["items"].as_array().context("items")?;
    assert_eq!(items.iter().filter(|item| item["action"] == "readAccessLog").count(), 1);
    // What is secret is not a representative's.
    let path = format!("/v1/spaces/{space}/access-log?chain=secret");
    assert_eq!(deployed.api.get(&path, Some(&token)).await?.problem(), "not-found");
    let stranger = deployed.citizen().await?;
    let path = format!("/v1/spaces/{space}/access-log");
    let refused = deployed.api.send(Method::GET, &path, Some(&stranger), None).await?;
    assert_eq!(refused.problem(), "not-found");
    Ok(())
}

#[tokio::test]
async fn an_inquiry_finds_every_trace_of_a_professional_in_a_month() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (one, other, number) = (deployed.patient().await?, deployed.patient().await?, rpps());
    let doctor = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    for patient in [&one, &other, &one] {
        let path = format!("/v1/spaces/{}/accesses", patient.space_id);
        deployed.api.post(&path, Some(&doctor), &glass).await?.ok()?;
    }
    let aws = espace_storage::Aws::from_config(deployed.config.clone());
    let mut environment = deployed.environment("ConsentFunction", &[]).await?;
    let keys = std::sync::Arc::new(SystemKeys::new(&aws, &mut environment, now()));
    let names = Relations::new(keys).names().await?;
    let traces = Traces::new(&aws, &mut environment);
    let at = espace_domain::Clock::now(&espace_domain::SystemClock);
    let (found, _) = traces.of_inquiry(&names.inquiry(&number, at), None, 100).await?;
    let of = |patient: &Patient| {
        found.iter().filter(|(space, _, _)| space.as_str() == patient.space_id).count()
    };
    assert_eq!((of(&one), of(&other), found.len()), (2, 1, 3));
    let (none, _) = traces.of_inquiry(&names.inquiry(&rpps(), at), None, 100).await?;
    assert_eq!(none, []);
    Ok(())
}
