//! Nothing of a person reaches a log, a raw table or a bucket in clear: a
//! journey plants its values, then everything is read and searched.

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use journeys::{Deployed, PASSWORD};
use local_cloud::FUNCTIONS;
use serde_json::{Value, json};

/// Everything that a journey makes secret or personal.
async fn planted(deployed: &Deployed) -> Result<Vec<String>> {
    let mut people = deployed.invite_many(3, 0).await?;
    let mut line = people[0].person.0.clone();
    line["birthName"] = json!("Quetzalcoatl");
    line["firstNames"] = json!(["Wilhelmine-Ludivine"]);
    line["treatingDoctor"] = json!("10100997245");
    deployed.feed(&[line], 0).await?;
    let login = deployed.activate(&people[0]).await?;
    let token = deployed.prove(&people[1]).await?;
    deployed.api.post("/v1/opposition", Some(&token), &json!({"confirmed": true})).await?.ok()?;
    let address = people[0].person.text("email").to_owned();
    let access = deployed.api.log_in(&login, PASSWORD, &address).await?;
    deployed.api.get("/v1/spaces/me", Some(&access)).await?.ok()?;
    // The phone line and what it keeps.
    let support = deployed.api.support("A-42").await?;
    let ask = json!({"nir": people[2].person.text("nir"), "cardSerial": null,
        "birthDate": people[2].person.text("birthDate")});
    deployed.api.post("/v1/support/codes", Some(&support), &ask).await?.ok()?;
    deployed.api.post("/v1/support/alerts", Some(&support), &ask).await?;
    // Refusals are where values slip out.
    let bad = json!({"code": people[2].code, "nir": people[2].person.text("nir"), "x": "y"});
    deployed.api.post("/v1/activation/identity", None, &bad).await?;
    deployed.api.get("/v1/me", Some(&access[..access.len() - 4])).await?;
    let mut planted = vec![
        "Quetzalcoatl".to_owned(),
        "Wilhelmine-Ludivine".to_owned(),
        PASSWORD.to_owned(),
        login,
        token,
        access.split('.').nth(2).context("a signature")?.to_owned(),
    ];
    for invited in people.drain(..) {
        planted.push(invited.person.text("nir").to_owned());
        planted.push(invited.person.text("email").to_owned());
        planted.push(invited.code.clone());
        planted.push(invited.code.replace('-', ""));
        let serial = invited.person.0["card"]["serial"].as_str().context("a card")?;
        planted.push(serial.to_owned());
    }
    Ok(planted)
}

#[tokio::test]
async fn planted_values_stand_in_no_log_and_in_no_clear_attribute() -> Result<()> {
    let deployed = Deployed::load().await?;
    let planted = planted(&deployed).await?;
    let logs = logs(&deployed).await?;
    assert!(logs.len() > 20, "the logs were not read: {} lines", logs.len());
    for value in &planted {
        let line = logs.iter().find(|line| line.contains(value.as_str()));
        assert!(line.is_none(), "a log line holds {value:?}: {line:?}");
    }
    let mut seen = 0;
    let tables: Vec<_> =
        deployed.stack.outputs.keys().filter(|name| name.ends_with("Table")).collect();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        for item in deployed.items(table).await? {
            for (name, attribute) in &item {
                seen += 1;
                search(attribute, &planted)
                    .with_context(|| format!("{table}, attribute {name}"))?;
            }
        }
    }
    assert!(seen > 200, "the tables were not read: {seen} attributes");
    // A campaign's file is gone once every line is accounted for.
    let bucket = deployed.stack.output("CampaignBucket")?;
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    for object in s3.list_objects_v2().bucket(bucket).send().await?.contents() {
        let age = object.last_modified().map_or(0, aws_sdk_dynamodb::primitives::DateTime::secs);
        let now = espace_domain::Clock::now(&espace_domain::SystemClock).as_second();
        assert!(now - age < 60, "a campaign file was left: {:?}", object.key());
    }
    Ok(())
}

/// Fails where an attribute holds a planted value.
fn search(attribute: &AttributeValue, planted: &[String]) -> Result<()> {
    let holds = |bytes: &[u8]| {
        planted
            .iter()
            .find(|value| bytes.windows(value.len()).any(|window| window == value.as_bytes()))
    };
    let found = match attribute {
        AttributeValue::S(text) | AttributeValue::N(text) => holds(text.as_bytes()),
        AttributeValue::B(bytes) => holds(bytes.as_ref()),
        AttributeValue::L(list) => return list.iter().try_for_each(|a| search(a, planted)),
        AttributeValue::M(map) => return map.values().try_for_each(|a| search(a, planted)),
        _ => None,
    };
    anyhow::ensure!(found.is_none(), "holds {found:?} in clear");
    Ok(())
}

/// Every log line of every function.
async fn logs(deployed: &Deployed) -> Result<Vec<String>> {
    let http = reqwest::Client::new();
    let call = |target: &'static str, body: Value| {
        http.post(&deployed.api.system().aws)
            .header("x-amz-target", format!("Logs_20140328.{target}"))
            .header("content-type", "application/x-amz-json-1.1")
            // The cloud's owner; the emulator does not check this signature.
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/logs/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .body(body.to_string())
            .send()
    };
    let groups: Value = call("DescribeLogGroups", json!({})).await?.json().await?;
    let groups: Vec<&str> = groups["logGroups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["logGroupName"].as_str())
        .collect();
    assert!(groups.len() >= FUNCTIONS.len(), "{groups:?}");
    let mut lines = Vec::new();
    for group in groups {
        let mut token = Value::Null;
        loop {
            let mut query = json!({"logGroupName": group, "limit": 10_000});
            if token.is_string() {
                query["nextToken"] = token;
            }
            let page: Value = call("FilterLogEvents", query).await?.json().await?;
            for event in page["events"].as_array().into_iter().flatten() {
                lines.push(event["message"].as_str().unwrap_or_default().to_owned());
            }
            token = page["nextToken"].clone();
            if !token.is_string() {
                break;
            }
        }
    }
    Ok(lines)
}
