//! Large contents: announced, sent in parts, taken in; and all the ways in which they come
//! to nothing, each with a clear end and nothing left behind.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use journeys::{Deployed, in_days, rpps};
use local_cloud::api::Answer;
use serde_json::{Value, json};

use crate::vault::{OWN, PHYSICIAN, REPORT, content, deposit, entry, path_of, pdf};

/// How long an upload may take to be taken in, tenths of a second.
const TAKEN_IN_TENTHS: u32 = 600;

/// A PDF of about `size` bytes, none of which repeat as a whole part would.
pub(crate) fn large_pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".to_vec();
    let mut line = 0_u64;
    while bytes.len() < size {
        bytes.extend(format!("% {line:020} {:020}\n", line.wrapping_mul(0x9e37_79b9)).bytes());
        line += 1;
    }
    bytes.extend(b"trailer\n<<>>\n%%EOF\n");
    bytes
}

/// The announcement of a content.
pub(crate) fn announcement(mut entry: Value, media: &str, bytes: &[u8]) -> Value {
    entry["contentType"] = json!(media);
    entry["size"] = json!(bytes.len());
    entry["sha256"] = json!(HEXLOWER.encode(digest(&SHA256, bytes).as_ref()));
    entry
}

pub(crate) async fn announce(
    deployed: &Deployed,
    token: &str,
    space: &str,
    announced: &Value,
) -> Result<Answer> {
    deployed.api.post(&format!("/v1/spaces/{space}/documents"), Some(token), announced).await
}

/// Sends the parts that an answer names, last first; gives what completes them.
pub(crate) async fn send(upload: &Value, bytes: &[u8]) -> Result<Vec<Value>> {
    let size = usize::try_from(upload["upload"]["partSize"].as_u64().context("a part's size")?)?;
    let parts = upload["upload"]["parts"].as_array().context("parts")?;
    let mut sent = Vec::new();
    for (part, bytes) in parts.iter().zip(bytes.chunks(size)).rev() {
        let url = part["url"].as_str().context("a URL")?;
        let answer = reqwest::Client::new().put(url).body(bytes.to_vec()).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.text().await?);
        let etag = answer.headers()["etag"].to_str()?.to_owned();
        sent.push(json!({"number": part["number"], "etag": etag}));
    }
    Ok(sent)
}

pub(crate) async fn complete(
    deployed: &Deployed,
    token: &str,
    path: &str,
    parts: &[Value],
) -> Result<Answer> {
    let path = format!("{path}/upload/completion");
    deployed.api.post(&path, Some(token), &json!({"parts": parts})).await
}

/// Waits for the end of an upload.
pub(crate) async fn ended(deployed: &Deployed, token: &str, path: &str) -> Result<Value> {
    for _ in 0..TAKEN_IN_TENTHS {
        let upload = deployed.api.get(&format!("{path}/upload"), Some(token)).await?.ok()?;
        if ["available", "rejected"].contains(&upload["state"].as_str().unwrap_or_default()) {
            return Ok(upload);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the upload did not end")
}

/// What a bucket holds of a space.
pub(crate) async fn held(deployed: &Deployed, bucket: &str, space: &str) -> Result<Vec<String>> {
    let mut pages = aws_sdk_s3::Client::new(&deployed.config)
        .list_objects_v2()
        .bucket(deployed.stack.output(bucket)?)
        .into_paginator()
        .send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        let names = page.contents().iter().filter_map(|object| object.key());
        keys.extend(names.filter(|key| key.contains(space)).map(str::to_owned));
    }
    Ok(keys)
}

/// Uploads of a space that are neither completed nor given up.
async fn unfinished(deployed: &Deployed, bucket: &str, space: &str) -> Result<usize> {
    let listed = aws_sdk_s3::Client::new(&deployed.config)
        .list_multipart_uploads()
        .bucket(deployed.stack.output(bucket)?)
        .send()
        .await?;
    let keys = listed.uploads().iter().filter_map(|upload| upload.key());
    Ok(keys.filter(|key| key.contains(space)).count())
}

#[tokio::test]
async fn a_large_content_comes_in_parts_and_is_read_by_ranges() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let bytes = large_pdf(20 * 1024 * 1024 + 12_345);
    let mut own = entry(OWN, "Radiographie");
    own["uniqueId"] = json!("1.2.250.1.999.20");
    let announced = announcement(own, "application/pdf", &bytes);
    let begun = announce(&deployed, token, space, &announced).await?;
    assert_eq!(begun.status, 202, "{}", begun.json());
    let begun = begun.json();
    assert_eq!(begun["state"], "awaitingContent");
    let path = path_of(space, &begun);
    // Before it has come it is seen by who sends it, and is no document.
    let awaited = deployed.api.get(&path, Some(token)).await?.ok()?;
    assert_eq!(
        (&awaited["state"], &awaited["title"]),
        (&json!("awaitingContent"), &json!("Radiographie"))
    );
    assert_eq!(patient.get(&deployed, "/documents").await?.ok()?["items"], json!([]));
    assert_eq!(content(&deployed, token, &path, &[]).await?.status, 404);
    // Announced again, it is the same; one part has come meanwhile.
    let first = begun["upload"]["parts"][0]["url"].as_str().context("a URL")?;
    reqwest::Client::new().put(first).body(bytes[..8 << 20].to_vec()).send().await?;
    let again = announce(&deployed, token, space, &announced).await?.ok()?;
    assert_eq!(again["documentId"], begun["documentId"]);
    let upload = deployed.api.get(&format!("{path}/upload"), Some(token)).await?.ok()?;
    let parts = upload["upload"]["parts"].as_array().context("parts")?;
    let came: Vec<_> = parts.iter().map(|part| part["etag"].is_string()).collect();
    assert_eq!(came, [true, false, false]);
    let incomplete = complete(&deployed, token, &path, &[]).await?;
    assert_eq!(
        (incomplete.status.as_u16(), incomplete.problem().as_str()),
        (409, "upload-incomplete")
    );
    assert_eq!(incomplete.json()["missing"], json!([1, 2, 3]));
    // A part of another length than announced is refused at the door.
    let url = parts[1]["url"].as_str().context("a URL")?;
    let short = reqwest::Client::new().put(url).body("short").send().await?;
    assert_eq!(short.status(), 403);
    let sent = send(&upload, &bytes).await?;
    // Someone else follows and completes nothing.
    let other = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let stranger = deployed.patient().await?;
    for token in [&other, &stranger.token] {
        let seen = deployed.api.get(&format!("{path}/upload"), Some(token)).await?;
        assert_eq!(seen.status, 404);
        assert_eq!(complete(&deployed, token, &path, &sent).await?.status, 404);
    }
    let done = complete(&deployed, token, &path, &sent).await?;
    assert_eq!(done.status, 202, "{}", done.json());
    assert_eq!(ended(&deployed, token, &path).await?["state"], "available");
    assert_eq!(complete(&deployed, token, &path, &sent).await?.ok()?["state"], "available");
    let known = deployed.api.get(&path, Some(token)).await?.ok()?;
    assert_eq!((&known["state"], &known["size"]), (&json!("available"), &json!(bytes.len())));
    assert_eq!(known["sha256"], announced["sha256"]);
    let whole = content(&deployed, token, &path, &[]).await?;
    assert_eq!((whole.status.as_u16(), whole.problem().as_str()), (400, "range-required"));
    let mut read = Vec::new();
    while read.len() < bytes.len() {
        let range = format!("bytes={}-", read.len());
        let part = content(&deployed, token, &path, &[("range", &range)]).await?;
        assert_eq!(part.status, 206);
        read.extend(part.body);
    }
    assert!(read == bytes, "what was read is not what was sent");
    let again = announce(&deployed, token, space, &announced).await?.ok()?;
    assert_eq!(
        (&again["documentId"], &again["state"]),
        (&begun["documentId"], &json!("available"))
    );
    // The inbox is empty, the vault has it once, the log tells how it came.
    assert_eq!(held(&deployed, "InboxBucket", space).await?, Vec::<String>::new());
    assert_eq!(held(&deployed, "VaultBucket", space).await?.len(), 1);
    assert_eq!(unfinished(&deployed, "VaultBucket", space).await?, 0);
    assert!(patient.verified(&deployed).await?);
    let log = patient.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let deposits: Vec<_> = log["items"]
        .as_array()
        .context("items")?
        .iter()
        .filter(|item| item["action"] == "depositDocument")
        .map(|item| item["elements"][1].clone())
        .collect();
    assert!(deposits.contains(&json!("upload:begun")) && deposits.contains(&Value::Null));
    Ok(())
}

#[tokio::test]
async fn a_content_that_is_not_what_was_announced_is_refused_and_told_why() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let good = large_pdf(9 * 1024 * 1024);
    let mut evil = good.clone();
    let eicar = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
    // Across the border of two parts.
    let at = (8 << 20) - 30;
    evil.splice(at..at + eicar.len(), eicar.iter().copied());
    let mut other = good.clone();
    other[5_000_000] ^= 1;
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 100]].concat();
    for (what, announced, sent, media, reason) in [
        ("other bytes", &good, &other, "application/pdf", "hash-differs"),
        ("malware", &evil, &evil, "application/pdf", "malware-found"),
        ("another type", &good, &good, "image/png", "type-differs"),
        ("a broken picture", &picture, &picture, "image/png", "unsupported-content"),
    ] {
        let mut own = entry(OWN, what);
        own["uniqueId"] = json!("1.2.250.1.999.21");
        let announced = announcement(own, media, announced);
        let begun = announce(&deployed, token, space, &announced).await?.ok()?;
        let path = path_of(space, &begun);
        let parts = send(&begun, sent).await?;
        complete(&deployed, token, &path, &parts).await?.ok()?;
        let end = ended(&deployed, token, &path).await?;
        assert_eq!((&end["state"], &end["reason"]), (&json!("rejected"), &json!(reason)), "{what}");
        let told = deployed.api.get(&path, Some(token)).await?.ok()?;
        assert_eq!((&told["state"], &told["reason"]), (&json!("rejected"), &json!(reason)));
        let late = complete(&deployed, token, &path, &parts).await?;
        assert_eq!((late.status.as_u16(), late.problem().as_str()), (409, "upload-over"), "{what}");
    }
    for bucket in ["InboxBucket", "VaultBucket"] {
        assert_eq!(held(&deployed, bucket, space).await?, Vec::<String>::new(), "{bucket}");
        assert_eq!(unfinished(&deployed, bucket, space).await?, 0, "{bucket}");
    }
    // The log tells that it came to nothing.
    let log = patient.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let failed = log["items"].as_array().context("items")?;
    assert_eq!(failed.iter().filter(|item| item["outcome"] == "failed").count(), 4);
    // The name serves again, also for a small content.
    let mut own = entry(OWN, "Enfin");
    own["uniqueId"] = json!("1.2.250.1.999.21");
    let kept = deposit(&deployed, token, space, &own, pdf("enfin")).await?;
    assert_eq!(kept.status, 201, "{}", kept.json());
    Ok(())
}

#[tokio::test]
async fn what_an_announcement_lacks_is_named() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let bytes = pdf("x");
    let mut announced = announcement(entry(OWN, "Essai"), "application/zip", &bytes);
    announced["size"] = json!(104_857_601);
    announced["sha256"] = json!("abc");
    let refused = announce(&deployed, &patient.token, &patient.space_id, &announced).await?;
    assert_eq!(refused.status, 422);
    let pointers: Vec<_> = refused.json()["errors"]
        .as_array()
        .context("errors")?
        .iter()
        .map(|error| error["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/size", "/sha256", "/contentType"]);
    let of_a_professional = announcement(entry(REPORT, "Essai"), "application/pdf", &bytes);
    let refused =
        announce(&deployed, &patient.token, &patient.space_id, &of_a_professional).await?;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (403, "type-not-depositable")
    );
    assert_eq!(unfinished(&deployed, "InboxBucket", &patient.space_id).await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_never_comes_is_over_after_a_day() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let yesterday = deployed.vault(&[], in_days(-2)).await?;
    let bytes = large_pdf(5_000_000);
    let mut own = entry(OWN, "Jamais");
    own["uniqueId"] = json!("1.2.250.1.999.22");
    let announced = announcement(own, "application/pdf", &bytes);
    let list = format!("/v1/spaces/{space}/documents");
    let past = deployed.token_as_of(token, in_days(-2).as_ref()).await?;
    let begun = yesterday.send("POST", &list, Some(&past), Some(&announced)).await?.ok()?;
    let path = path_of(space, &begun);
    let parts = send(&begun, &bytes).await?;
    let told = deployed.api.get(&path, Some(token)).await?.ok()?;
    assert_eq!((&told["state"], &told["reason"]), (&json!("rejected"), &json!("upload-expired")));
    let late = complete(&deployed, token, &path, &parts).await?;
    assert_eq!((late.status.as_u16(), late.problem().as_str()), (409, "upload-over"));
    assert_eq!(late.json()["reason"], "upload-expired");
    // Announced anew it is another try at the same document.
    let anew = announce(&deployed, token, space, &announced).await?.ok()?;
    assert_eq!(
        (&anew["documentId"], &anew["state"]),
        (&begun["documentId"], &json!("awaitingContent"))
    );
    let parts = send(&anew, &bytes).await?;
    complete(&deployed, token, &path, &parts).await?.ok()?;
    assert_eq!(ended(&deployed, token, &path).await?["state"], "available");
    assert_eq!(unfinished(&deployed, "InboxBucket", space).await?, 0, "the first was given up");
    Ok(())
}
