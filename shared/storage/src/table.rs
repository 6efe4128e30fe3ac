//! What every table store shares: reading and writing items, names in
//! expressions, pages. Must not know any table's attributes.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, ReturnValue, TransactWriteItem,
    Update,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::{Aws, Environment, StorageError};

/// The shape of today's items. An item that says another number was written by
/// another version of this program; `docs/data-model.md` says what each means.
pub(crate) const SCHEMA: u8 = 1;

/// Keys that one batch of reads takes.
const BATCH_MAX: usize = 100;
/// Tries of a batch that is answered in part.
const BATCH_TRIES_MAX: u32 = 5;

/// One item, attribute by attribute.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// One table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// Whether a conditional write was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was.
    Yes,
    /// The condition did not hold.
    ConditionFailed,
}

impl Table {
    pub(crate) fn new(aws: &Aws, environment: &mut Environment, variable: &'static str) -> Self {
        Self { client: aws.dynamodb(), name: environment.required(variable) }
    }

    /// The item under `key`, read consistently.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        key: Item,
    ) -> Result<Option<T>, StorageError> {
        self.client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| StorageError::call("dynamodb:GetItem", e))?
            .item
            .map(read)
            .transpose()
    }

    /// Two items of the table in one call, read consistently, in no order.
    pub(crate) async fn find_pair(&self, keys: [Item; 2]) -> Result<Vec<Item>, StorageError> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys.into()))
            .consistent_read(true)
            .build()
            .map_err(build_error)?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.name, keys)
            .send()
            .await
            .map_err(|e| StorageError::call("dynamodb:BatchGetItem", e))?;
        if output.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StorageError::Throttled { operation: "dynamodb:BatchGetItem" });
        }
        Ok(output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default())
    }

    /// Reads items by their keys, at most [`BATCH_MAX`] a call.
    pub(crate) async fn batch(&self, keys: Vec<Item>) -> Result<Vec<Item>, StorageError> {
        let mut found = Vec::new();
        for chunk in keys.chunks(BATCH_MAX) {
            let mut left = Some(chunk.to_vec());
            for _ in 0..BATCH_TRIES_MAX {
                let Some(keys) = left.take() else { break };
                let wanted = KeysAndAttributes::builder()
                    .set_keys(Some(keys))
                    .consistent_read(true)
                    .build()
                    .map_err(|_| StorageError::Corrupt { what: "request" })?;
                let call = self.client.batch_get_item();
                let output = call
                    .request_items(&self.name, wanted)
                    .send()
                    .await
                    .map_err(|e| StorageError::call("dynamodb:BatchGetItem", e))?;
                let mut responses = output.responses.unwrap_or_default();
                found.extend(responses.remove(&self.name).unwrap_or_default());
                let mut unprocessed: HashMap<_, _> = output.unprocessed_keys.unwrap_or_default();
                left = unprocessed.remove(&self.name).map(|left| left.keys);
            }
            if left.is_some() {
                return Err(StorageError::Throttled { operation: "dynamodb:BatchGetItem" });
            }
        }
        Ok(found)
    }

    /// Writes an item under a condition (empty: none).
    pub(crate) async fn put(
        &self,
        item: &impl Serialize,
        condition: &str,
    ) -> Result<Written, StorageError> {
        let mut call = self.client.put_item().table_name(&self.name).set_item(Some(write(item)?));
        if !condition.is_empty() {
            call = call
                .condition_expression(condition)
                .set_expression_attribute_names(names(&[condition]));
        }
        match call.send().await {
            Ok(_) => Ok(Written::Yes),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(aws_sdk_dynamodb::operation::put_item::PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Written::ConditionFailed)
            }
            Err(error) => Err(StorageError::call("dynamodb:PutItem", error)),
        }
    }

    /// Updates an item under a condition; gives the new item, or `None` when
    /// the condition did not hold.
    pub(crate) async fn update(
        &self,
        key: Item,
        update: &str,
        condition: &str,
        values: Item,
    ) -> Result<Option<Item>, StorageError> {
        let call: UpdateItemFluentBuilder = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .update_expression(update)
            .set_condition_expression((!condition.is_empty()).then(|| condition.to_owned()))
            .set_expression_attribute_names(names(&[update, condition]))
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .return_values(ReturnValue::AllNew);
        match call.send().await {
            Ok(output) => Ok(Some(output.attributes.unwrap_or_default())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(aws_sdk_dynamodb::operation::update_item::UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(StorageError::call("dynamodb:UpdateItem", error)),
        }
    }

    /// One page of a query.
    pub(crate) async fn query(
        &self,
        query: Query<'_>,
    ) -> Result<(Vec<Item>, Option<Item>), StorageError> {
        let output = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(query.index.map(str::to_owned))
            .key_condition_expression(query.condition)
            .set_expression_attribute_names(names(&[query.condition]))
            .set_expression_attribute_values(Some(query.values))
            .set_exclusive_start_key(query.start)
            .limit(query.limit)
            // A global index cannot be read consistently.
            .consistent_read(query.index.is_none())
            .send()
            .await
            .map_err(|e| StorageError::call("dynamodb:Query", e))?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// The last items of a key, from the end.
    pub(crate) async fn query_backwards(
        &self,
        query: Query<'_>,
    ) -> Result<(Vec<Item>, Option<Item>), StorageError> {
        let output = self
            .client
            .query()
            .table_name(&self.name)
            // A local index, where one is named: it is read consistently too.
            .set_index_name(query.index.map(str::to_owned))
            .set_exclusive_start_key(query.start)
            .key_condition_expression(query.condition)
            .set_expression_attribute_names(names(&[query.condition]))
            .set_expression_attribute_values(Some(query.values))
            .limit(query.limit)
            .scan_index_forward(false)
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| StorageError::call("dynamodb:Query", e))?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Deletes an item, whether it is there or not.
    pub(crate) async fn delete(&self, key: Item) -> Result<(), StorageError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("dynamodb:DeleteItem", e))
    }

    /// A put as a part of a transaction.
    pub(crate) fn put_in_transaction(
        &self,
        item: &impl Serialize,
        condition: &str,
    ) -> Result<TransactWriteItem, StorageError> {
        self.replace_in_transaction(item, condition, Item::new())
    }

    /// A put over an existing item as a part of a transaction.
    pub(crate) fn replace_in_transaction(
        &self,
        item: &impl Serialize,
        condition: &str,
        values: Item,
    ) -> Result<TransactWriteItem, StorageError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(write(item)?))
            .set_condition_expression((!condition.is_empty()).then(|| condition.to_owned()))
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .build()
            .map_err(build_error)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A deletion as a part of a transaction.
    pub(crate) fn delete_in_transaction(
        &self,
        key: Item,
        condition: &str,
    ) -> Result<TransactWriteItem, StorageError> {
        self.delete_if_in_transaction(key, condition, Item::new())
    }

    /// A deletion as a part of a transaction, under a condition with values.
    pub(crate) fn delete_if_in_transaction(
        &self,
        key: Item,
        condition: &str,
        values: Item,
    ) -> Result<TransactWriteItem, StorageError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key))
            .set_condition_expression((!condition.is_empty()).then(|| condition.to_owned()))
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .build()
            .map_err(build_error)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// A condition on an item that the transaction does not write.
    pub(crate) fn check_in_transaction(
        &self,
        key: Item,
        condition: &str,
        values: Item,
    ) -> Result<TransactWriteItem, StorageError> {
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(key))
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .build()
            .map_err(build_error)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// An update as a part of a transaction.
    pub(crate) fn update_in_transaction(
        &self,
        key: Item,
        update: &str,
        condition: &str,
        values: Item,
    ) -> Result<TransactWriteItem, StorageError> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key))
            .update_expression(update)
            .set_condition_expression((!condition.is_empty()).then(|| condition.to_owned()))
            .set_expression_attribute_names(names(&[update, condition]))
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .build()
            .map_err(build_error)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// A query's parts.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) index: Option<&'a str>,
    pub(crate) condition: &'a str,
    pub(crate) values: Item,
    pub(crate) start: Option<Item>,
    pub(crate) limit: i32,
}

/// Reads an item into its type.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, StorageError> {
    from_item(item).map_err(|_| StorageError::Corrupt { what: "item" })
}

/// Writes a type into an item.
pub(crate) fn write(value: &impl Serialize) -> Result<Item, StorageError> {
    to_item(value).map_err(|_| StorageError::Corrupt { what: "item to write" })
}

/// A string value.
pub(crate) fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number value.
pub(crate) fn n(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A binary value.
pub(crate) fn b(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(value.into().into())
}

/// An item, or a set of values, from its pairs.
pub(crate) fn item<const N: usize>(pairs: [(&str, AttributeValue); N]) -> Item {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The `#name` placeholders of some expressions, each standing for the
/// attribute of that name: half the good words are reserved in `DynamoDB`.
pub(crate) fn names(expressions: &[&str]) -> Option<HashMap<String, String>> {
    let mut found = HashMap::new();
    for expression in expressions {
        for part in expression.split('#').skip(1) {
            let name: String =
                part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.insert(format!("#{name}"), name);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A request that the SDK refuses to build lacks a field that is always set here.
fn build_error(_: aws_sdk_dynamodb::error::BuildError) -> StorageError {
    StorageError::Corrupt { what: "request" }
}
