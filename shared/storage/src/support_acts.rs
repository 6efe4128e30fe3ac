//! What agents of the phone line did, one line an act, written with the act
//! itself. Must not know what the act changed beyond its id.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_domain::Random;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{SCHEMA, Table};
use crate::{Aws, Environment, StorageError};

/// The table of acts.
#[derive(Debug, Clone)]
pub struct SupportActs {
    table: Table,
}

/// What an agent did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SupportActKind {
    /// Registered a refusal for a caller.
    Opposition,
    /// Undid one.
    OppositionUndone,
    /// Asked for the proof of one to be sent again.
    ReceiptAsked,
    /// Had it sent.
    ReceiptSent,
    /// Asked for a code on a caller's behalf.
    CodeAsked,
    /// Froze a space.
    Frozen,
    /// Had a code sent to close a caller's space.
    ClosureAsked,
    /// Closed it.
    Closed,
    /// Found an heir's claim good.
    HeirFound,
    /// Asked for what a professional read.
    InquiryAsked,
    /// Approved it.
    InquiryApproved,
    /// Fetched what was found.
    InquiryFetched,
}

/// One act.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportAct {
    agent: String,
    act_id: String,
    schema: u8,
    kind: SupportActKind,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    at: Timestamp,
    about: String,
}

impl SupportAct {
    /// An act of `agent` on what `about` names: an id or a blind index.
    pub fn new(
        agent: &str,
        kind: SupportActKind,
        about: &str,
        at: Timestamp,
        random: &dyn Random,
    ) -> Self {
        let mut name = [0; 8];
        random.fill(&mut name);
        // In order of time within an agent, unique whatever the clock.
        let act_id = format!("{:012}.{:016x}", at.as_second(), u64::from_be_bytes(name));
        let (agent, about) = (agent.to_owned(), about.to_owned());
        Self { agent, act_id, schema: SCHEMA, kind, at, about }
    }
}

impl SupportActs {
    /// Uses the table of `ESPACE_SUPPORT_ACTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_SUPPORT_ACTS_TABLE") }
    }

    /// Notes an act that changes nothing by itself.
    pub async fn note(&self, act: &SupportAct) -> Result<(), StorageError> {
        self.table.put(act, "attribute_not_exists(#actId)").await.map(|_| ())
    }

    /// The write of an act beside what it does.
    pub fn noted(&self, act: &SupportAct) -> Result<Change, StorageError> {
        Ok(Change::new("support act", self.put_in_transaction(act)?))
    }

    /// The write of an act, for its transaction.
    pub(crate) fn put_in_transaction(
        &self,
        act: &SupportAct,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.put_in_transaction(act, "attribute_not_exists(#actId)")
    }
}
