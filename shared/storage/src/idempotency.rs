//! The same request sent twice does its work once. A key is kept as a keyed
//! hash of caller, route and key, beside a keyed hash of the body and the name
//! of what the request makes; never a body or an answer. Must not know what is
//! made.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::MacPurpose;
use espace_domain::Random;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{SCHEMA, Table, Written, item, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// Seconds a key is remembered.
const REMEMBERED_S: i64 = 86_400;

/// The table of keys.
#[derive(Debug, Clone)]
pub struct Idempotency {
    table: Table,
    keys: Arc<SystemKeys>,
    key: KeyName,
}

/// Whose key on which route.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyScope<'a> {
    /// The caller, by a stable name.
    pub caller: &'a str,
    /// The route template.
    pub route: &'a str,
    /// The caller's key.
    pub key: &'a str,
}

/// What a key gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The name to make the thing under: the same each time the request is
    /// sent, whether or not the thing has been made.
    Name([u8; 16]),
    /// The key was used with another body.
    OtherBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyItem {
    scope: String,
    schema: u8,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
    #[serde(with = "serde_bytes")]
    name: Vec<u8>,
    expires_at: i64,
}

impl Idempotency {
    /// Uses the table of `ESPACE_IDEMPOTENCY_TABLE`, hashing under `key`.
    pub fn new(
        aws: &Aws,
        environment: &mut Environment,
        keys: Arc<SystemKeys>,
        key: KeyName,
    ) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_IDEMPOTENCY_TABLE"), keys, key }
    }

    /// Claims a key for a body. Doing the work again under the same name is the
    /// caller's to make harmless: the write of the thing refuses a second.
    pub async fn claim(
        &self,
        scope: IdempotencyScope<'_>,
        body: &[u8],
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Claimed, StorageError> {
        let mac = self.keys.mac(self.key).await?;
        let parts =
            [b"scope", scope.caller.as_bytes(), scope.route.as_bytes(), scope.key.as_bytes()];
        let scope_tag = BASE64URL_NOPAD.encode(&mac.tag(MacPurpose::Idempotency, &parts));
        let body_parts: [&[u8]; 2] = [b"body", body];
        let mut name = [0; 16];
        random.fill(&mut name);
        let claim = KeyItem {
            scope: scope_tag.clone(),
            schema: SCHEMA,
            body: mac.tag(MacPurpose::Idempotency, &body_parts).to_vec(),
            name: name.to_vec(),
            expires_at: now.as_second() + REMEMBERED_S,
        };
        if self.table.put(&claim, "attribute_not_exists(#scope)").await? == Written::Yes {
            return Ok(Claimed::Name(name));
        }
        let earlier: KeyItem = self
            .table
            .find(item([("scope", s(scope_tag))]))
            .await?
            .ok_or(StorageError::Contended { what: "idempotency key" })?;
        if !mac.matches(MacPurpose::Idempotency, &body_parts, &earlier.body) {
            return Ok(Claimed::OtherBody);
        }
        let name = earlier
            .name
            .try_into()
            .map_err(|_| StorageError::Corrupt { what: "idempotency key" })?;
        Ok(Claimed::Name(name))
    }
}
