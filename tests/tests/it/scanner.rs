//! The malware scanner's port: a function of the operator's, here a stand-in that knows one
//! word. The same verdict for a small and a large content; a scanner that fails passes
//! nothing.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use journeys::Deployed;
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

use crate::uploads::{announcement, large_pdf, send};
use crate::vault::{OWN, entry, path_of, pdf};

/// What the stand-in takes for malware.
const KNOWN: &str = "Maliciel-de-demonstration";
/// What makes it fail.
const BROKEN: &str = "Panne-de-demonstration";

/// A function that speaks the Runtime API: it finds one word in a content, wherever it lies.
const STAND_IN: &str = r#"#!/usr/bin/env python3
import base64, json, os, urllib.request
api = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
# The cloud's owner; the emulator does not check this signature.
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/s3/aws4_request, "
          "SignedHeaders=host, Signature=0"}
while True:
    with urllib.request.urlopen(api + "next") as answer:
        name, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    if "content" in event:
        content = base64.b64decode(event["content"])
    else:
        where = "%s/%s/%s" % (os.environ["CLOUD"], event["bucket"], event["key"])
        content = urllib.request.urlopen(urllib.request.Request(where, headers=SIGNED)).read()
    if b"Panne-de-demonstration" in content:
        said = {"hello": 1}
    else:
        found = b"Maliciel-de-demonstration" in content
        said = {"verdict": "infected" if found else "clean"}
    done = json.dumps(said).encode()
    urllib.request.urlopen(urllib.request.Request(api + name + "/response", done))
"#;

/// Deploys the stand-in; gives its name.
async fn stand_in(deployed: &Deployed, name: &str) -> Result<String> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    writer.start_file("bootstrap", options)?;
    writer.write_all(STAND_IN.as_bytes())?;
    let zip = Blob::new(writer.finish()?.into_inner());
    let cloud = deployed.api.system().aws.clone();
    let lambda = aws_sdk_lambda::Client::new(&deployed.config);
    let other = deployed.stack.output("SweepFunction")?;
    let other = lambda.get_function_configuration().function_name(other).send().await?;
    lambda
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .role(other.role().context("a role")?)
        .code(FunctionCode::builder().zip_file(zip).build())
        .environment(Environment::builder().variables("CLOUD", cloud).build())
        .timeout(30)
        .send()
        .await?;
    Ok(name.to_owned())
}

fn form(content: &[u8]) -> (&'static str, Vec<u8>) {
    let head = format!(
        "--x\r\nContent-Disposition: form-data; name=\"entry\"\r\n\r\n{}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"content\"\r\n\r\n",
        entry(OWN, "Essai")
    );
    ("multipart/form-data; boundary=x", [head.as_bytes(), content, b"\r\n--x--\r\n"].concat())
}

#[tokio::test]
async fn a_scanners_word_counts_for_small_and_large_alike() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let draw = &patient.space_id[..8];
    let scanner = Box::pin(stand_in(&deployed, &format!("scanner-{draw}"))).await?;
    let inbox = format!("scanner-inbox-{draw}");
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint("eu-west-3".into())
        .build();
    s3.create_bucket().bucket(&inbox).create_bucket_configuration(place).send().await?;
    let changes = [("ESPACE_SCANNER_FUNCTION", scanner.as_str()), ("ESPACE_INBOX_BUCKET", &inbox)];
    let vault = deployed.vault(&changes, journeys::now()).await?;
    let list = format!("/v1/spaces/{}/documents", patient.space_id);
    let token = patient.token.as_str();
    let infected = vault.send_bytes(&list, token, form(&pdf(KNOWN))).await?;
    assert_eq!((infected.status.as_u16(), infected.problem().as_str()), (422, "malware-found"));
    let failed = vault.send_bytes(&list, token, form(&pdf(BROKEN))).await?;
    assert!(failed.status.is_server_error(), "{}", failed.status);
    let clean = vault.send_bytes(&list, token, form(&pdf("bonjour"))).await?;
    assert_eq!(clean.status, 201, "{}", clean.json());
    let mut environment = deployed.stack.environment(&deployed.config, "IngestFunction").await?;
    environment.extend(owner_environment(&deployed.api.system().aws));
    environment.extend(changes.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for (word, state, reason) in
        [(KNOWN, "rejected", json!("malware-found")), ("bonjour", "available", Value::Null)]
    {
        let mut bytes = large_pdf(5_000_000);
        bytes.splice(30..30, format!("% {word}\n").bytes());
        let announced = announcement(entry(OWN, word), "application/pdf", &bytes);
        let begun = vault.send("POST", &list, Some(token), Some(&announced)).await?.ok()?;
        let path = path_of(&patient.space_id, &begun);
        let parts = json!({"parts": send(&begun, &bytes).await?});
        let completion = format!("{path}/upload/completion");
        vault.send("POST", &completion, Some(token), Some(&parts)).await?.ok()?;
        let listed = s3.list_objects_v2().bucket(&inbox).send().await?;
        let key = listed.contents().first().and_then(|object| object.key());
        let arrived = json!({"Records": [{"s3": {"object": {"key": key.context("a content")?}}}]});
        let event = json!({"Records": [{"messageId": "m", "body": arrived.to_string()}]});
        let binary = target_directory().join("debug/ingest");
        let mut ingest = Process::start(&binary, &environment).await?;
        let answer = ingest.invoke(event).await?;
        ingest.stop().await?;
        assert_eq!(answer["batchItemFailures"], json!([]), "{word}");
        let told = vault.send("GET", &path, Some(token), None).await?.ok()?;
        assert_eq!((&told["state"], &told["reason"]), (&json!(state), &reason), "{word}");
    }
    Ok(())
}
