//! The restore drill of the runbook, done: a table loses items, its backup is
//! restored beside it, and what is missing is copied back.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use journeys::{Deployed, now};

#[tokio::test]
async fn what_a_table_lost_comes_back_from_its_backup_and_nothing_newer_is_overwritten()
-> Result<()> {
    let deployed = Deployed::load().await?;
    let client = Client::new(&deployed.config);
    let people = deployed.invite_many(2, 0).await?;
    let table = deployed.stack.output("PersonsTable")?.to_owned();
    let backup = client.create_backup().table_name(&table).backup_name("exercice").send().await?;
    let backup = backup.backup_details().context("a backup")?.backup_arn().to_owned();

    // One person is lost; the other goes on and refuses after the backup.
    let lost = deployed.person(people[0].person.text("nir")).await?.index;
    let key = AttributeValue::S(lost.as_str().to_owned());
    client.delete_item().table_name(&table).key("index", key).send().await?;
    let token = deployed.prove(&people[1]).await?;
    let confirmed = serde_json::json!({"confirmed": true});
    deployed.api.post("/v1/opposition", Some(&token), &confirmed).await?.ok()?;

    let restored =
        format!("exercice-{}", espace_domain::Clock::now(now().as_ref()).as_millisecond());
    client
        .restore_table_from_backup()
        .target_table_name(&restored)
        .backup_arn(&backup)
        .send()
        .await?;
    let copied = copy_missing(&client, &restored, &table, "index").await?;
    assert!(copied >= 1);
    client.delete_table().table_name(&restored).send().await?;
    // The lost one can act again; the refusal made since stands.
    deployed.prove(&people[0]).await?;
    let entry = deployed.person(people[1].person.text("nir")).await?;
    assert!(matches!(entry.registration, espace_domain::Registration::Opposed { .. }));
    Ok(())
}

/// Copies the items that the target lacks; gives how many.
async fn copy_missing(client: &Client, from: &str, to: &str, key: &str) -> Result<usize> {
    let mut pages = client.scan().table_name(from).into_paginator().items().send();
    let mut copied = 0;
    while let Some(item) = pages.next().await {
        let item: HashMap<String, AttributeValue> = item?;
        let put = client
            .put_item()
            .table_name(to)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", key)
            .send()
            .await;
        match put {
            Ok(_) => copied += 1,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(aws_sdk_dynamodb::operation::put_item::PutItemError::is_conditional_check_failed_exception) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(copied)
}
