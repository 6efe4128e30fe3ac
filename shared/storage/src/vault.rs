//! The vault: sealed contents, one object each, under names that tell nothing of what they
//! say. A name begins with the day the content came, so that a sweep looks at days. Must
//! not know what is sealed.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::SealedRange;
use espace_domain::{DocumentId, ExportId, Random, SpaceId};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::{Aws, Environment, StorageError};

/// Random bytes in an object's name.
const NAME_BYTES: usize = 20;
/// Before every name.
const FOLDER: &str = "contents";
/// Objects of one page of a listing.
const LISTED_MAX: i32 = 1_000;

/// The bucket of contents.
#[derive(Debug, Clone)]
pub struct Vault {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// A content being written in parts.
#[derive(Debug)]
pub struct VaultUpload {
    vault: Vault,
    key: String,
    upload_id: String,
    parts: Vec<CompletedPart>,
}

/// What a name of an object stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// The name.
    pub object: String,
    /// Whose it is.
    pub space_id: SpaceId,
    /// Which document's.
    pub document_id: DocumentId,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name, as the bucket has it.
    pub name: String,
    /// When it came.
    pub at: Timestamp,
}

impl ObjectName {
    /// Reads a name; `None` for one that nothing of ours gave.
    pub fn parse(object: &str) -> Option<Self> {
        let mut parts = object.split('/');
        let _day: Date = parts.next()?.parse().ok()?;
        let space_id = SpaceId::parse(parts.next()?).ok()?;
        let document_id = DocumentId::parse(parts.next()?).ok()?;
        let _version_and_draw = parts.next().filter(|last| !last.is_empty())?;
        let is_over = parts.next().is_none();
        is_over.then(|| Self { object: object.to_owned(), space_id, document_id })
    }
}

impl Vault {
    /// Uses the bucket of `ESPACE_VAULT_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_VAULT_BUCKET") }
    }

    /// Uses the bucket of `ESPACE_EXPORTS_BUCKET`: what is made for persons to take away.
    pub fn of_exports(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_EXPORTS_BUCKET") }
    }

    /// A new name for a piece of an archive: `day/space/export/number.draw`.
    pub fn piece_name(
        (space_id, export_id, number): (&SpaceId, &ExportId, u32),
        now: Timestamp,
        random: &dyn Random,
    ) -> String {
        named((space_id.as_str(), export_id.as_str(), number), now, random)
    }

    /// A new name for a content that comes at `now`:
    /// `day/space/document/version.draw`.
    pub fn name(
        (space_id, document_id, version): (&SpaceId, &DocumentId, u32),
        now: Timestamp,
        random: &dyn Random,
    ) -> String {
        named((space_id.as_str(), document_id.as_str(), version), now, random)
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

    /// Begins a content that is written in parts; nothing is there before it is finished.
    pub async fn begin(&self, object: &str) -> Result<VaultUpload, StorageError> {
        let key = object_key(object);
        let answer = self
            .s3
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(&key)
            .content_type("application/octet-stream")
            // Said here, since the SDK sends it with each part and S3 wants both to agree.
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .send()
            .await
            .map_err(|e| StorageError::call("s3:CreateMultipartUpload", e))?;
        let upload_id = answer.upload_id;
        let upload_id = upload_id.ok_or(StorageError::Corrupt { what: "upload without a name" })?;
        Ok(VaultUpload { vault: self.clone(), key, upload_id, parts: Vec::new() })
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

    /// Whether something is under a name. For who may list; others are told it is not.
    pub async fn is_there(&self, object: &str) -> Result<bool, StorageError> {
        let key = object_key(object);
        match self.s3.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => {
                Ok(false)
            }
            Err(error) => Err(StorageError::call("s3:HeadObject", error)),
        }
    }

    /// A page of what came on a day, and where the next begins.
    pub async fn of_day(
        &self,
        day: Date,
        from: Option<String>,
    ) -> Result<(Vec<StoredObject>, Option<String>), StorageError> {
        let output = self
            .s3
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(format!("{FOLDER}/{day}/"))
            .max_keys(LISTED_MAX)
            .set_continuation_token(from)
            .send()
            .await
            .map_err(|e| StorageError::call("s3:ListObjectsV2", e))?;
        let stored = |object: &aws_sdk_s3::types::Object| {
            let name = object.key()?.strip_prefix(FOLDER)?.strip_prefix('/')?.to_owned();
            let at = Timestamp::from_second(object.last_modified()?.secs()).ok()?;
            Some(StoredObject { name, at })
        };
        let objects = output.contents().iter().filter_map(stored).collect();
        Ok((objects, output.next_continuation_token))
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

impl VaultUpload {
    /// Writes the next part: 5 MiB at least, but for the last.
    pub async fn part(&mut self, sealed: Vec<u8>) -> Result<(), StorageError> {
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let answer = self
            .vault
            .s3
            .upload_part()
            .bucket(&self.vault.bucket)
            .key(&self.key)
            .upload_id(&self.upload_id)
            .part_number(number)
            .body(ByteStream::from(sealed))
            .send()
            .await
            .map_err(|e| StorageError::call("s3:UploadPart", e))?;
        self.parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(answer.e_tag)
                .set_checksum_crc32(answer.checksum_crc32)
                .build(),
        );
        Ok(())
    }

    /// Puts the parts together: now the content is there.
    pub async fn finish(self) -> Result<(), StorageError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts)).build();
        self.vault
            .s3
            .complete_multipart_upload()
            .bucket(&self.vault.bucket)
            .key(&self.key)
            .upload_id(&self.upload_id)
            .multipart_upload(parts)
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:CompleteMultipartUpload", e))
    }

    /// Gives the content up. What cannot be given up now, the bucket does within a day.
    pub async fn abort(self) -> Result<(), StorageError> {
        self.vault
            .s3
            .abort_multipart_upload()
            .bucket(&self.vault.bucket)
            .key(&self.key)
            .upload_id(&self.upload_id)
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:AbortMultipartUpload", e))
    }
}

/// `day/space/what/number.draw`.
fn named((space, what, number): (&str, &str, u32), now: Timestamp, random: &dyn Random) -> String {
    let mut bytes = [0; NAME_BYTES];
    random.fill(&mut bytes);
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let draw = BASE64URL_NOPAD.encode(&bytes);
    format!("{day}/{space}/{what}/{number}.{draw}")
}

fn object_key(object: &str) -> String {
    format!("{FOLDER}/{object}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use espace_crypto::SystemRandom;

    #[test]
    fn a_name_says_the_day_and_whose_it_is_and_is_read_back() {
        let space_id = SpaceId::from_bytes([1; 16]);
        let document_id = DocumentId::from_bytes([2; 16]);
        let object =
            Vault::name((&space_id, &document_id, 3), Timestamp::UNIX_EPOCH, &SystemRandom);
        assert!(object.starts_with("1970-01-01/"), "{object}");
        let read = ObjectName { object: object.clone(), space_id, document_id };
        assert_eq!(ObjectName::parse(&object), Some(read));
        for other in ["", "x", "1970-01-01/a/b/c", &format!("{object}/x")] {
            assert_eq!(ObjectName::parse(other), None, "{other}");
        }
    }
}
