//! A corpus of odd and hostile mails through the bridge as it is deployed: each is a message,
//! or lies where it lay with its reason, and memory stays bounded.

use std::collections::HashMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use journeys::Deployed;
use local_cloud::backend::python;
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::{local_directory, project, target_directory};
use serde_json::{Value, json};

use crate::messages::threads;
use crate::mssante::{address_of, correspondent};

/// What the job may hold, kilobytes: three times the largest mail, and the job itself.
const MEMORY_KB_MAX: u64 = 160 * 1_024;

/// Writes the corpus, to a person and from a professional; gives its cases.
fn corpus(folder: &std::path::Path, from: &str, to: &str) -> Result<Vec<Value>> {
    let script = project().join("shared/mail/tests/corpus.py");
    let made = Command::new(python())
        .arg(script)
        .arg(folder)
        .args(["--from", from, "--to", to])
        .output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cases: Value = serde_json::from_slice(&std::fs::read(folder.join("cases.json"))?)?;
    let cases = cases.as_array().or_else(|| cases["cases"].as_array());
    Ok(cases.context("cases")?.clone())
}

#[tokio::test]
async fn odd_mails_are_messages_or_lie_where_they_lay() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    let folder = local_directory().join(format!("corpus-{}", &patient.space_id[..8]));
    let cases = corpus(&folder, &doctor.address, &address_of(&patient))?;
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = format!("corpus-{}", &patient.space_id[..8]);
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint("eu-west-3".into())
        .build();
    s3.create_bucket().bucket(&bucket).create_bucket_configuration(place).send().await?;
    let mut environment = deployed.stack.environment(&deployed.config, "MssanteFunction").await?;
    environment.extend(owner_environment(&deployed.api.system().aws));
    environment.insert("ESPACE_MAIL_BUCKET".to_owned(), bucket.clone());
    let binary = target_directory().join("debug/mssante");
    let mut process = Process::start(&binary, &environment).await?;
    let (mut faults, mut accepted, mut names) = (Vec::new(), 0, HashMap::new());
    for (number, case) in cases.iter().enumerate() {
        let file = case["file"].as_str().context("a file")?;
        let key = format!("incoming/{}{number}.eml", &patient.space_id[..8]);
        let raw = std::fs::read(folder.join(file))?;
        let put = s3.put_object().bucket(&bucket).key(&key);
        let put = put.metadata("envelope-from", &doctor.address);
        put.body(raw.into()).send().await?;
        let body = json!({"Records": [{"s3": {"object": {"key": key}}}]});
        let event = json!({"Records": [{"messageId": "m", "body": body.to_string()}]});
        let answer = process.invoke(event).await?;
        ensure!(answer["batchItemFailures"] == json!([]), "{file}: {answer}");
        accepted += usize::from(case["expect"] == "accepted");
        names.insert(key, case);
    }
    let peak = process.resident_kb().context("the process's memory")?;
    process.stop().await?;
    let left = s3.list_objects_v2().bucket(&bucket).send().await?;
    let left: Vec<_> = left.contents().iter().filter_map(|object| object.key()).collect();
    let items = deployed.items("MailsTable").await?;
    for (key, case) in names {
        let aside = key.replace("incoming/", "aside/");
        let text = |name: &str| {
            let of = |item: &HashMap<String, aws_sdk_dynamodb::types::AttributeValue>| {
                item.get(name).and_then(|value| value.as_s().ok()).cloned()
            };
            let is_it = |item: &&HashMap<_, _>| {
                item.get("object")
                    .and_then(|v: &aws_sdk_dynamodb::types::AttributeValue| v.as_s().ok())
                    == Some(&aside)
            };
            items.iter().find(is_it).and_then(of)
        };
        let is_left = left.contains(&aside.as_str());
        let (code, reason) = (case["code"].as_str().unwrap_or_default(), text("reason"));
        let is_right = if case["expect"] == "accepted" {
            reason.is_none() && !is_left
        } else {
            reason.as_deref() == Some(code) && is_left
        };
        if !is_right {
            faults.push(format!("{}: {reason:?}, not {code:?}; left: {is_left}", case["file"]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(accepted > 50, "{accepted} accepted");
    let path = format!("{}?limit=200", threads("me"));
    let list = deployed.api.get(&path, Some(&patient.token)).await?.ok()?;
    let found = list["items"].as_array().context("items")?.len();
    assert!(found + 3 >= accepted, "{found} conversations of {accepted} mails");
    assert!(peak < MEMORY_KB_MAX, "{peak} kB");
    std::fs::remove_dir_all(&folder)?;
    local_cloud::say(&format!(
        "{accepted} of {} odd mails are messages; {peak} kB at most",
        cases.len()
    ));
    assert!(patient.verified(&deployed).await?);
    Ok(())
}
