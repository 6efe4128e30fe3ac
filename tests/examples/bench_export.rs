//! What making an archive takes, from 10 MiB to 1 GiB of documents: memory must not grow with
//! them. `cargo xtask bench export` runs the job as released; the figures go to standard error.
//! Must not know a target: it prints.
#![expect(clippy::print_stderr, clippy::indexing_slicing, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use journeys::tables::due_table;
use journeys::{Deployed, Patient, now};
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::json;

/// Documents of a space, and mebibytes of each.
const SPACES: [(usize, usize); 3] = [(2, 5), (2, 50), (16, 64)];
const MIB: usize = 1024 * 1024;
/// How long an upload may take to be taken in, tenths of a second.
const TAKEN_IN_TENTHS: u32 = 1_200;

#[tokio::main]
async fn main() -> Result<()> {
    let deployed = Deployed::load().await?;
    for (documents, mebibytes) in SPACES {
        let patient = deployed.patient().await?;
        for number in 0..documents {
            deposit(&deployed, &patient, &content(number, mebibytes * MIB)).await?;
        }
        let (peak, took, size) = archive(&deployed, &patient).await?;
        let mib = documents * mebibytes;
        let rate = f64::from(u32::try_from(mib)?) / took.as_secs_f64();
        eprintln!(
            "{mib} MiB in {documents} documents: an archive of {size} bytes in {:.1} s \
             ({rate:.0} MiB/s), peak memory {peak} kB",
            took.as_secs_f64()
        );
    }
    Ok(())
}

/// A PDF of so many bytes, no two parts of which are the same.
fn content(number: usize, size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".to_vec();
    let mut line = number as u64;
    while bytes.len() < size {
        line = line.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        bytes.extend(format!("% {line:020}\n").bytes());
    }
    bytes.extend(b"trailer\n<<>>\n%%EOF\n");
    bytes
}

/// Sends a large content, and waits until it is taken in.
async fn deposit(deployed: &Deployed, patient: &Patient, bytes: &[u8]) -> Result<()> {
    let announced = json!({
        "typeCode": "EXPPAT_2", "title": "Imagerie", "eventDate": "2026-03-04",
        "contentType": "application/pdf", "size": bytes.len(),
        "sha256": HEXLOWER.encode(digest(&SHA256, bytes).as_ref()),
    });
    let begun = patient.post(deployed, "/documents", &announced).await?.ok()?;
    let part_size = begun["upload"]["partSize"].as_u64().context("a part's size")?;
    let urls = begun["upload"]["parts"].as_array().context("parts")?;
    let mut parts = Vec::new();
    for (part, bytes) in urls.iter().zip(bytes.chunks(usize::try_from(part_size)?)) {
        let url = part["url"].as_str().context("a URL")?;
        let sent = reqwest::Client::new().put(url).body(bytes.to_vec()).send().await?;
        ensure!(sent.status().is_success(), "{}", sent.status());
        let etag = sent.headers()["etag"].to_str()?.to_owned();
        parts.push(json!({"number": part["number"], "etag": etag}));
    }
    let upload = format!("/documents/{}/upload", begun["documentId"].as_str().context("an id")?);
    let completed = json!({"parts": parts});
    patient.post(deployed, &format!("{upload}/completion"), &completed).await?.ok()?;
    for _ in 0..TAKEN_IN_TENTHS {
        let stands = patient.get(deployed, &upload).await?.ok()?;
        match stands["state"].as_str() {
            Some("available") => return Ok(()),
            Some("checking") => tokio::time::sleep(Duration::from_millis(100)).await,
            _ => bail!("{stands}"),
        }
    }
    bail!("a content was not taken in")
}

/// Makes an archive in a process of its own; gives its peak memory, its time, its bytes.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures durations")]
async fn archive(deployed: &Deployed, patient: &Patient) -> Result<(u64, Duration, u64)> {
    let space_id = &patient.space_id;
    let table = format!("exports-{}", &space_id[..8]);
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    due_table(&dynamodb, &table, &["spaceId", "exportId"]).await?;
    let space = deployed.space(&[("ESPACE_EXPORTS_TABLE", table.as_str())], now()).await?;
    let address = patient.invited.person.text("email");
    let body = deployed.step_up(&patient.token, "export", address).await?;
    let list = format!("/v1/spaces/{space_id}/exports");
    let token = Some(patient.token.as_str());
    let asked = space.send("POST", &list, token, Some(&body)).await?.ok()?;
    let id = asked["exportId"].as_str().context("an id")?.to_owned();
    let mut environment = deployed.stack.environment(&deployed.config, "ExportFunction").await?;
    environment.extend(owner_environment(&deployed.api.system().aws));
    environment.insert("ESPACE_EXPORTS_TABLE".to_owned(), table);
    let binary = target_directory().join("release/export");
    let mut process = Process::start(&binary, &environment).await?;
    let keys = json!({"spaceId": {"S": space_id}, "exportId": {"S": id}});
    let event = json!({"Records": [{"eventID": "e", "dynamodb": {"Keys": keys}}]});
    let begun = Instant::now();
    let answer = process.invoke(event).await?;
    let took = begun.elapsed();
    ensure!(answer["errorMessage"].is_null(), "{answer}");
    let peak = process.resident_kb().context("the process's memory")?;
    process.stop().await?;
    let view = space.send("GET", &format!("{list}/{id}"), token, None).await?.ok()?;
    ensure!(view["state"] == "ready", "{view}");
    Ok((peak, took, view["size"].as_u64().context("a size")?))
}
