//! Killed at every step of what follows an emergency: the person is told once of each, and
//! each is under review once.

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use journeys::severed::{Door, Ended};
use journeys::{Deployed, now, rpps};
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

use crate::emergencies::{told, under_review};
use crate::vault::PHYSICIAN;

/// Steps after which the job is taken to be done, whatever it is.
const STEPS_MAX: u32 = 40;

/// A table of the test's own, which no other worker hears of.
async fn table(dynamodb: &aws_sdk_dynamodb::Client, name: &str) -> Result<()> {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("dueShard", KeyType::Hash)?)
        .key_schema(key("dueAt", KeyType::Range)?)
        .projection(keys_only)
        .build()?;
    dynamodb
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("followUpId", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("dueShard", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("dueAt", ScalarAttributeType::N)?)
        .key_schema(key("followUpId", KeyType::Hash)?)
        .global_secondary_indexes(due)
        .send()
        .await?;
    Ok(())
}

/// The job in a process of its own.
async fn process(deployed: &Deployed, table: &str, endpoint: &str) -> Result<Process> {
    let function = "FollowUpFunction";
    let mut environment = deployed.stack.environment(&deployed.config, function).await?;
    environment.extend(owner_environment(endpoint));
    environment.insert("ESPACE_FOLLOW_UPS_TABLE".to_owned(), table.to_owned());
    Process::start(&target_directory().join("debug/follow-up"), &environment).await
}

#[tokio::test]
async fn killed_at_every_step_each_emergency_is_told_and_reviewed_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let name = format!("follow-ups-{}", &patient.space_id[..8]);
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    table(&dynamodb, &name).await?;
    let changes = [("ESPACE_FOLLOW_UPS_TABLE", name.as_str())];
    let consent = deployed.consent(&changes, now()).await?;
    let urgent = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let cloud = deployed.api.system().aws.clone();
    let agent = deployed.api.support("A-20").await?;
    let (mut killed, mut emergencies) = (0, Vec::<Value>::new());
    'steps: for step in 0..STEPS_MAX {
        for after in [false, true] {
            let opened = consent.send("POST", &path, Some(&urgent), Some(&glass)).await?.ok()?;
            emergencies.push(opened);
            let left = dynamodb.scan().table_name(&name).send().await?;
            let word = left.items().first().context("a word of what was done")?;
            let id = word.get("followUpId").and_then(|id| id.as_s().ok()).context("an id")?;
            let keys = json!({"followUpId": {"S": id}});
            let event = json!({"Records": [{"eventID": "e", "dynamodb": {"Keys": keys}}]});
            let door = Door::open(&cloud, step, after).await?;
            let severed = process(&deployed, &name, &door.endpoint).await?;
            let ended = door.run(severed, event.clone()).await?;
            // The stream brings it again, or the sweep finds it: it is done once.
            let mut again = process(&deployed, &name, &cloud).await?;
            let answer = again.invoke(event).await?;
            again.stop().await?;
            ensure!(answer["errorMessage"].is_null(), "step {step}: {answer}");
            let left = dynamodb.scan().table_name(&name).send().await?;
            ensure!(left.items().is_empty(), "step {step}: {:?}", left.items());
            if let Ended::Answered(_) = ended {
                break 'steps;
            }
            killed += 1;
        }
    }
    // Word, space, keys, trace, choices, reason, contacts, the end: fewer would be a door
    // that never shut.
    assert!(killed >= 16, "killed {killed} times");
    let address = patient.invited.person.text("email");
    told(&deployed, address, "ouvert en urgence", emergencies.len()).await?;
    for access in &emergencies {
        under_review(&deployed, &agent, access, |_| true).await?;
    }
    // None is on its way twice.
    deployed.fire("delivery").await?;
    let mail = deployed.api.mail().await?;
    let theirs = mail.iter().filter(|m| m.to == address && m.body.contains("ouvert en urgence"));
    assert_eq!(theirs.count(), emergencies.len());
    Ok(())
}
