//! The half hour between proving who one is and choosing. Must not know what
//! is chosen.

use espace_crypto::{BlindIndex, OpaqueToken};
use espace_domain::{EnrolmentId, OppositionId, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, StorageError};

/// Seconds an enrolment token is valid.
pub const ENROLMENT_VALIDITY_S: i64 = 1_800;

/// The table of enrolments, keyed by the digest of their token.
#[derive(Debug, Clone)]
pub struct Enrolments {
    table: Table,
}

/// A proven identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Its name: scopes idempotency keys.
    pub enrolment_id: EnrolmentId,
    /// The person.
    pub person: BlindIndex,
    /// The representative who acts for them.
    pub representative: Option<BlindIndex>,
    /// The keyed hash of the code that was shown: the act is refused if it has
    /// been used or replaced since.
    pub code: Vec<u8>,
    /// What came of it.
    pub outcome: Option<EnrolmentOutcome>,
    token: String,
}

/// What came of an enrolment; kept so that its bearer may confirm a contact or
/// fetch a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "outcomeId", rename_all = "camelCase")]
pub enum EnrolmentOutcome {
    /// A space was activated.
    Activated(SpaceId),
    /// A space was refused.
    Opposed(OppositionId),
    /// A refusal was reversed.
    Reversed(OppositionId),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnrolmentItem {
    token: String,
    schema: u8,
    enrolment_id: EnrolmentId,
    person: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    representative: Option<String>,
    #[serde(with = "serde_bytes")]
    code: Vec<u8>,
    #[serde(flatten)]
    outcome: Option<EnrolmentOutcome>,
    expires_at: i64,
}

impl Enrolments {
    /// Uses the table of `ESPACE_ENROLMENTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ENROLMENTS_TABLE") }
    }

    /// Keeps a proven identity under its token.
    pub async fn keep(
        &self,
        token: &OpaqueToken,
        enrolment_id: EnrolmentId,
        person: &BlindIndex,
        representative: Option<&BlindIndex>,
        code: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let stored = EnrolmentItem {
            token: token.digest().as_str().to_owned(),
            schema: SCHEMA,
            enrolment_id,
            person: person.as_str().to_owned(),
            representative: representative.map(|index| index.as_str().to_owned()),
            code,
            outcome: None,
            expires_at: now.as_second() + ENROLMENT_VALIDITY_S,
        };
        self.table.put(&stored, "").await.map(|_| ())
    }

    /// The identity that a token stands for, while it is valid.
    pub async fn find(
        &self,
        token: &OpaqueToken,
        now: Timestamp,
    ) -> Result<Option<Enrolment>, StorageError> {
        let found: Option<EnrolmentItem> =
            self.table.find(item([("token", s(token.digest().as_str()))])).await?;
        // DynamoDB deletes expired items when it finds time to: never trust it.
        Ok(found.filter(|found| now.as_second() < found.expires_at).map(|found| Enrolment {
            enrolment_id: found.enrolment_id,
            person: BlindIndex::from_stored(found.person),
            representative: found.representative.map(BlindIndex::from_stored),
            code: found.code,
            outcome: found.outcome,
            token: found.token,
        }))
    }

    /// The identity that a token stands for, where it comes in a body.
    pub async fn find_by_text(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Enrolment>, StorageError> {
        match OpaqueToken::parse(token) {
            Some(token) => self.find(&token, now).await,
            None => Ok(None),
        }
    }

    /// The write that notes what came of an enrolment, refused the second time.
    pub(crate) fn settle_in_transaction(
        &self,
        enrolment: &Enrolment,
        outcome: &EnrolmentOutcome,
        now: Timestamp,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StorageError> {
        let (kind, id) = match outcome {
            EnrolmentOutcome::Activated(space_id) => ("activated", space_id.as_str()),
            EnrolmentOutcome::Opposed(opposition_id) => ("opposed", opposition_id.as_str()),
            EnrolmentOutcome::Reversed(opposition_id) => ("reversed", opposition_id.as_str()),
        };
        self.table.update_in_transaction(
            item([("token", s(&enrolment.token))]),
            "SET #outcome = :kind, #outcomeId = :id",
            "attribute_exists(#token) AND attribute_not_exists(#outcome) AND #expiresAt > :now",
            item([(":kind", s(kind)), (":id", s(id)), (":now", n(now.as_second()))]),
        )
    }
}
