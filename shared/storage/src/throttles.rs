//! Counters of tries in a window of time. Must not know what is tried.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::MacPurpose;
use jiff::Timestamp;
use serde::Deserialize;

use crate::table::{SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// Seconds of a window.
const WINDOW_S: i64 = 3_600;
/// Seconds of a week.
const WEEK_S: i64 = 7 * 86_400;

/// The table of counters.
#[derive(Debug, Clone)]
pub struct Throttles {
    table: Table,
    keys: Arc<SystemKeys>,
    key: KeyName,
}

impl Throttles {
    /// Uses the table of `ESPACE_THROTTLES_TABLE`, naming sources by a keyed
    /// hash under `key`.
    pub fn new(
        aws: &Aws,
        environment: &mut Environment,
        keys: Arc<SystemKeys>,
        key: KeyName,
    ) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_THROTTLES_TABLE"), keys, key }
    }

    /// Counts one try of `source` at `act`; gives the seconds to wait when it
    /// is one too many for this hour.
    pub async fn count(
        &self,
        act: &'static str,
        source: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<i64>, StorageError> {
        self.count_in(WINDOW_S, act, source, limit, now).await
    }

    async fn count_in(
        &self,
        window_s: i64,
        act: &'static str,
        source: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<i64>, StorageError> {
        #[derive(Deserialize)]
        struct Counter {
            tries: u32,
        }
        let window = now.as_second() / window_s;
        let tag = self.tag(act, source, window).await?;
        let updated = self
            .table
            .update(
                item([("source", s(tag))]),
                "ADD #tries :one SET #expiresAt = :expires, #schema = :schema",
                "",
                item([
                    (":one", n(1)),
                    (":expires", n((window + 2) * window_s)),
                    (":schema", n(SCHEMA)),
                ]),
            )
            .await?
            .unwrap_or_default();
        let counter: Counter = read(updated)?;
        let wait_s = (window + 1) * window_s - now.as_second();
        Ok((counter.tries > limit).then_some(wait_s))
    }

    /// Counts one act of `source` this week; whether it is one too many.
    pub async fn count_weekly(
        &self,
        act: &'static str,
        source: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.count_in(WEEK_S, act, source, limit, now).await?.is_some())
    }

    /// Notes one act of `source`, unless another was noted less than `delay_s`
    /// ago; gives the seconds to wait then.
    pub async fn space_out(
        &self,
        act: &'static str,
        source: &str,
        delay_s: i64,
        now: Timestamp,
    ) -> Result<Option<i64>, StorageError> {
        let noted = self
            .table
            .update(
                item([("source", s(self.tag(act, source, 0).await?))]),
                "SET #lastAt = :now, #expiresAt = :expires, #schema = :schema",
                "attribute_not_exists(#lastAt) OR #lastAt <= :latest",
                item([
                    (":now", n(now.as_second())),
                    (":latest", n(now.as_second() - delay_s)),
                    (":expires", n(now.as_second() + delay_s + WINDOW_S)),
                    (":schema", n(SCHEMA)),
                ]),
            )
            .await?;
        Ok(noted.is_none().then_some(delay_s))
    }

    /// The name of a counter.
    async fn tag(&self, act: &str, source: &str, window: i64) -> Result<String, StorageError> {
        let key = self.keys.mac(self.key).await?;
        let parts = [act.as_bytes(), source.as_bytes(), &window.to_be_bytes()];
        Ok(BASE64URL_NOPAD.encode(&key.tag(MacPurpose::Source, &parts)))
    }
}
