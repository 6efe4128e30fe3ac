//! Alert codes ("Ce n'est pas moi"): each message that tells of an act on a
//! space carries one, and it can only freeze that space. Must not know the
//! message.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::MacPurpose;
use espace_domain::{ALERT_VALIDITY_DAYS, AlertCode, Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{SCHEMA, Table, item, n, s};
use crate::transaction::{Committed, Transaction};
use crate::{Aws, Envelope, Environment, KeyName, Outbox, StorageError, SystemKeys};

/// The table of alert codes.
#[derive(Debug, Clone)]
pub struct Alerts {
    table: Table,
    keys: Arc<SystemKeys>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlertItem {
    alert: String,
    schema: u8,
    space_id: SpaceId,
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<i64>,
    expires_at: i64,
}

/// An alert code as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The space it freezes.
    pub space_id: SpaceId,
    /// Since when it exists, seconds.
    pub created_at: i64,
    /// Whether it has frozen the space once.
    pub is_used: bool,
}

impl Alerts {
    /// Uses the table of `ESPACE_ALERTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ALERTS_TABLE"), keys }
    }

    /// What a code freezes.
    pub async fn find(
        &self,
        code: &AlertCode,
        now: Timestamp,
    ) -> Result<Option<Alert>, StorageError> {
        let key = item([("alert", s(self.tag(code).await?))]);
        let found: Option<AlertItem> = self.table.find(key).await?;
        let alive = found.filter(|found| now.as_second() < found.expires_at);
        Ok(alive.map(|found| Alert {
            space_id: found.space_id,
            created_at: found.created_at,
            is_used: found.used_at.is_some(),
        }))
    }

    /// Notes that a code has served.
    pub async fn mark_used(&self, code: &AlertCode, now: Timestamp) -> Result<(), StorageError> {
        let key = item([("alert", s(self.tag(code).await?))]);
        let values = item([(":now", n(now.as_second()))]);
        self.table
            .update(key, "SET #usedAt = :now", "attribute_exists(#alert)", values)
            .await
            .map(|_| ())
    }

    /// Keeps a code and sends the messages that carry it, both or neither.
    pub async fn send<N: Serialize>(
        &self,
        code: &AlertCode,
        space_id: &SpaceId,
        outbox: &Outbox,
        messages: &[Envelope<N>],
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let mut transaction = Transaction::default()
            .with("alert", self.put_in_transaction(code, space_id, now).await?);
        for message in messages {
            let part = outbox.put_in_transaction(message, None, now, random).await?;
            transaction = transaction.with("message", part);
        }
        match transaction.commit(&self.table.client).await? {
            Committed::Yes => Ok(()),
            Committed::Refused(_) => Err(StorageError::Contended { what: "a new alert" }),
        }
    }

    /// The write of a new code, beside the act that messages with it tell of.
    pub async fn alert(
        &self,
        code: &AlertCode,
        space_id: &SpaceId,
        now: Timestamp,
    ) -> Result<Change, StorageError> {
        Ok(Change::new("alert", self.put_in_transaction(code, space_id, now).await?))
    }

    /// The write of a new code.
    pub(crate) async fn put_in_transaction(
        &self,
        code: &AlertCode,
        space_id: &SpaceId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StorageError> {
        let stored = AlertItem {
            alert: self.tag(code).await?,
            schema: SCHEMA,
            space_id: space_id.clone(),
            created_at: now.as_second(),
            used_at: None,
            expires_at: now.as_second() + ALERT_VALIDITY_DAYS * 86_400,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#alert)")
    }

    /// The keyed hash under which a code is kept.
    async fn tag(&self, code: &AlertCode) -> Result<String, StorageError> {
        let key = self.keys.mac(KeyName::LoginIndex).await?;
        let tag = key.tag(MacPurpose::OneTimeCode, &[b"alert", code.expose().as_bytes()]);
        Ok(BASE64URL_NOPAD.encode(&tag))
    }
}
