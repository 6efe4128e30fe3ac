//! Benchmarks, each beside its floor in the same run: machines are noisy, ratios
//! less so. Must not know how the system was started.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, Put, ScalarAttributeType, TransactWriteItem,
};
use espace_domain::{Clock, SystemClock};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Api;
use crate::backend::REGION;
use crate::deploy::Stack;
use crate::jobs::{event, fire, new_event};
use crate::runtime_api::Process;
use crate::system::{System, target_directory};
use crate::{people, print};

/// Persons of the campaign.
const PEOPLE: usize = 10_000;
/// How long the campaign may take, seconds.
const CAMPAIGN_S: u32 = 480;
/// Raw writers at once.
const RAW_WRITERS: usize = 16;
/// Starts of each binary; the median counts.
const STARTS: usize = 20;
/// Bytes of a sealed person record, of a message, of the parts of a space.
const RECORD_BYTES: usize = 700;
const MESSAGE_BYTES: usize = 600;
const SPACE_BYTES: [usize; 6] = [700, 250, 200, 200, 150, 600];

/// Feeds 10,000 persons, then opens their spaces as of seven weeks later.
pub async fn campaign(api: &Api, config: &SdkConfig, stack: &Stack) -> Result<()> {
    let insurer = api.insurer().await?;
    let sent_at = format!("{:.0}", SystemClock.now());
    let started = now();
    let campaign = api
        .feed(&insurer, "Mesure", &sent_at, people::file(people::People::new(5), PEOPLE))
        .await?;
    let mut read = None;
    let mut status = Value::Null;
    for _ in 0..CAMPAIGN_S * 2 {
        status = api.campaign(&insurer, &campaign).await?;
        if status["state"] == "completed" {
            read = Some(started.elapsed());
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let fed = read.context("the campaign did not end")?;
    let accounted = ["invited", "updated", "rejected"].iter().filter_map(|f| status[f].as_u64());
    let accounted: u64 = accounted.sum();
    ensure!(accounted == u64::try_from(PEOPLE)?, "{accounted} of {PEOPLE} accounted for: {status}");
    let raw = raw_transactions(config, "feed", &[RECORD_BYTES, MESSAGE_BYTES]).await?;
    report("campaign, persons fed", fed, raw);
    // What is left to deliver would run beside the next measure.
    let insurer = api.insurer().await?;
    api.wait_for_campaign(&insurer, &campaign, CAMPAIGN_S, |_| {}).await?;
    report_time("campaign, fed and everyone written to", started.elapsed());

    let later = Timestamp::from_second(SystemClock.now().as_second() + 49 * 86_400)?;
    let started = now();
    let run = fire(config, stack, "auto-creation", later, |_| {}).await?.context("a run")?;
    let opened = started.elapsed();
    ensure!(run.processed == u64::try_from(PEOPLE)?, "{} of {PEOPLE} opened", run.processed);
    let raw = raw_transactions(config, "open", &SPACE_BYTES).await?;
    report("auto-creation, spaces opened", opened, raw);
    Ok(())
}

/// The floor: as many transactions of puts of these sizes, nothing else.
async fn raw_transactions(config: &SdkConfig, name: &str, sizes: &[usize]) -> Result<Duration> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let table = format!("bench-{name}");
    scratch_table(&client, &table).await?;
    let started = now();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..RAW_WRITERS {
        let (client, table, sizes) = (client.clone(), table.clone(), sizes.to_vec());
        writers.spawn(async move {
            for person in (writer..PEOPLE).step_by(RAW_WRITERS) {
                let parts = sizes.iter().enumerate().map(|(part, bytes)| {
                    let text = |text: String| AttributeValue::S(text);
                    let put = Put::builder()
                        .table_name(&table)
                        .item("key", text(format!("{person}.{part}")))
                        .item("shard", text(format!("{:02}", person % 64)))
                        .item("due", AttributeValue::N(person.to_string()))
                        .item("sealed", AttributeValue::B(vec![7; *bytes].into()))
                        .condition_expression("attribute_not_exists(#k)")
                        .expression_attribute_names("#k", "key")
                        .build()?;
                    Ok(TransactWriteItem::builder().put(put).build())
                });
                let parts: Result<Vec<_>> = parts.collect();
                client.transact_write_items().set_transact_items(Some(parts?)).send().await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let took = started.elapsed();
    client.delete_table().table_name(&table).send().await?;
    Ok(took)
}

/// A table with an index like that of what is due.
async fn scratch_table(client: &aws_sdk_dynamodb::Client, table: &str) -> Result<()> {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let index = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("shard", KeyType::Hash)?)
        .key_schema(key("due", KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()?;
    client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("key", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("shard", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("due", ScalarAttributeType::N)?)
        .key_schema(key("key", KeyType::Hash)?)
        .global_secondary_indexes(index)
        .send()
        .await?;
    Ok(())
}

/// From spawn to the first answer of each release binary, beside the function
/// that calls nothing.
pub async fn cold_start(system: &System, config: &SdkConfig, stack: &Stack) -> Result<()> {
    let api = Api::new(system.clone());
    let insurer = api.insurer().await?;
    let person = people::People::new(99).find(|p| !p["card"].is_null()).context("someone")?;
    let identity = json!({"code": "0000-0000-0000", "nir": person["nir"], "card": person["card"]});
    let login = json!({"login": "personne-du-tout", "password": "Brise-marine-29"});
    let none = Value::Null;
    let get = |path: &str| gateway_event("GET", path, &insurer, &none);
    let post = |path: &str, body: &Value| gateway_event("POST", path, &insurer, body);
    let message = |body: Value| json!({"Records": [{"messageId": "m", "body": body.to_string()}]});
    let (event_id, run_id) = new_event();
    let shard = json!({"runId": run_id, "asOf": "2026-01-01T00:00:00Z", "shard": 0});
    let absent = "/v1/campaigns/00000000000000000000000000";
    let long_ago = Timestamp::from_second(0)?;
    let cases = [
        ("openapi", "OpenapiFunction", "nothing", get("/v1/openapi.json")),
        ("space", "SpaceFunction", "refused caller", get("/v1/spaces/me")),
        (
            "opposition",
            "OppositionFunction",
            "unknown token",
            // An enrolment token in form: 256 bits that stand for nobody.
            gateway_event("POST", "/v1/opposition", &"A".repeat(43), &json!({})),
        ),
        ("campaigns", "CampaignsFunction", "absent campaign", get(absent)),
        (
            "activation",
            "ActivationFunction",
            "unknown person",
            post("/v1/activation/identity", &identity),
        ),
        ("sessions", "SessionsFunction", "who am I", get("/v1/me")),
        ("sessions", "SessionsFunction", "unknown login", post("/v1/sessions", &login)),
        (
            "campaign-intake",
            "CampaignIntakeFunction",
            "test message",
            message(json!({"Event": "s3:TestEvent"})),
        ),
        ("auto-creation", "AutoCreationFunction", "an empty shard", message(shard)),
        ("delivery", "DeliveryFunction", "64 empty shards", event(&event_id, long_ago)),
        ("printing", "PrintingFunction", "64 empty shards", event(&event_id, long_ago)),
    ];
    let mut floor = None;
    for (binary, function, what, event) in cases {
        let path_to = target_directory().join("release").join(binary);
        let mut environment = stack.environment(config, function).await?;
        environment.extend(owner_environment(&system.aws));
        let (took, resident_kb) = start_once(&path_to, &environment, &event).await?;
        let floor = *floor.get_or_insert(took);
        let size = std::fs::metadata(&path_to)?.len() / 1_024;
        print(&format!(
            "cold start {binary:<15} {what:<15} {:>6.1} ms  {:>5.1} × hello  {:>5.1} MB  binary {} kB",
            took.as_secs_f64() * 1_000.0,
            took.as_secs_f64() / floor.as_secs_f64(),
            f64::from(u32::try_from(resident_kb).unwrap_or(0)) / 1_024.0,
            size,
        ));
    }
    Ok(())
}

/// The median of several starts, and the memory of the last.
async fn start_once(
    binary: &Path,
    environment: &HashMap<String, String>,
    event: &Value,
) -> Result<(Duration, u64)> {
    let mut times = Vec::new();
    let mut resident_kb = 0;
    for _ in 0..STARTS {
        let started = now();
        let mut process = Process::start(binary, environment).await?;
        let answer = process.invoke(event.clone()).await?;
        times.push(started.elapsed());
        ensure!(
            answer["statusCode"].as_u64().is_none_or(|status| status < 500)
                && answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty),
            "{}: {answer}",
            binary.display()
        );
        resident_kb = process.resident_kb().unwrap_or(0);
        process.stop().await?;
    }
    times.sort();
    Ok((times.get(STARTS / 2).copied().unwrap_or_default(), resident_kb))
}

/// What API Gateway sends for a request.
fn gateway_event(method: &str, path: &str, token: &str, body: &Value) -> Value {
    let body = if body.is_null() { Value::Null } else { json!(body.to_string()) };
    json!({
        "resource": path, "path": path, "httpMethod": method,
        "headers": {
            "authorization": format!("Bearer {token}"), "content-type": "application/json",
        },
        "multiValueHeaders": {
            "authorization": [format!("Bearer {token}")], "content-type": ["application/json"],
        },
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "stage": "live", "protocol": "HTTP/1.1",
            "httpMethod": method, "path": path, "resourcePath": path, "resourceId": "r",
            "requestId": "bench", "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": body, "isBase64Encoded": false,
    })
}

/// Credentials and endpoint by which a binary reaches the cloud as its owner.
pub fn owner_environment(endpoint: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn report(what: &str, took: Duration, raw: Duration) {
    print(&format!(
        "{what}: {PEOPLE} in {:.1} s ({:.0}/s); the raw transactions alone {:.1} s ({:.0}/s); ratio {:.2}",
        took.as_secs_f64(),
        rate(took),
        raw.as_secs_f64(),
        rate(raw),
        raw.as_secs_f64() / took.as_secs_f64(),
    ));
}

fn report_time(what: &str, took: Duration) {
    print(&format!("{what}: {PEOPLE} in {:.1} s ({:.0}/s)", took.as_secs_f64(), rate(took)));
}

fn rate(took: Duration) -> f64 {
    f64::from(u32::try_from(PEOPLE).unwrap_or(0)) / took.as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures durations")]
fn now() -> Instant {
    Instant::now()
}
