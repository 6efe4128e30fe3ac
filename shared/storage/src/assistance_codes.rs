//! The codes by which holders let a helper by profession in: a keyed hash, whose space, ten
//! minutes. Must not know what the helper may do.

use espace_domain::SpaceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, Space, StorageError};

/// The table of codes.
#[derive(Debug, Clone)]
pub struct AssistanceCodes {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodeItem {
    code: String,
    schema: u8,
    space_id: SpaceId,
    /// The space's epoch: whatever takes away, takes the code away.
    epoch: u64,
    expires_at: i64,
}

impl AssistanceCodes {
    /// Uses the table of `ESPACE_ASSISTANCE_CODES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ASSISTANCE_CODES_TABLE") }
    }

    /// The write of a code, by its keyed hash.
    pub fn put(
        &self,
        code: &str,
        space: &Space,
        expires_at: Timestamp,
    ) -> Result<Change, StorageError> {
        let stored = CodeItem {
            code: code.to_owned(),
            schema: SCHEMA,
            space_id: space.space_id.clone(),
            epoch: space.epoch,
            expires_at: expires_at.as_second(),
        };
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#code)")?;
        Ok(Change::new("assistance code", part))
    }

    /// Whose space a code opens, while it is good and the space stands at that epoch.
    pub async fn find(
        &self,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<(SpaceId, u64)>, StorageError> {
        let found: Option<CodeItem> = self.table.find(key(code)).await?;
        let good = found.filter(|found| now.as_second() < found.expires_at);
        Ok(good.map(|found| (found.space_id, found.epoch)))
    }

    /// The write that uses a code up; refused where it was.
    pub fn use_up(&self, code: &str, now: Timestamp) -> Result<Change, StorageError> {
        let values = item([(":now", n(now.as_second()))]);
        let condition = "#expiresAt > :now";
        let part = self.table.delete_if_in_transaction(key(code), condition, values)?;
        Ok(Change::new("assistance code", part))
    }
}

fn key(code: &str) -> Item {
    item([("code", s(code))])
}
