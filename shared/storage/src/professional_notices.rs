//! What a professional is to know of persons who chose them: by a name that tells nothing,
//! newest first, gone after a while. Must not know what is read of it.

use espace_domain::SpaceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Query, SCHEMA, Table, item, read, s};
use crate::{Aws, Environment, StorageError};

/// Seconds for which a notice is kept.
const KEPT_S: i64 = 90 * 86_400;
/// Most notices read at once.
const NOTICES_MAX: i32 = 100;

/// The table of professionals' notices.
#[derive(Debug, Clone)]
pub struct ProfessionalNotices {
    table: Table,
}

/// An emergency in the space of a person who chose the professional as treating doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfessionalNotice {
    professional: String,
    entry: String,
    schema: u8,
    /// Whose space.
    pub space_id: SpaceId,
    /// When it was opened in an emergency.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    expires_at: i64,
}

impl ProfessionalNotices {
    /// Uses the table of `ESPACE_PROFESSIONAL_NOTICES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_PROFESSIONAL_NOTICES_TABLE") }
    }

    /// The write of an emergency for a professional of that name. Written again, it is the
    /// same.
    pub fn put(
        &self,
        professional: &str,
        space_id: &SpaceId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Change, StorageError> {
        let stored = ProfessionalNotice {
            professional: professional.to_owned(),
            entry: format!("{:012}.{space_id}", at.as_second()),
            schema: SCHEMA,
            space_id: space_id.clone(),
            at,
            expires_at: now.as_second() + KEPT_S,
        };
        Ok(Change::new("notice", self.table.put_in_transaction(&stored, "")?))
    }

    /// The newest notices of a professional.
    pub async fn newest(
        &self,
        professional: &str,
    ) -> Result<Vec<ProfessionalNotice>, StorageError> {
        let query = Query {
            index: None,
            condition: "#professional = :name",
            values: item([(":name", s(professional))]),
            start: None,
            limit: NOTICES_MAX,
        };
        let (items, _) = self.table.query_backwards(query).await?;
        items.into_iter().map(read).collect()
    }
}
