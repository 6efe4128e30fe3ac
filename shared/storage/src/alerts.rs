//! Alert codes ("Ce n'est pas moi"): each message that tells of an act on a
//! space carries one, and it can only freeze that space. Must not know the
//! message.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::MacPurpose;
use espace_domain::{ALERT_VALIDITY_DAYS, AlertCode, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{SCHEMA, Table, item, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

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
    expires_at: i64,
}

impl Alerts {
    /// Uses the table of `ESPACE_ALERTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ALERTS_TABLE"), keys }
    }

    /// The space that a code freezes.
    pub async fn find(
        &self,
        code: &AlertCode,
        now: Timestamp,
    ) -> Result<Option<SpaceId>, StorageError> {
        let key = item([("alert", s(self.tag(code).await?))]);
        let found: Option<AlertItem> = self.table.find(key).await?;
        Ok(found.filter(|found| now.as_second() < found.expires_at).map(|found| found.space_id))
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
