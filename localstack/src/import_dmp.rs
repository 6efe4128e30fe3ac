//! Taking over older shared records (DMP): a folder of documents with an index, deposited
//! by the insurer one by one. Stopped anywhere, it goes on where it was: what is done is
//! noted, and what was done without being noted is the same document again.
//!
//! The folder holds `index.ndjson`, one object a line: `nir`, `file` (beside the index), and
//! the entry's fields (`typeCode`, `title`, `eventDate`, `comment`, `visibility`,
//! `uniqueId`); a CDA or FHIR document of up to 4 MiB needs none of them. `done.ndjson` is
//! written there. A problem that is not the document's own stops the import.
//! Must not know any rule of the product.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::api::{Answer, Api};

/// Largest content sent in one request; what is larger goes in parts.
const WHOLE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Documents deposited with one token, which lives ten minutes.
const PER_TOKEN: usize = 20;
/// How long a large document may take to be examined, seconds.
const EXAMINED_S: u32 = 300;
/// Problems that are the document's own: asked again, they would be the same. Any other
/// stops the import, which is taken up where it was.
const FINAL: [&str; 11] = [
    "noSpace",
    "content-refused",
    "malware-found",
    "another-patient",
    "entry-disagrees",
    "invalid-body",
    "type-not-depositable",
    "unique-id-taken",
    "statement-stands",
    "too-many-versions",
    "rejected",
];
/// Tries of a request that is answered "later".
const TRIES_MAX: u32 = 6;

/// What became of the lines, by outcome: `deposited`, `noSpace`, or a problem's name.
pub type Counts = BTreeMap<String, u64>;

/// Imports a folder; `progress` is told after each line.
pub async fn import(api: &Api, folder: &Path, progress: impl Fn(&Counts)) -> Result<Counts> {
    let index = std::fs::read_to_string(folder.join("index.ndjson"))
        .with_context(|| format!("{}/index.ndjson", folder.display()))?;
    let notes = folder.join("done.ndjson");
    let done = already_done(&notes)?;
    let mut note = OpenOptions::new().create(true).append(true).open(&notes)?;
    let mut counts = Counts::new();
    let mut token = String::new();
    let lines = index.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    // By what it says: an index that was edited passes over nothing.
    let named = lines.map(|(number, line)| (number, line, hash(line.as_bytes())));
    let left = named.filter(|(_, _, name)| !done.contains(name));
    for (count, (number, line, name)) in left.enumerate() {
        if count % PER_TOKEN == 0 {
            token = api.insurer().await?;
        }
        let line: Value =
            serde_json::from_str(line).with_context(|| format!("line {}", number + 1))?;
        let outcome = take_over(api, &token, folder, &line)
            .await
            .with_context(|| format!("line {}", number + 1))?;
        // Noted once it is done, and on the disk: a line is never passed over.
        let became = outcome["problem"].as_str().unwrap_or("deposited");
        ensure!(
            became == "deposited" || FINAL.contains(&became),
            "line {}: {became}; import again to go on from here",
            number + 1
        );
        writeln!(note, "{}", json!({"line": name, "outcome": outcome}))?;
        note.sync_data()?;
        *counts.entry(became.to_owned()).or_default() += 1;
        progress(&counts);
    }
    Ok(counts)
}

/// The lines that an earlier run noted; a last one that was cut off counts for nothing.
fn already_done(notes: &Path) -> Result<BTreeSet<String>> {
    if !notes.exists() {
        return Ok(BTreeSet::new());
    }
    let text = std::fs::read_to_string(notes)?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(lines.filter_map(|noted| Some(noted["line"].as_str()?.to_owned())).collect())
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

/// Deposits one document; gives its id, or the name of the problem.
async fn take_over(api: &Api, token: &str, folder: &Path, line: &Value) -> Result<Value> {
    let file = line["file"].as_str().context("`file`")?;
    let is_beside = !file.is_empty() && !file.contains(['/', '\\']);
    ensure!(is_beside, "{file:?} is not a file of the folder");
    let content = std::fs::read(folder.join(file)).with_context(|| file.to_owned())?;
    let lookup = json!({"nir": line["nir"]});
    let found = again(|| api.post("/v1/spaces/lookup", Some(token), &lookup)).await?;
    if found.status == 404 {
        return Ok(json!({"problem": "noSpace"}));
    }
    let space = found.ok()?["spaceId"].as_str().context("a space")?.to_owned();
    let mut entry = line.clone();
    let fields = entry.as_object_mut().context("an object a line")?;
    fields.remove("nir");
    fields.remove("file");
    let hash = hash(&content);
    // A clinical document has a name of its own; anything else is named by its bytes, so
    // that the same folder imported twice deposits nothing twice.
    let unmarked = content.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(&content);
    let is_wide = matches!(content.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff]));
    let is_clinical = is_wide
        || match unmarked.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'<') => true,
            Some(b'{') => !unmarked.starts_with(b"{\\rtf"),
            _ => false,
        };
    if !is_clinical && !fields.contains_key("uniqueId") {
        fields.insert("uniqueId".to_owned(), json!(format!("dmp^{hash}")));
    }
    let path = format!("/v1/spaces/{space}/documents");
    let answer = if content.len() <= WHOLE_BYTES_MAX {
        again(|| whole(api, token, &path, &entry, &content)).await?
    } else {
        in_parts(api, token, (&path, &hash), entry, &content).await?
    };
    let told = answer.json();
    if answer.status.is_success() {
        return Ok(json!({"documentId": told["documentId"], "state": told["state"]}));
    }
    Ok(json!({"problem": answer.problem()}))
}

/// A small document, in one request.
async fn whole(
    api: &Api,
    token: &str,
    path: &str,
    entry: &Value,
    content: &[u8],
) -> Result<Answer> {
    let form = Form::new()
        .part("entry", Part::text(entry.to_string()))
        .part("content", Part::bytes(content.to_vec()));
    let request = api.request(Method::POST, path).bearer_auth(token);
    Answer::of(request.multipart(form).send().await?).await
}

/// A large document: announced, then sent in parts. Parts that came in an earlier run are
/// not sent again.
async fn in_parts(
    api: &Api,
    token: &str,
    (path, hash): (&str, &str),
    mut entry: Value,
    content: &[u8],
) -> Result<Answer> {
    entry["sha256"] = json!(hash);
    entry["size"] = json!(content.len());
    entry["contentType"] = json!(media_of(content));
    let begun = again(|| api.post(path, Some(token), &entry)).await?;
    let told = begun.json();
    if begun.status != 202 || told["state"] != "awaitingContent" {
        return Ok(begun);
    }
    let size = told["upload"]["partSize"].as_u64().context("a part's size")?;
    let mut sent = Vec::new();
    let parts = told["upload"]["parts"].as_array().context("parts")?;
    for (part, bytes) in parts.iter().zip(content.chunks(usize::try_from(size)?)) {
        let etag = if let Some(etag) = part["etag"].as_str() {
            etag.to_owned()
        } else {
            let url = part["url"].as_str().context("a URL")?;
            let answer = reqwest::Client::new().put(url).body(bytes.to_vec()).send().await?;
            let answer = answer.error_for_status()?;
            answer.headers()["etag"].to_str()?.to_owned()
        };
        sent.push(json!({"number": part["number"], "etag": etag}));
    }
    let id = told["documentId"].as_str().context("an id")?;
    let completion = format!("{path}/{id}/upload/completion");
    let all = json!({"parts": sent});
    let completed = again(|| api.post(&completion, Some(token), &all)).await?;
    if !completed.status.is_success() {
        return Ok(completed);
    }
    // Done once it is taken in, or refused: then the same line says why.
    let upload = format!("{path}/{id}/upload");
    for _ in 0..EXAMINED_S {
        let told = again(|| api.get(&upload, Some(token))).await?;
        match told.json()["state"].as_str() {
            Some("available") => return Ok(told),
            Some("rejected") => {
                let body = json!({"type": "urn:espace-sante:problem:rejected"});
                let status = reqwest::StatusCode::UNPROCESSABLE_ENTITY;
                return Ok(Answer { status, body: body.to_string().into_bytes(), ..told });
            }
            _ => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
        }
    }
    completed.ok().and_then(|_| bail!("{id} is still being examined after {EXAMINED_S} s"))
}

/// The media type of a large content, by its first bytes.
fn media_of(content: &[u8]) -> &'static str {
    match content {
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        [0xff, 0xd8, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'I', b'I', ..] | [b'M', b'M', ..] => "image/tiff",
        [b'{', b'\\', ..] => "application/rtf",
        [b'{', ..] => "application/fhir+json",
        [b'<' | 0xef, ..] => "application/cda+xml",
        _ if content.get(128..132) == Some(b"DICM") => "application/dicom",
        _ => "text/plain",
    }
}

/// Sends a request until it is not answered "later".
async fn again<F, R>(send: F) -> Result<Answer>
where
    F: Fn() -> R,
    R: Future<Output = Result<Answer>>,
{
    let mut wait_ms = 100;
    for _ in 1..TRIES_MAX {
        let answer = send().await?;
        if ![429, 503].contains(&answer.status.as_u16()) {
            return Ok(answer);
        }
        tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
        wait_ms *= 2;
    }
    send().await
}
