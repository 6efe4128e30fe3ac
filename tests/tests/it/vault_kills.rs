//! Killed at every step of a deposit, a version, a deletion and the taking in of a large
//! content: no entry ever leads nowhere, what was acknowledged is there, the same asked
//! again ends as it should, and the sweep removes what is left over.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, HEXLOWER};
use journeys::severed::{Door, Ended};
use journeys::{Deployed, InProcess, Patient, in_days};
use local_cloud::bench::owner_environment;
use local_cloud::jobs::new_event;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

use crate::uploads::{announcement, large_pdf, send};
use crate::vault::{OWN, entry, path_of, pdf};

/// Steps after which a function is taken to be done, whatever it is.
const STEPS_MAX: u32 = 40;
/// What a function may hold of a content of 100 MiB, kilobytes.
const MEMORY_KB_MAX: u64 = 128 * 1_024;

/// A vault and an inbox of the test's own, which no other worker hears of.
struct Apart {
    deployed: Deployed,
    patient: Patient,
    vault: String,
    inbox: String,
    s3: aws_sdk_s3::Client,
}

impl Apart {
    async fn new(name: &str) -> Result<Self> {
        let deployed = Deployed::load().await?;
        let patient = deployed.patient().await?;
        let s3 = aws_sdk_s3::Client::new(&deployed.config);
        let draw = &patient.space_id[..8];
        let (vault, inbox) = (format!("{name}-vault-{draw}"), format!("{name}-inbox-{draw}"));
        for bucket in [&vault, &inbox] {
            let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
                .location_constraint("eu-west-3".into())
                .build();
            s3.create_bucket().bucket(bucket).create_bucket_configuration(place).send().await?;
        }
        Ok(Self { deployed, patient, vault, inbox, s3 })
    }

    fn changes(&self) -> [(&str, &str); 2] {
        [("ESPACE_VAULT_BUCKET", &self.vault), ("ESPACE_INBOX_BUCKET", &self.inbox)]
    }

    async fn in_process(&self) -> Result<InProcess> {
        self.deployed.vault(&self.changes(), journeys::now()).await
    }

    /// A function's binary in a process of its own.
    async fn process(&self, function: &str, binary: &str, endpoint: &str) -> Result<Process> {
        let mut environment =
            self.deployed.stack.environment(&self.deployed.config, function).await?;
        environment.extend(owner_environment(endpoint));
        for (name, value) in self.changes() {
            environment.insert(name.to_owned(), value.to_owned());
        }
        Process::start(&target_directory().join("debug").join(binary), &environment).await
    }

    fn cloud(&self) -> &str {
        &self.deployed.api.system().aws
    }

    /// Runs an event to the door at its `step`th call, on its way there or back.
    async fn severed(
        &self,
        (function, binary): (&str, &str),
        event: Value,
        (step, after): (u32, bool),
    ) -> Result<Ended> {
        let door = Door::open(self.cloud(), step, after).await?;
        let process = self.process(function, binary, &door.endpoint).await?;
        door.run(process, event).await
    }

    /// The documents of the space, each of which must open.
    async fn documents(&self) -> Result<Vec<Value>> {
        let vault = self.in_process().await?;
        let token = Some(self.patient.token.as_str());
        let listed = vault.send("GET", "/v1/spaces/me/documents?limit=200", token, None).await?;
        let items = listed.ok()?["items"].as_array().context("items")?.clone();
        for item in &items {
            let path = path_of(&self.patient.space_id, item);
            let versions = vault.send("GET", &format!("{path}/versions"), token, None).await?;
            for version in versions.ok()?["items"].as_array().context("versions")? {
                let content = format!("{path}/versions/{}/content", version["version"]);
                let sha256 = read_all(&vault, &content, token).await?;
                ensure!(version["sha256"] == sha256, "{item} leads to something else");
            }
        }
        Ok(items)
    }

    async fn held(&self, bucket: &str) -> Result<usize> {
        let listed = self.s3.list_objects_v2().bucket(bucket).send().await?;
        Ok(listed.contents().len())
    }

    /// Sweeps the vault as of the day after tomorrow; gives what was found.
    async fn sweep(&self) -> Result<Value> {
        let mut process = self.process("SweepFunction", "sweep", self.cloud()).await?;
        let (_, run) = new_event();
        let as_of = format!("{:.0}", in_days(2).now());
        for back in 0..2 {
            let day = in_days(-back).now().to_zoned(jiff::tz::TimeZone::UTC).date();
            let message =
                json!({"contents": {"runId": run, "asOf": as_of, "number": 0, "day": day}});
            let record = json!({"messageId": "m", "body": message.to_string()});
            let answer = process.invoke(json!({"Records": [record]})).await?;
            ensure!(answer["batchItemFailures"] == json!([]), "{answer}");
        }
        process.stop().await?;
        Ok(Value::Null)
    }
}

/// The hash of a content, read by ranges to its end.
async fn read_all(vault: &InProcess, path: &str, token: Option<&str>) -> Result<String> {
    let mut all = aws_lc_rs::digest::Context::new(&SHA256);
    let mut from = 0;
    loop {
        let part = vault.get_range(path, token.context("a token")?, from).await?;
        ensure!(part.status == 206, "{path}: {}", part.status);
        all.update(&part.body);
        from += part.body.len();
        let range = part.headers["content-range"].to_str()?;
        let size: usize = range.rsplit('/').next().context("a size")?.parse()?;
        if from >= size {
            return Ok(HEXLOWER.encode(all.finish().as_ref()));
        }
    }
}

/// An event of the gateway.
fn call(method: &str, path: &str, token: &str, (media, body): (&str, &[u8])) -> Value {
    let headers: HashMap<&str, String> =
        [("authorization", format!("Bearer {token}")), ("content-type", media.to_owned())].into();
    let many: HashMap<_, _> = headers.iter().map(|(name, value)| (name, vec![value])).collect();
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": headers, "multiValueHeaders": many,
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "resourceId": "x", "resourcePath": "/{proxy+}", "httpMethod": method,
            "path": path, "accountId": "000000000000", "stage": "local", "apiId": "x",
            "requestId": "r", "identity": {"sourceIp": "127.0.0.1"}, "protocol": "HTTP/1.1",
        },
        "body": BASE64.encode(body), "isBase64Encoded": true,
    })
}

fn form(entry: &Value, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--x\r\nContent-Disposition: form-data; name=\"entry\"\r\n\r\n{entry}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"content\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--x--\r\n"].concat()
}

const FORM: &str = "multipart/form-data; boundary=x";
const VAULT: (&str, &str) = ("DocumentsFunction", "documents");
const INGEST: (&str, &str) = ("IngestFunction", "ingest");

/// Every step, on the way there and back, until the event is answered.
fn steps() -> impl Iterator<Item = (u32, bool)> {
    (0..STEPS_MAX).flat_map(|step| [(step, false), (step, true)])
}

#[tokio::test]
async fn killed_at_every_step_of_a_deposit_a_version_and_a_deletion() -> Result<()> {
    let apart = Apart::new("kills").await?;
    let (token, space) = (apart.patient.token.as_str(), &apart.patient.space_id);
    let list = format!("/v1/spaces/{space}/documents");
    let mut killed = 0;
    for (number, step) in steps().enumerate() {
        let mut own = entry(OWN, "Note");
        own["uniqueId"] = json!(format!("1.2.250.1.999.40.{number}"));
        let sent = form(&own, &pdf("note"));
        let event = call("POST", &list, token, (FORM, &sent));
        let ended = apart.severed(VAULT, event.clone(), step).await?;
        let before = apart.documents().await?.len();
        ensure!([number, number + 1].contains(&before), "step {step:?}: {before}");
        // The same again is the same document, whatever had been reached.
        let mut process = apart.process(VAULT.0, VAULT.1, apart.cloud()).await?;
        let answer = process.invoke(event).await?;
        process.stop().await?;
        assert_eq!(answer["statusCode"], 201, "step {step:?}: {answer}");
        assert_eq!(apart.documents().await?.len(), number + 1, "step {step:?}");
        if let Ended::Answered(answer) = ended {
            assert_eq!(answer["statusCode"], 201);
            break;
        }
        killed += 1;
    }
    // Session and space, keys, content, entry: fewer would be a door that never shut.
    assert!(killed >= 8, "killed {killed} times");
    let documents = apart.documents().await?;
    let path = path_of(space, &documents[0]);
    let mut version = 1;
    for step in steps() {
        let sent = form(&json!({}), &pdf(&format!("version {step:?}")));
        let event = call("POST", &format!("{path}/versions"), token, (FORM, &sent));
        let ended = apart.severed(VAULT, event.clone(), step).await?;
        apart.documents().await?;
        let mut process = apart.process(VAULT.0, VAULT.1, apart.cloud()).await?;
        let answer = process.invoke(event).await?;
        process.stop().await?;
        let told: Value = serde_json::from_str(answer["body"].as_str().context("a body")?)?;
        version += 1;
        assert_eq!(told["version"], version, "step {step:?}: {answer}");
        if let Ended::Answered(_) = ended {
            break;
        }
    }
    // A deletion that was begun ends, or was never begun.
    let mut left = documents.len();
    for (document, step) in documents.iter().zip(steps()) {
        let path = path_of(space, document);
        let event = call("DELETE", &path, token, ("application/json", b""));
        let ended = apart.severed(VAULT, event.clone(), step).await?;
        apart.documents().await?;
        let mut process = apart.process(VAULT.0, VAULT.1, apart.cloud()).await?;
        let answer = process.invoke(event).await?;
        process.stop().await?;
        ensure!([204, 404].contains(&answer["statusCode"].as_u64().unwrap_or(0)), "{answer}");
        left -= 1;
        assert_eq!(apart.documents().await?.len(), left, "step {step:?}");
        if let Ended::Answered(_) = ended {
            break;
        }
    }
    // What the kills left over is swept; what is led to stays.
    let over = apart.held(&apart.vault).await?;
    ensure!(over > left, "{over} contents of {left} documents: nothing was left over");
    apart.sweep().await?;
    assert_eq!(apart.documents().await?.len(), left);
    assert_eq!(apart.held(&apart.vault).await?, left);
    assert!(apart.patient.verified(&apart.deployed).await?);
    Ok(())
}

fn arrival(key: &str) -> Value {
    let arrived = json!({"Records": [{"s3": {"object": {"key": key}}}]});
    json!({"Records": [{"messageId": "m", "body": arrived.to_string()}]})
}

/// Announces and sends a content; gives its path and its key in the inbox.
async fn sent(apart: &Apart, bytes: &[u8], unique: &str) -> Result<(String, String)> {
    let vault = apart.in_process().await?;
    let token = Some(apart.patient.token.as_str());
    let mut own = entry(OWN, "Grand");
    own["uniqueId"] = json!(unique);
    let announced = announcement(own, "application/pdf", bytes);
    let list = format!("/v1/spaces/{}/documents", apart.patient.space_id);
    let begun = vault.send("POST", &list, token, Some(&announced)).await?.ok()?;
    let path = path_of(&apart.patient.space_id, &begun);
    let parts = send(&begun, bytes).await?;
    let completion = format!("{path}/upload/completion");
    vault.send("POST", &completion, token, Some(&json!({"parts": parts}))).await?.ok()?;
    let listed = apart.s3.list_objects_v2().bucket(&apart.inbox).send().await?;
    let key = listed.contents().first().and_then(|object| object.key()).context("a content")?;
    Ok((path, key.to_owned()))
}

#[tokio::test]
async fn killed_at_every_step_a_large_content_is_taken_in_once() -> Result<()> {
    let apart = Apart::new("intake").await?;
    let bytes = large_pdf(12_000_000);
    let mut kept = 0;
    let mut killed = 0;
    let (mut path, mut key) = sent(&apart, &bytes, "1.2.250.1.999.41.0").await?;
    for step in steps() {
        let ended = apart.severed(INGEST, arrival(&key), step).await?;
        let documents = apart.documents().await?.len();
        ensure!([kept, kept + 1].contains(&documents), "step {step:?}: {documents}");
        if documents == kept {
            killed += 1;
            continue;
        }
        // Taken in: told again it is nothing new, and the inbox is emptied.
        let mut process = apart.process(INGEST.0, INGEST.1, apart.cloud()).await?;
        let answer = process.invoke(arrival(&key)).await?;
        process.stop().await?;
        assert_eq!(answer["batchItemFailures"], json!([]));
        kept += 1;
        assert_eq!(apart.documents().await?.len(), kept);
        assert_eq!(apart.held(&apart.inbox).await?, 0, "step {step:?}");
        if let Ended::Answered(_) = ended {
            break;
        }
        killed += 1;
        (path, key) = sent(&apart, &bytes, &format!("1.2.250.1.999.41.{kept}")).await?;
    }
    assert!(killed >= 12, "killed {killed} times");
    // The last is what was sent, byte for byte.
    let vault = apart.in_process().await?;
    let token = Some(apart.patient.token.as_str());
    let told = vault.send("GET", &path, token, None).await?.ok()?;
    assert_eq!(told["sha256"], HEXLOWER.encode(digest(&SHA256, &bytes).as_ref()));
    apart.sweep().await?;
    assert_eq!(apart.held(&apart.vault).await?, kept);
    Ok(())
}

#[tokio::test]
async fn a_hundred_mebibytes_take_less_than_128() -> Result<()> {
    let apart = Apart::new("memory").await?;
    let bytes = large_pdf(100 * 1024 * 1024 - 1_000);
    let (path, key) = sent(&apart, &bytes, "1.2.250.1.999.42").await?;
    let mut process = apart.process(INGEST.0, INGEST.1, apart.cloud()).await?;
    let answer = process.invoke(arrival(&key)).await?;
    let peak = process.resident_kb().context("the process's memory")?;
    process.stop().await?;
    assert_eq!(answer["batchItemFailures"], json!([]));
    let vault = apart.in_process().await?;
    let told = vault.send("GET", &path, Some(&apart.patient.token), None).await?.ok()?;
    assert_eq!(told["state"], "available");
    local_cloud::print(&format!("peak memory of ingest: {peak} kB for {} bytes", bytes.len()));
    assert!(peak < MEMORY_KB_MAX, "{peak} kB");
    // The vault's function reads it by ranges, and holds no more.
    let mut reader = apart.process(VAULT.0, VAULT.1, apart.cloud()).await?;
    let mut event = call("GET", &format!("{path}/content"), &apart.patient.token, ("", b""));
    event["headers"]["range"] = json!("bytes=52428800-");
    event["multiValueHeaders"]["range"] = json!(["bytes=52428800-"]);
    let answer = reader.invoke(event).await?;
    let peak = reader.resident_kb().context("the process's memory")?;
    reader.stop().await?;
    assert_eq!(answer["statusCode"], 206, "{answer}");
    let read = BASE64.decode(answer["body"].as_str().context("a body")?.as_bytes())?;
    assert!(read == bytes[52_428_800..52_428_800 + read.len()]);
    local_cloud::print(&format!("peak memory of a range of 4 MiB: {peak} kB"));
    assert!(peak < MEMORY_KB_MAX, "{peak} kB");
    Ok(())
}
