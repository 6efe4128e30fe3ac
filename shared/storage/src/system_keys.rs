//! The system's own data keys: one wrapped key a name, unwrapped by KMS under
//! the name as encryption context, kept for minutes in the warm function.
//! Must not know what each key seals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use espace_crypto::{KEY_BYTES, MacKey, SealingKey};
use espace_domain::Clock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::table::{SCHEMA, Table, Written, item, s};
use crate::{Aws, Environment, StorageError};

/// Most unwrapped keys a function holds.
const CACHED_KEYS_MAX: usize = 256;
/// How long an unwrapped key is held.
const CACHED_FOR: Duration = Duration::from_mins(5);
/// Shards of each sharded key: spreads the seals and the reads.
pub(crate) const KEY_SHARDS: u8 = 64;

/// The name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// Blind index of persons, and the hashes of invitation codes, cards and
    /// sources.
    PersonIndex,
    /// Blind index of logins, hashes of one-time codes and idempotency keys.
    LoginIndex,
    /// Seals a fed person's record before a space exists, by shard.
    Registry(u8),
    /// Seals messages waiting to be sent, by shard.
    Outbox(u8),
    /// Seals accounts, by shard.
    Account(u8),
    /// Names professionals and structures within spaces, their traces for an inquiry,
    /// repeated acts, presence codes.
    Relation,
    /// Seals refused attempts on their way to the log.
    Refusal,
    /// Seals what waits to be shown to a patient.
    Reveal,
    /// Seals emergency accesses under review.
    Review,
    /// Seals what inquiries ask.
    Inquiry,
    /// Seals the cursors of professionals' boxes.
    Inbox,
    /// Seals and names the browsers that are told; the seed of the key by which push
    /// services know us.
    Push,
    /// Seals what stops a kind of e-mail.
    Unsubscription,
    /// Vouches for archives that persons take away.
    Archive,
    /// Seals the certificates of erasures on their way.
    Erasure,
}

impl KeyName {
    /// The item's key and the encryption context's `name`.
    fn text(self) -> String {
        match self {
            Self::PersonIndex => "person-index.1".to_owned(),
            Self::LoginIndex => "login-index.1".to_owned(),
            Self::Registry(shard) => format!("registry.1.{shard:02}"),
            Self::Outbox(shard) => format!("outbox.1.{shard:02}"),
            Self::Account(shard) => format!("account.1.{shard:02}"),
            Self::Relation => "relation.1".to_owned(),
            Self::Refusal => "refusal.1".to_owned(),
            Self::Reveal => "reveal.1".to_owned(),
            Self::Review => "review.1".to_owned(),
            Self::Inquiry => "inquiry.1".to_owned(),
            Self::Inbox => "inbox.1".to_owned(),
            Self::Push => "push.1".to_owned(),
            Self::Unsubscription => "unsubscription.1".to_owned(),
            Self::Erasure => "erasure.1".to_owned(),
            Self::Archive => "archive.1".to_owned(),
        }
    }

    /// The variable that names the KMS key which wraps it.
    fn wrapped_under(self) -> Wrapper {
        match self {
            Self::PersonIndex => Wrapper::Index,
            Self::LoginIndex | Self::Account(_) => Wrapper::Account,
            Self::Registry(_) => Wrapper::Registry,
            Self::Outbox(_) | Self::Push | Self::Erasure => Wrapper::Outbox,
            Self::Relation
            | Self::Refusal
            | Self::Reveal
            | Self::Review
            | Self::Inquiry
            | Self::Inbox
            | Self::Unsubscription
            | Self::Archive => Wrapper::Trace,
        }
    }
}

/// The KMS keys of the system's data keys; a function's role names those it may
/// use, and the environment only those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wrapper {
    Index,
    Account,
    Registry,
    Outbox,
    Trace,
}

impl Wrapper {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Index, "ESPACE_INDEX_KEY"),
        (Self::Account, "ESPACE_ACCOUNT_KEY"),
        (Self::Registry, "ESPACE_REGISTRY_KEY"),
        (Self::Outbox, "ESPACE_OUTBOX_KEY"),
        (Self::Trace, "ESPACE_TRACE_KEY"),
    ];
}

/// The system's data keys.
#[derive(Debug, Clone)]
pub struct SystemKeys {
    table: Table,
    kms: aws_sdk_kms::Client,
    wrappers: HashMap<Wrapper, String>,
    clock: Arc<dyn Clock>,
    cache: Arc<Mutex<Cache>>,
}

/// Unwrapped keys and until when they are held.
type Cache = HashMap<KeyName, (Zeroizing<[u8; KEY_BYTES]>, Timestamp)>;

/// A key as stored.
#[derive(Debug, Serialize, Deserialize)]
struct KeyItem {
    name: String,
    schema: u8,
    #[serde(with = "serde_bytes")]
    wrapped: Vec<u8>,
}

impl SystemKeys {
    /// Uses the table of `ESPACE_SYSTEM_KEYS_TABLE` and whichever wrapping keys
    /// the environment names.
    pub fn new(aws: &Aws, environment: &mut Environment, clock: Arc<dyn Clock>) -> Self {
        let wrappers = Wrapper::ALL
            .into_iter()
            .filter_map(|(wrapper, name)| Some((wrapper, environment.optional(name)?)))
            .collect();
        Self {
            table: Table::new(aws, environment, "ESPACE_SYSTEM_KEYS_TABLE"),
            kms: aws.kms(),
            wrappers,
            clock,
            cache: Arc::default(),
        }
    }

    /// The key as a sealing key.
    pub async fn sealing(&self, name: KeyName) -> Result<SealingKey, StorageError> {
        Ok(SealingKey::new(*self.bytes(name).await?))
    }

    /// The key as a key for keyed hashes.
    pub async fn mac(&self, name: KeyName) -> Result<MacKey, StorageError> {
        Ok(MacKey::new(*self.bytes(name).await?))
    }

    /// The key itself, made at its first use.
    async fn bytes(&self, name: KeyName) -> Result<Zeroizing<[u8; KEY_BYTES]>, StorageError> {
        if let Some(bytes) = self.cached(name) {
            return Ok(bytes);
        }
        let text = name.text();
        let found: Option<KeyItem> = self.table.find(item([("name", s(&text))])).await?;
        let bytes = match found {
            Some(found) => self.unwrap(name, found.wrapped).await?,
            None => self.create(name).await?,
        };
        self.remember(name, &bytes);
        Ok(bytes)
    }

    /// Draws and stores a key; when another function was faster, takes theirs.
    async fn create(&self, name: KeyName) -> Result<Zeroizing<[u8; KEY_BYTES]>, StorageError> {
        let drawn = self
            .kms
            .generate_data_key()
            .key_id(self.wrapper(name)?)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context("name", name.text())
            .send()
            .await
            .map_err(|e| StorageError::call("kms:GenerateDataKey", e))?;
        let wrapped = drawn.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        let stored = KeyItem { name: name.text(), schema: SCHEMA, wrapped };
        match self.table.put(&stored, "attribute_not_exists(#name)").await? {
            Written::Yes => key_bytes(drawn.plaintext),
            Written::ConditionFailed => {
                let found: Option<KeyItem> =
                    self.table.find(item([("name", s(name.text()))])).await?;
                let found = found.ok_or(StorageError::Corrupt { what: "system key" })?;
                self.unwrap(name, found.wrapped).await
            }
        }
    }

    /// Asks KMS to unwrap.
    async fn unwrap(
        &self,
        name: KeyName,
        wrapped: Vec<u8>,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, StorageError> {
        let opened = self
            .kms
            .decrypt()
            .key_id(self.wrapper(name)?)
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context("name", name.text())
            .send()
            .await
            .map_err(|e| StorageError::call("kms:Decrypt", e))?;
        key_bytes(opened.plaintext)
    }

    fn wrapper(&self, name: KeyName) -> Result<&str, StorageError> {
        self.wrappers
            .get(&name.wrapped_under())
            .map(String::as_str)
            .ok_or(StorageError::Corrupt { what: "environment: a wrapping key is not named" })
    }

    fn cached(&self, name: KeyName) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, until) = cache.get(&name)?;
        (self.clock.now() < *until).then(|| bytes.clone())
    }

    fn remember(&self, name: KeyName, bytes: &Zeroizing<[u8; KEY_BYTES]>) {
        let now = self.clock.now();
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED_KEYS_MAX {
            cache.retain(|_, (_, until)| now < *until);
        }
        if cache.len() < CACHED_KEYS_MAX {
            let until = now.checked_add(CACHED_FOR).unwrap_or(now);
            cache.insert(name, (bytes.clone(), until));
        }
    }
}

/// The 32 bytes that KMS answered.
pub(crate) fn key_bytes(
    plaintext: Option<Blob>,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, StorageError> {
    let bytes = Zeroizing::new(plaintext.map(Blob::into_inner).unwrap_or_default());
    let bytes: [u8; KEY_BYTES] =
        bytes.as_slice().try_into().map_err(|_| StorageError::Corrupt { what: "unwrapped key" })?;
    Ok(Zeroizing::new(bytes))
}
