//! The two keys of each space, wrapped by KMS under `{space, purpose}`, in a
//! table of their own: destroying an item there makes everything sealed under
//! it unreadable. Must not know what they seal.

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use espace_crypto::{KEY_BYTES, SealingKey};
use espace_domain::SpaceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::system_keys::key_bytes;
use crate::table::{SCHEMA, Table, item, s};
use crate::{Aws, Environment, StorageError};

/// What a space's key is for; each is destroyed on its own date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SpaceKeyPurpose {
    /// Seals the holder's traits, contacts and all content.
    Content,
    /// Seals the access traces, which outlive the content.
    Trace,
}

impl SpaceKeyPurpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Trace => "trace",
        }
    }
}

/// The keys of a space to be, as they will be stored.
#[derive(Debug, Clone)]
pub struct WrappedSpaceKeys {
    space_id: SpaceId,
    content: Vec<u8>,
    trace: Vec<u8>,
}

/// The table of space keys.
#[derive(Debug, Clone)]
pub struct SpaceKeys {
    table: Table,
    kms: aws_sdk_kms::Client,
    content_key: String,
    trace_key: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyItem {
    space_id: SpaceId,
    pub(crate) purpose: SpaceKeyPurpose,
    schema: u8,
    #[serde(with = "serde_bytes")]
    pub(crate) wrapped: Vec<u8>,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created_at: Timestamp,
}

impl SpaceKeys {
    /// For functions that read and create keys.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self {
            table: Table::new(aws, environment, "ESPACE_SPACE_KEYS_TABLE"),
            kms: aws.kms(),
            content_key: environment.required("ESPACE_CONTENT_KEY"),
            // Only functions that create spaces, and those that trace, are given it.
            trace_key: environment.optional("ESPACE_TRACE_KEY").unwrap_or_default(),
        }
    }

    /// Draws the two keys of a new space: the content key in hand, both wrapped.
    pub async fn generate(
        &self,
        space_id: &SpaceId,
    ) -> Result<(SealingKey, WrappedSpaceKeys), StorageError> {
        let content = async {
            self.kms
                .generate_data_key()
                .key_id(&self.content_key)
                .key_spec(DataKeySpec::Aes256)
                .encryption_context("space", space_id.as_str())
                .encryption_context("purpose", SpaceKeyPurpose::Content.name())
                .send()
                .await
                .map_err(|e| StorageError::call("kms:GenerateDataKey", e))
        };
        let trace = async {
            self.kms
                .generate_data_key_without_plaintext()
                .key_id(&self.trace_key)
                .key_spec(DataKeySpec::Aes256)
                .encryption_context("space", space_id.as_str())
                .encryption_context("purpose", SpaceKeyPurpose::Trace.name())
                .send()
                .await
                .map_err(|e| StorageError::call("kms:GenerateDataKeyWithoutPlaintext", e))
        };
        let (content, trace) = tokio::try_join!(content, trace)?;
        let wrapped = WrappedSpaceKeys {
            space_id: space_id.clone(),
            content: content.ciphertext_blob.map(Blob::into_inner).unwrap_or_default(),
            trace: trace.ciphertext_blob.map(Blob::into_inner).unwrap_or_default(),
        };
        Ok((SealingKey::new(*key_bytes(content.plaintext)?), wrapped))
    }

    /// The content key of a space; `None` once it is destroyed.
    pub async fn content(&self, space_id: &SpaceId) -> Result<Option<SealingKey>, StorageError> {
        self.find(space_id, SpaceKeyPurpose::Content).await
    }

    /// The trace key of a space; `None` once it is destroyed.
    pub async fn trace(&self, space_id: &SpaceId) -> Result<Option<SealingKey>, StorageError> {
        self.find(space_id, SpaceKeyPurpose::Trace).await
    }

    async fn find(
        &self,
        space_id: &SpaceId,
        purpose: SpaceKeyPurpose,
    ) -> Result<Option<SealingKey>, StorageError> {
        let key = item([("spaceId", s(space_id.as_str())), ("purpose", s(purpose.name()))]);
        let Some(found) = self.table.find::<KeyItem>(key).await? else {
            return Ok(None);
        };
        self.unwrap(space_id, purpose, found.wrapped).await.map(Some)
    }

    /// Asks KMS to unwrap a key.
    pub(crate) async fn unwrap(
        &self,
        space_id: &SpaceId,
        purpose: SpaceKeyPurpose,
        wrapped: Vec<u8>,
    ) -> Result<SealingKey, StorageError> {
        let wrapping = match purpose {
            SpaceKeyPurpose::Content => &self.content_key,
            SpaceKeyPurpose::Trace => &self.trace_key,
        };
        let opened = self
            .kms
            .decrypt()
            .key_id(wrapping)
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context("space", space_id.as_str())
            .encryption_context("purpose", purpose.name())
            .send()
            .await
            .map_err(|e| StorageError::call("kms:Decrypt", e))?;
        let bytes: [u8; KEY_BYTES] = *key_bytes(opened.plaintext)?;
        Ok(SealingKey::new(bytes))
    }

    /// The write that destroys a space's content key, refused where it is gone: from then on
    /// nothing that was sealed under it opens.
    pub(crate) fn content_destroyed(&self, space_id: &SpaceId) -> Result<Change, StorageError> {
        Ok(Change::new("spaceKey", self.destroyed(space_id, SpaceKeyPurpose::Content)?))
    }

    /// The write that destroys a space's trace key.
    pub(crate) fn trace_destroyed(
        &self,
        space_id: &SpaceId,
    ) -> Result<TransactWriteItem, StorageError> {
        self.destroyed(space_id, SpaceKeyPurpose::Trace)
    }

    fn destroyed(
        &self,
        space_id: &SpaceId,
        purpose: SpaceKeyPurpose,
    ) -> Result<TransactWriteItem, StorageError> {
        let key = item([("spaceId", s(space_id.as_str())), ("purpose", s(purpose.name()))]);
        self.table.delete_in_transaction(key, "attribute_exists(#spaceId)")
    }

    /// The writes that store both keys, refused where one exists.
    pub(crate) fn put_in_transaction(
        &self,
        keys: &WrappedSpaceKeys,
        now: Timestamp,
    ) -> Result<[TransactWriteItem; 2], StorageError> {
        let part = |purpose, wrapped: &Vec<u8>| {
            let key = KeyItem {
                space_id: keys.space_id.clone(),
                purpose,
                schema: SCHEMA,
                wrapped: wrapped.clone(),
                created_at: now,
            };
            self.table.put_in_transaction(&key, "attribute_not_exists(#spaceId)")
        };
        Ok([
            part(SpaceKeyPurpose::Content, &keys.content)?,
            part(SpaceKeyPurpose::Trace, &keys.trace)?,
        ])
    }
}
