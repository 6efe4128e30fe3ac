//! The keys that sign access tokens: one a period, the public half in clear,
//! the private half wrapped by KMS. Must not know JWTs.

use aws_sdk_kms::primitives::Blob;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::table::{Query, SCHEMA, Table, Written, item, n, read, s};
use crate::{Aws, Environment, StorageError};

/// Days after which a new key takes over.
pub const SIGNING_KEY_PERIOD_DAYS: i64 = 30;
/// The one partition.
const SET: &str = "access-tokens";
/// Most keys published at once: the one before, today's and the next.
const KEYS_MAX: i32 = 3;

/// Which period an instant lies in.
pub fn signing_period(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(SIGNING_KEY_PERIOD_DAYS * 86_400)).unwrap_or(0)
}

/// The table of signing keys.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    table: Table,
    kms: aws_sdk_kms::Client,
    /// The wrapping key; only the signer's environment names it.
    wrapping_key: Option<String>,
}

/// A key as found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyEntry {
    set: String,
    /// Which period it signs in: periods since the epoch, so that two
    /// functions creating a key at once agree on one.
    pub period: u32,
    schema: u8,
    /// The name in a token's header.
    pub kid: String,
    /// The public half, a JWK in JSON.
    pub jwk: String,
    #[serde(with = "serde_bytes")]
    wrapped: Vec<u8>,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created_at: Timestamp,
}

impl SigningKeys {
    /// Uses the table of `ESPACE_SIGNING_KEYS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self {
            table: Table::new(aws, environment, "ESPACE_SIGNING_KEYS_TABLE"),
            kms: aws.kms(),
            wrapping_key: environment.optional("ESPACE_SIGNING_KEY"),
        }
    }

    /// Every key that may still verify a token, newest first. Tokens live minutes: a
    /// key older than the last period verifies nothing any more.
    pub async fn published(&self, now: Timestamp) -> Result<Vec<SigningKeyEntry>, StorageError> {
        let oldest = signing_period(now).saturating_sub(1);
        let (items, _) = self
            .table
            .query(Query {
                index: None,
                condition: "#set = :set AND #period >= :oldest",
                values: item([(":set", s(SET)), (":oldest", n(oldest))]),
                start: None,
                limit: KEYS_MAX,
            })
            .await?;
        let mut keys = items.into_iter().map(read).collect::<Result<Vec<SigningKeyEntry>, _>>()?;
        keys.sort_by_key(|key| std::cmp::Reverse(key.period));
        Ok(keys)
    }

    /// Publishes a key for a period; `false` when another function was faster.
    pub async fn publish(
        &self,
        period: u32,
        kid: String,
        jwk: String,
        private: &[u8],
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let wrapped = self
            .kms
            .encrypt()
            .key_id(self.wrapping_key()?)
            .plaintext(Blob::new(private))
            .encryption_context("kid", &kid)
            .send()
            .await
            .map_err(|e| StorageError::call("kms:Encrypt", e))?
            .ciphertext_blob
            .map(Blob::into_inner)
            .unwrap_or_default();
        let stored = SigningKeyEntry {
            set: SET.to_owned(),
            period,
            schema: SCHEMA,
            kid,
            jwk,
            wrapped,
            created_at: now,
        };
        let written = self.table.put(&stored, "attribute_not_exists(#period)").await?;
        Ok(written == Written::Yes)
    }

    /// The private half, PKCS#8.
    pub async fn private(
        &self,
        entry: &SigningKeyEntry,
    ) -> Result<Zeroizing<Vec<u8>>, StorageError> {
        let opened = self
            .kms
            .decrypt()
            .key_id(self.wrapping_key()?)
            .ciphertext_blob(Blob::new(entry.wrapped.clone()))
            .encryption_context("kid", &entry.kid)
            .send()
            .await
            .map_err(|e| StorageError::call("kms:Decrypt", e))?;
        Ok(Zeroizing::new(opened.plaintext.map(Blob::into_inner).unwrap_or_default()))
    }

    fn wrapping_key(&self) -> Result<&str, StorageError> {
        self.wrapping_key
            .as_deref()
            .ok_or(StorageError::Corrupt { what: "environment: ESPACE_SIGNING_KEY" })
    }
}
