//! What was on its way to a space that is erased: contents that nobody has judged yet are not
//! under its key, so that destroying the key does not reach them. Must not know why.

use espace_domain::SpaceId;

use crate::inbox::{FOLDERS, LISTED_MAX, PAGES_MAX};
use crate::{Inbox, StorageError};

impl Inbox {
    /// Removes what has come for a space and gives up what is coming; again, it finds nothing.
    pub async fn forget(&self, space_id: &SpaceId) -> Result<(), StorageError> {
        for folder in FOLDERS {
            let prefix = format!("{folder}/{space_id}/");
            self.give_up(&prefix).await?;
            self.remove(&prefix).await?;
        }
        Ok(())
    }

    /// Gives up uploads that are under way; a part that comes now belongs to none.
    async fn give_up(&self, prefix: &str) -> Result<(), StorageError> {
        for _ in 0..PAGES_MAX {
            let listed = self
                .s3
                .list_multipart_uploads()
                .bucket(&self.bucket)
                .prefix(prefix)
                .send()
                .await
                .map_err(|e| StorageError::call("s3:ListMultipartUploads", e))?;
            for upload in listed.uploads() {
                if let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) {
                    self.abort_key(key, id).await?;
                }
            }
            // Those that were listed are gone: what is left begins a new listing.
            if listed.is_truncated() != Some(true) {
                return Ok(());
            }
        }
        Err(StorageError::Contended { what: "uploads of a space that keep coming" })
    }

    /// Removes what has come.
    async fn remove(&self, prefix: &str) -> Result<(), StorageError> {
        for _ in 0..PAGES_MAX {
            let listed = self
                .s3
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .max_keys(LISTED_MAX)
                .send()
                .await
                .map_err(|e| StorageError::call("s3:ListObjectsV2", e))?;
            for key in listed.contents().iter().filter_map(|object| object.key()) {
                self.delete_key(key).await?;
            }
            if listed.is_truncated() != Some(true) {
                return Ok(());
            }
        }
        Err(StorageError::Contended { what: "contents of a space that keep coming" })
    }
}
