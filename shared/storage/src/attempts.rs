//! Tries on an account, right and wrong, kept for its holder under the blind index
//! of the login; a try on a login that nobody has is kept the same, so that the
//! work does not tell. Must not know where a try came from.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::BlindIndex;
use espace_domain::Random;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{Query, SCHEMA, Table, item, read, s};
use crate::{Aws, Environment, StorageError};

/// Seconds a try is kept: a year.
const KEPT_S: i64 = 365 * 86_400;

/// The table of tries.
#[derive(Debug, Clone)]
pub struct Attempts {
    pub(crate) table: Table,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttemptKind {
    /// A session opened.
    LoggedIn,
    /// Identifier and password were right; a second factor was asked for.
    PasswordAccepted,
    /// They were right, and the space is frozen or its holder reported dead.
    Suspended,
    /// A password was wrong.
    WrongPassword,
    /// A one-time code was wrong.
    WrongCode,
    /// Too many second factors were tried.
    SlowedDown,
    /// A second factor for a grave act was wrong.
    WrongStepUp,
    /// A refresh token that had been replaced came again: the session was ended.
    RefreshReused,
    /// The password was changed after a reset.
    PasswordReset,
    /// A reset was tried and refused.
    PasswordResetRefused,
}

/// One try.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    login: String,
    #[serde(rename = "attemptId")]
    id: String,
    schema: u8,
    /// What was tried.
    pub kind: AttemptKind,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    expires_at: i64,
}

impl Attempt {
    /// A try on a login.
    pub fn new(login: &BlindIndex, kind: AttemptKind, at: Timestamp, random: &dyn Random) -> Self {
        let mut name = [0; 8];
        random.fill(&mut name);
        Self {
            login: login.as_str().to_owned(),
            // In order of time, unique whatever the clock.
            id: format!("{:014}.{:016x}", at.as_millisecond(), u64::from_be_bytes(name)),
            schema: SCHEMA,
            kind,
            at,
            expires_at: at.as_second() + KEPT_S,
        }
    }
}

impl Attempts {
    /// Uses the table of `ESPACE_ATTEMPTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ATTEMPTS_TABLE") }
    }

    /// The write of a try.
    pub(crate) fn put_in_transaction(
        &self,
        attempt: &Attempt,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.put_in_transaction(attempt, "")
    }

    /// Keeps a try.
    pub async fn note(&self, attempt: &Attempt) -> Result<(), StorageError> {
        self.table.put(attempt, "").await.map(|_| ())
    }

    /// A page of the tries on a login, the latest first, from `before` on; and where
    /// the next page begins.
    pub async fn latest(
        &self,
        login: &BlindIndex,
        before: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Attempt>, Option<String>), StorageError> {
        let start = before.map(|id| item([("login", s(login.as_str())), ("attemptId", s(id))]));
        let query = Query {
            index: None,
            condition: "#login = :login",
            values: item([(":login", s(login.as_str()))]),
            start,
            limit,
        };
        let (items, last) = self.table.query_backwards(query).await?;
        let read = items.into_iter().map(read::<Attempt>).collect::<Result<Vec<_>, _>>()?;
        let next = last.and_then(|last| last.get("attemptId")?.as_s().ok().cloned());
        Ok((read, next))
    }
}
