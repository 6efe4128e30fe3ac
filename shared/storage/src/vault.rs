//! The vault: sealed contents, one object each, under names that tell nothing. Must not
//! know what is sealed.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use espace_crypto::SealedRange;

use crate::{Aws, Environment, StorageError};

/// The bucket of contents.
#[derive(Debug, Clone)]
pub struct Vault {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl Vault {
    /// Uses the bucket of `ESPACE_VAULT_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_VAULT_BUCKET") }
    }

    /// Keeps a sealed content under a name that nothing has.
    pub async fn put(&self, object: &str, sealed: Vec<u8>) -> Result<(), StorageError> {
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(object_key(object))
            .content_type("application/octet-stream")
            .if_none_match("*")
            .body(ByteStream::from(sealed))
            .send()
            .await
            .map(|_| ())
            .or_else(|error| match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                // The name is random: what is there is this content, whose answer was lost.
                Some("PreconditionFailed") => Ok(()),
                _ => Err(StorageError::call("s3:PutObject", error)),
            })
    }

    /// Reads some sealed bytes; `None` where nothing is under the name.
    pub async fn read(
        &self,
        object: &str,
        range: SealedRange,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let answer = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(object_key(object))
            .range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))
            .send()
            .await;
        let output = match answer {
            Ok(output) => output,
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                return match code {
                    // Without the right to list, S3 says a missing key is forbidden.
                    Some("NoSuchKey" | "AccessDenied") => Ok(None),
                    _ => Err(StorageError::call("s3:GetObject", error)),
                };
            }
        };
        let bytes = output.body.collect().await.map_err(|_| StorageError::Call {
            operation: "s3:GetObject",
            code: "the body broke off".to_owned(),
            source: None,
        })?;
        Ok(Some(bytes.into_bytes().to_vec()))
    }

    /// Removes a content that no entry leads to any more.
    pub async fn delete(&self, object: &str) -> Result<(), StorageError> {
        self.s3
            .delete_object()
            .bucket(&self.bucket)
            .key(object_key(object))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:DeleteObject", e))
    }
}

fn object_key(object: &str) -> String {
    format!("contents/{object}")
}
