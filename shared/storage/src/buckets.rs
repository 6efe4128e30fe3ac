//! The two buckets of the campaigns: the insurer's files and the print batches.
//! Must not know their content.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use espace_domain::{BatchId, CampaignId};

use crate::{Aws, Environment, StorageError};

/// How long the insurer may take to begin sending the file.
const UPLOAD_VALID_FOR: Duration = Duration::from_hours(1);
/// The type the file is sent as.
const NDJSON: &str = "application/x-ndjson";

/// The bucket of campaign files.
#[derive(Debug, Clone)]
pub struct CampaignFiles {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// How to send a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedUpload {
    /// The HTTP method.
    pub method: String,
    /// Where to.
    pub url: String,
    /// The headers that must be sent as they are.
    pub headers: BTreeMap<String, String>,
}

impl CampaignFiles {
    /// Uses the bucket of `ESPACE_CAMPAIGNS_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_CAMPAIGNS_BUCKET") }
    }

    /// A URL to which the file of a campaign can be sent.
    pub async fn presign(&self, campaign: &CampaignId) -> Result<PresignedUpload, StorageError> {
        let config = PresigningConfig::expires_in(UPLOAD_VALID_FOR)
            .map_err(|_| StorageError::Corrupt { what: "presigning time" })?;
        let request = self
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(file_key(campaign))
            .content_type(NDJSON)
            // Sent once: another file under the same campaign would have its
            // lines taken for those already done.
            .if_none_match("*")
            .presigned(config)
            .await
            .map_err(|e| StorageError::call("s3:PutObject", e))?;
        Ok(PresignedUpload {
            method: request.method().to_owned(),
            url: request.uri().to_owned(),
            headers: request
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// The campaign whose file has this key; `None` for a key of no campaign.
    pub fn campaign_of(key: &str) -> Option<CampaignId> {
        let name = key.strip_prefix("campaigns/")?.strip_suffix(".ndjson")?;
        CampaignId::parse(name).ok()
    }

    /// Reads the file as a stream, from byte `from` to byte `to` (exclusive;
    /// `None`: to the end). `None` when it is not there.
    pub async fn read(
        &self,
        campaign: &CampaignId,
        from: u64,
        to: Option<u64>,
    ) -> Result<Option<FileStream>, StorageError> {
        let range = match to {
            Some(to) => format!("bytes={from}-{}", to.saturating_sub(1)),
            None => format!("bytes={from}-"),
        };
        let answer = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(file_key(campaign))
            .range(range)
            .send()
            .await;
        match answer {
            Ok(output) => Ok(Some(FileStream(Some(output.body)))),
            Err(error) => match error
                .as_service_error()
                .and_then(aws_sdk_s3::error::ProvideErrorMetadata::code)
            {
                // The file is empty, or was read to its end.
                Some("InvalidRange") => Ok(Some(FileStream(None))),
                // Without the right to list, S3 says a missing key is forbidden.
                Some("NoSuchKey" | "AccessDenied") => Ok(None),
                _ => Err(StorageError::call("s3:GetObject", error)),
            },
        }
    }

    /// Deletes the file: every line is accounted for.
    pub async fn delete(&self, campaign: &CampaignId) -> Result<(), StorageError> {
        self.s3
            .delete_object()
            .bucket(&self.bucket)
            .key(file_key(campaign))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:DeleteObject", e))
    }
}

/// Bytes of a file as they come.
#[derive(Debug)]
pub struct FileStream(Option<ByteStream>);

impl FileStream {
    pub(crate) fn new(stream: ByteStream) -> Self {
        Self(Some(stream))
    }

    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(stream) = &mut self.0 else {
            return Ok(None);
        };
        match stream.next().await {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes.to_vec())),
            Some(Err(error)) => Err(StorageError::Call {
                operation: "s3:GetObject",
                code: "the stream broke".to_owned(),
                source: Some(Box::new(error)),
            }),
        }
    }
}

/// The bucket from which the mailing house fetches.
#[derive(Debug, Clone)]
pub struct PrintBatches {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl PrintBatches {
    /// Uses the bucket of `ESPACE_PRINT_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_PRINT_BUCKET") }
    }

    /// Writes one encrypted part of a batch (`letters.pdf`, `index.ndjson`).
    /// Writing it again replaces it with the same.
    pub async fn write(
        &self,
        batch: &BatchId,
        part: &str,
        encrypted: Vec<u8>,
    ) -> Result<(), StorageError> {
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(format!("batches/{batch}/{part}.age"))
            .content_type("application/octet-stream")
            .body(ByteStream::from(encrypted))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:PutObject", e))
    }
}

/// Where the file of a campaign lies.
fn file_key(campaign: &CampaignId) -> String {
    format!("campaigns/{campaign}.ndjson")
}
