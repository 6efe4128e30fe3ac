//! Tables of a test's own, which no other worker hears of. Must not know: what is in them.

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};

/// A table with the sparse index of what is due, its items under one name or two.
pub async fn due_table(dynamodb: &Client, name: &str, key: &[&str]) -> Result<()> {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    let part =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(part("dueShard", KeyType::Hash)?)
        .key_schema(part("dueAt", KeyType::Range)?)
        .projection(keys_only)
        .build()?;
    let mut create = dynamodb
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("dueShard", ScalarAttributeType::S)?)
        .attribute_definitions(attribute("dueAt", ScalarAttributeType::N)?)
        .global_secondary_indexes(due);
    for (position, attribute_name) in key.iter().enumerate() {
        let kind = if position == 0 { KeyType::Hash } else { KeyType::Range };
        create = create
            .attribute_definitions(attribute(attribute_name, ScalarAttributeType::S)?)
            .key_schema(part(attribute_name, kind)?);
    }
    create.send().await?;
    Ok(())
}
