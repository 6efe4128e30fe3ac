//! A message that cannot be sent is tried again, then set aside; none is lost.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use espace_domain::{CampaignId, Clock, SystemClock};
use espace_storage::{Aws, Campaigns, DELIVERY_ATTEMPTS_MAX, Environment};
use jiff::Timestamp;
use journeys::Deployed;
use local_cloud::bench::owner_environment;
use local_cloud::jobs::{event, new_event};
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::json;

/// Starts a deployed binary with some of its environment changed.
async fn process(
    deployed: &Deployed,
    function: &str,
    binary: &str,
    changes: &[(&str, &str)],
) -> Result<Process> {
    let mut environment = deployed.stack.environment(&deployed.config, function).await?;
    environment.extend(owner_environment(&deployed.api.system().aws));
    for (name, value) in changes {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Process::start(&target_directory().join("debug").join(binary), &environment).await
}

/// The one message of the stack.
async fn message(deployed: &Deployed) -> Result<HashMap<String, AttributeValue>> {
    deployed.items("OutboxTable").await?.pop().context("a message")
}

/// Feeds one person with an e-mail address, by hand.
async fn feed_one(deployed: &Deployed) -> Result<()> {
    let values = deployed.stack.environment(&deployed.config, "CampaignIntakeFunction").await?;
    let bucket = values["ESPACE_CAMPAIGNS_BUCKET"].clone();
    let aws = Aws::from_config(deployed.config.clone());
    let campaigns = Campaigns::new(&aws, &mut Environment::from_values(values));
    let campaign = CampaignId::from_bytes([3; 16]);
    let now = SystemClock.now();
    campaigns.create(campaign.clone(), "Essai".into(), now, now).await?;
    let line = Deployed::people().find(|p| !p["email"].is_null()).context("someone")?;
    let bytes = line.to_string().into_bytes();
    let to = bytes.len();
    aws_sdk_s3::Client::new(&deployed.config)
        .put_object()
        .bucket(&bucket)
        .key(format!("campaigns/{campaign}.ndjson"))
        .body(bytes.into())
        .send()
        .await?;
    let chunk = json!({"chunk": {
        "campaignId": campaign, "number": 0, "from": 0, "to": to, "firstLine": 1,
    }});
    let event = json!({"Records": [{"messageId": "m", "body": chunk.to_string()}]});
    let mut intake = process(deployed, "CampaignIntakeFunction", "campaign-intake", &[]).await?;
    assert_eq!(intake.invoke(event).await?["batchItemFailures"], json!([]));
    intake.stop().await
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_tried_again_and_then_set_aside() -> Result<()> {
    let deployed = Deployed::load().await?.alone("outbox").await?;
    feed_one(&deployed).await?;
    assert_eq!(message(&deployed).await?["state"].as_s().ok(), Some(&"pending".to_owned()));
    // A sender that SES does not know.
    let stranger = [("ESPACE_MAIL_FROM", "personne@inconnu.example")];
    let mut failing = process(&deployed, "DeliveryFunction", "delivery", &stranger).await?;
    let later = Timestamp::from_second(SystemClock.now().as_second() + 30 * 86_400)?;
    for attempt in 1..=DELIVERY_ATTEMPTS_MAX {
        failing.invoke(event(&new_event().0, later)).await?;
        let item = message(&deployed).await?;
        assert_eq!(item["attempts"].as_n().ok(), Some(&attempt.to_string()));
        assert_eq!(item["state"].as_s().ok(), Some(&"pending".to_owned()));
    }
    failing.invoke(event(&new_event().0, later)).await?;
    failing.stop().await?;
    let item = message(&deployed).await?;
    assert_eq!(item["state"].as_s().ok(), Some(&"failed".to_owned()));
    assert!(item.contains_key("envelope"), "its content is kept for an operator");
    Ok(())
}

#[tokio::test]
async fn a_message_that_the_stream_missed_is_swept_up() -> Result<()> {
    let deployed = Deployed::load().await?.alone("sweep").await?;
    feed_one(&deployed).await?;
    let mut delivery = process(&deployed, "DeliveryFunction", "delivery", &[]).await?;
    delivery.invoke(event(&new_event().0, SystemClock.now())).await?;
    let early = message(&deployed).await?;
    assert_eq!(early["state"].as_s().ok(), Some(&"pending".to_owned()), "left to the stream");
    let later = Timestamp::from_second(SystemClock.now().as_second() + 600)?;
    delivery.invoke(event(&new_event().0, later)).await?;
    delivery.stop().await?;
    let item = message(&deployed).await?;
    assert_eq!(item["state"].as_s().ok(), Some(&"sent".to_owned()));
    assert!(!item.contains_key("envelope"), "a sent message's content is gone");
    Ok(())
}
