//! Files of the insurer, good and bad.

use anyhow::{Context, Result};
use espace_domain::Nir;
use journeys::Deployed;
use serde_json::{Value, json};

/// Changes one field of a line.
fn with(line: &Value, field: &str, value: Value) -> Value {
    let mut line = line.clone();
    line[field] = value;
    line
}

#[tokio::test]
async fn every_line_is_accounted_for_and_a_bad_one_stops_no_other() -> Result<()> {
    let deployed = Deployed::load().await?;
    let people: Vec<Value> =
        Deployed::people().filter(|p| p["representatives"] == json!([])).take(9).collect();
    let mut left = people[6].clone();
    let mut right = people[7].clone();
    left["representatives"] = json!([right["nir"]]);
    right["representatives"] = json!([left["nir"]]);
    let lines = [
        people[0].to_string(),
        with(&people[1], "nirKey", json!("00")).to_string(),
        with(&people[2], "birthDate", json!("1984-02-30")).to_string(),
        with(&people[3], "birthDate", json!("2020-02-03")).to_string(),
        people[0].to_string(),
        String::new(),
        "{\"nir\": \"28".to_owned(),
        left.to_string(),
        right.to_string(),
        people[8].to_string(),
    ];
    let mut file = lines.join("\n").into_bytes();
    file.extend(b"\n{\"nir\": \"\xff\xfe\"}\n");
    file.extend(vec![b'x'; 3_000_000]);
    file.extend(format!("\n{}", people[4]).into_bytes());
    let (campaign, status) = deployed.feed_bytes(file, 0).await?;
    let refused = deployed.rejections(&campaign).await?;
    let expected = [
        (2, "nir-key"),
        (3, "birth-date"),
        (4, "child-without-representative"),
        (5, "duplicate"),
        (6, "invalid-json"),
        (7, "invalid-json"),
        (8, "representative-cycle"),
        (9, "representative-cycle"),
        (11, "invalid-utf8"),
        (12, "line-too-long"),
    ];
    let expected: Vec<_> = expected.map(|(line, why)| (line, why.to_owned())).into();
    assert_eq!(refused, expected);
    assert_eq!(status["received"], 13);
    assert_eq!((&status["invited"], &status["rejected"]), (&json!(3), &json!(10)));
    Ok(())
}

#[tokio::test]
async fn a_file_fed_twice_invites_nobody_twice() -> Result<()> {
    let deployed = Deployed::load().await?;
    let people: Vec<Value> = Deployed::people().take(300).collect();
    let (_, first) = deployed.feed(&people, 0).await?;
    assert_eq!((&first["invited"], &first["updated"]), (&json!(300), &json!(0)), "{first}");
    let (_, second) = deployed.feed(&people, 0).await?;
    assert_eq!((&second["invited"], &second["updated"]), (&json!(0), &json!(300)));
    let mailed: u64 = ["email", "sms", "letter"]
        .iter()
        .filter_map(|channel| second["mailed"][channel].as_u64())
        .sum();
    assert_eq!(mailed, 0);
    Ok(())
}

#[tokio::test]
async fn a_campaign_sent_again_with_its_key_is_one_campaign() -> Result<()> {
    let deployed = Deployed::load().await?;
    let insurer = deployed.api.insurer().await?;
    let send = |name: &str, token: String| {
        let body = json!({"name": name, "sentAt": "2026-11-01T00:00:00Z"});
        let now = espace_domain::Clock::now(&espace_domain::SystemClock);
        let body = with(&body, "sentAt", json!(format!("{now:.0}")[..11].to_owned() + "00:00:00Z"));
        deployed
            .api
            .request(reqwest::Method::POST, "/v1/campaigns")
            .bearer_auth(token)
            .header("idempotency-key", "the-same-key")
            .json(&body)
            .send()
    };
    let first: Value = send("Essai", insurer.clone()).await?.json().await?;
    let again: Value = send("Essai", insurer.clone()).await?.json().await?;
    assert_eq!(first["campaignId"], again["campaignId"]);
    assert!(first["campaignId"].is_string());
    let other = send("Autre", insurer.clone()).await?;
    assert_eq!(other.status(), 422);
    let old = json!({"name": "Vieux", "sentAt": "2020-01-01T00:00:00Z"});
    let old = deployed.api.post("/v1/campaigns", Some(&insurer), &old).await?;
    assert_eq!(old.problem(), "campaign-date");
    Ok(())
}

#[tokio::test]
async fn a_cycle_across_two_files_is_refused_at_the_second() -> Result<()> {
    let deployed = Deployed::load().await?;
    let mut people = Deployed::people().filter(|p| p["representatives"] == json!([]));
    let (mut left, mut right) =
        (people.next().context("someone")?, people.next().context("someone")?);
    left["representatives"] = json!([right["nir"]]);
    right["representatives"] = json!([left["nir"]]);
    assert!(Nir::parse(left["nir"].as_str().unwrap()).is_ok());
    deployed.feed(&[left], 0).await?;
    let (campaign, _) = deployed.feed(&[right], 0).await?;
    let refused = deployed.rejections(&campaign).await?;
    assert_eq!(refused, [(1, "representative-cycle".to_owned())]);
    Ok(())
}
