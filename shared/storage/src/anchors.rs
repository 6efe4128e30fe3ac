//! The anchors: one small object a day in a bucket that lets nobody, the owner included,
//! change or remove it for ten years (S3 Object Lock). Must not know what is anchored.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Aws, Environment, StorageError};

/// The format of an anchor.
const FORMAT: &str = "espace-anchor/1";

/// The bucket of anchors.
#[derive(Debug, Clone)]
pub struct Anchors {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// What was anchored in one run: a tree of trees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    /// `espace-anchor/1`.
    pub format: String,
    /// Its name.
    pub anchor: String,
    /// As of when.
    pub anchored_at: Timestamp,
    /// The root over the shards' roots, in hexadecimal.
    pub root: String,
    /// The shards' trees, in order.
    pub shards: Vec<AnchorShard>,
}

/// One shard's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorShard {
    /// Which shard.
    pub shard: u32,
    /// Leaves of its tree.
    pub leaves: u64,
    /// Its root, in hexadecimal.
    pub root: String,
}

impl Anchor {
    /// An anchor over shards' trees, their root being `root`.
    pub fn new(name: &str, at: Timestamp, root: String, shards: Vec<AnchorShard>) -> Self {
        let (format, anchor) = (FORMAT.to_owned(), name.to_owned());
        Self { format, anchor, anchored_at: at, root, shards }
    }
}

impl Anchors {
    /// Uses the bucket of `ESPACE_ANCHORS_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_ANCHORS_BUCKET") }
    }

    /// Writes an anchor, once: written again, the first stands.
    pub async fn put(&self, anchor: &Anchor) -> Result<(), StorageError> {
        let body = serde_json::to_vec_pretty(anchor)
            .map_err(|_| StorageError::Corrupt { what: "anchor" })?;
        let written = self
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(object_key(&anchor.anchor))
            .content_type("application/json")
            .if_none_match("*")
            .body(ByteStream::from(body))
            .send()
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                Some("PreconditionFailed") => Ok(()),
                _ => Err(StorageError::call("s3:PutObject", error)),
            },
        }
    }

    /// The anchor of that name, as it was written.
    pub async fn find(&self, name: &str) -> Result<Option<Anchor>, StorageError> {
        let answer = self.s3.get_object().bucket(&self.bucket).key(object_key(name)).send().await;
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
        let corrupt = |_| StorageError::Corrupt { what: "anchor" };
        serde_json::from_slice(&bytes.into_bytes()).map(Some).map_err(corrupt)
    }
}

fn object_key(name: &str) -> String {
    format!("anchors/{name}.json")
}
