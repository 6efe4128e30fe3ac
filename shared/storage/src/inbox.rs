//! The inbox: where large contents come in parts, by URLs of an hour, before anything has
//! judged them. The one place where content is not under its space's key. Must not know
//! what comes.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use espace_domain::{DocumentId, ImportId, SpaceId};
use jiff::Timestamp;

use crate::{Aws, Environment, FileStream, StorageError};

/// How long a URL of a part serves; asked for again, it is renewed.
const PART_URL_VALID_FOR: Duration = Duration::from_hours(1);
/// Before every name.
const FOLDER: &str = "uploads";
/// Before the names of archives.
const ARCHIVES: &str = "imports";
/// Where something of a space may lie.
pub(crate) const FOLDERS: [&str; 2] = [FOLDER, ARCHIVES];
/// Pages of one listing of what was forgotten: a hundred thousand contents.
pub(crate) const PAGES_MAX: u32 = 100;
/// Objects of one page.
pub(crate) const LISTED_MAX: i32 = 1_000;

/// The bucket of contents on their way.
#[derive(Debug, Clone)]
pub struct Inbox {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) bucket: String,
}

/// The name of a content on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxName {
    /// Whose it will be.
    pub space_id: SpaceId,
    /// Which document.
    pub document_id: DocumentId,
    /// Drawn for each upload: a part of an earlier one never reaches a later one.
    pub name: String,
}

/// A part that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its tag.
    pub etag: String,
    /// Its bytes.
    pub size: u64,
}

/// An archive on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveName {
    /// Into which space.
    pub space_id: SpaceId,
    /// Which import.
    pub import_id: ImportId,
    /// Drawn for it.
    pub name: String,
}

/// What has a place in the inbox.
pub trait InboxObject {
    /// The object's key.
    fn key(&self) -> String;
}

impl InboxObject for InboxName {
    fn key(&self) -> String {
        format!("{FOLDER}/{}/{}/{}", self.space_id, self.document_id, self.name)
    }
}

impl InboxObject for ArchiveName {
    fn key(&self) -> String {
        format!("{ARCHIVES}/{}/{}/{}", self.space_id, self.import_id, self.name)
    }
}

impl InboxName {
    /// The name that a key stands for.
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.split('/');
        if parts.next() != Some(FOLDER) {
            return None;
        }
        let space_id = SpaceId::parse(parts.next()?).ok()?;
        let document_id = DocumentId::parse(parts.next()?).ok()?;
        let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
        parts.next().is_none().then_some(Self { space_id, document_id, name })
    }
}

impl Inbox {
    /// Uses the bucket of `ESPACE_INBOX_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_INBOX_BUCKET") }
    }

    /// Begins an upload; gives S3's name of it.
    pub async fn begin(&self, name: &impl InboxObject) -> Result<String, StorageError> {
        let answer = self
            .s3
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(name.key())
            .content_type("application/octet-stream")
            .send()
            .await
            .map_err(|e| StorageError::call("s3:CreateMultipartUpload", e))?;
        answer.upload_id.ok_or(StorageError::Corrupt { what: "upload without a name" })
    }

    /// The URL to which a part of exactly `size` bytes can be sent.
    pub async fn presign(
        &self,
        name: &impl InboxObject,
        upload_id: &str,
        number: u32,
        size: u64,
    ) -> Result<String, StorageError> {
        let corrupt = StorageError::Corrupt { what: "part to presign" };
        let config = PresigningConfig::expires_in(PART_URL_VALID_FOR)
            .map_err(|_| StorageError::Corrupt { what: "presigning time" })?;
        let request = self
            .s3
            .upload_part()
            .bucket(&self.bucket)
            .key(name.key())
            .upload_id(upload_id)
            .part_number(i32::try_from(number).map_err(|_| corrupt)?)
            // Signed: S3 refuses another length, so that nothing larger than announced
            // can come.
            .content_length(i64::try_from(size).unwrap_or(i64::MAX))
            .presigned(config)
            .await
            .map_err(|e| StorageError::call("s3:UploadPart", e))?;
        Ok(request.uri().to_owned())
    }

    /// The parts that have come; `None` where the upload is over or was never begun.
    pub async fn arrived(
        &self,
        name: &impl InboxObject,
        upload_id: &str,
    ) -> Result<Option<Vec<ArrivedPart>>, StorageError> {
        let answer = self
            .s3
            .list_parts()
            .bucket(&self.bucket)
            .key(name.key())
            .upload_id(upload_id)
            .send()
            .await;
        let output = match answer {
            Ok(output) => output,
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                return match code {
                    Some("NoSuchUpload") => Ok(None),
                    _ => Err(StorageError::call("s3:ListParts", error)),
                };
            }
        };
        let part = |part: &aws_sdk_s3::types::Part| {
            Some(ArrivedPart {
                number: u32::try_from(part.part_number()?).ok()?,
                etag: part.e_tag()?.to_owned(),
                size: u64::try_from(part.size()?).ok()?,
            })
        };
        Ok(Some(output.parts().iter().filter_map(part).collect()))
    }

    /// Puts the parts together. Done already, it is done.
    pub async fn complete(
        &self,
        name: &impl InboxObject,
        upload_id: &str,
        parts: &[ArrivedPart],
    ) -> Result<(), StorageError> {
        let parts = parts
            .iter()
            .map(|part| {
                CompletedPart::builder()
                    .part_number(i32::try_from(part.number).unwrap_or(i32::MAX))
                    .e_tag(&part.etag)
                    .build()
            })
            .collect();
        let answer = self
            .s3
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(name.key())
            .upload_id(upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                match code {
                    Some("NoSuchUpload") => Ok(()),
                    _ => Err(StorageError::call("s3:CompleteMultipartUpload", error)),
                }
            }
        }
    }

    /// Gives an upload up, with the parts that have come.
    pub async fn abort(
        &self,
        name: &impl InboxObject,
        upload_id: &str,
    ) -> Result<(), StorageError> {
        self.abort_key(&name.key(), upload_id).await
    }

    pub(crate) async fn abort_key(&self, key: &str, upload_id: &str) -> Result<(), StorageError> {
        let answer = self
            .s3
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                match code {
                    Some("NoSuchUpload") => Ok(()),
                    _ => Err(StorageError::call("s3:AbortMultipartUpload", error)),
                }
            }
        }
    }

    /// Reads a content that has come; `None` where it is not there.
    pub async fn read(&self, name: &impl InboxObject) -> Result<Option<FileStream>, StorageError> {
        let answer = self.s3.get_object().bucket(&self.bucket).key(name.key()).send().await;
        match answer {
            Ok(output) => Ok(Some(FileStream::new(output.body))),
            Err(error) => {
                match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                    // Its reader may list: what is not there is said not to be.
                    Some("NoSuchKey") => Ok(None),
                    _ => Err(StorageError::call("s3:GetObject", error)),
                }
            }
        }
    }

    /// Some bytes of a content that has come; `None` where it is not there.
    pub async fn read_range(
        &self,
        name: &impl InboxObject,
        (start, end): (u64, u64),
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let answer = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(name.key())
            .range(format!("bytes={start}-{}", end.saturating_sub(1)))
            .send()
            .await;
        match answer {
            Ok(output) => {
                let bytes = output.body.collect().await.map_err(|_| StorageError::Call {
                    operation: "s3:GetObject",
                    code: "the body broke off".to_owned(),
                    source: None,
                })?;
                Ok(Some(bytes.into_bytes().to_vec()))
            }
            Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                Some("NoSuchKey") => Ok(None),
                _ => Err(StorageError::call("s3:GetObject", error)),
            },
        }
    }

    /// Removes a content that was taken in, or refused.
    pub async fn delete(&self, name: &impl InboxObject) -> Result<(), StorageError> {
        self.delete_key(&name.key()).await
    }

    pub(crate) async fn delete_key(&self, key: &str) -> Result<(), StorageError> {
        self.s3
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:DeleteObject", e))
    }

    /// Contents that came before an instant and are still here: their event was lost.
    pub async fn forgotten(&self, before: Timestamp) -> Result<Vec<InboxName>, StorageError> {
        let mut forgotten = Vec::new();
        let mut from = None;
        for _ in 0..PAGES_MAX {
            let output = self
                .s3
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(format!("{FOLDER}/"))
                .max_keys(LISTED_MAX)
                .set_continuation_token(from)
                .send()
                .await
                .map_err(|e| StorageError::call("s3:ListObjectsV2", e))?;
            let is_old = |object: &&aws_sdk_s3::types::Object| {
                object.last_modified().is_some_and(|at| at.secs() < before.as_second())
            };
            let names = output.contents().iter().filter(is_old).filter_map(|object| object.key());
            forgotten.extend(names.filter_map(InboxName::parse));
            from = output.next_continuation_token;
            if from.is_none() {
                break;
            }
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_from_its_key_and_nothing_else_is() {
        let name = InboxName {
            space_id: SpaceId::from_bytes([1; 16]),
            document_id: DocumentId::from_bytes([2; 16]),
            name: "abc".to_owned(),
        };
        let key = name.key();
        assert_eq!(InboxName::parse(&key), Some(name));
        for other in ["", "uploads", "contents/a/b/c", &format!("{key}/x"), &format!("x{key}")] {
            assert_eq!(InboxName::parse(other), None, "{other}");
        }
    }
}
