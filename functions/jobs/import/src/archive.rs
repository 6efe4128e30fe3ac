//! An archive where it lies: its files by name, each as its manifest says.
//!
//! Must not know: what is made of them.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256, digest};
use data_encoding::HEXLOWER;
use espace_archive::{
    Archive as Directory, FORMAT, MANIFEST, Manifest, SEAL, Stored, WHOLE, tail_bytes,
};
use espace_crypto::{ContentPlace, MacPurpose, SealingKey, same_tag};
use espace_domain::{DocumentId, SpaceId};
use espace_jobs::JobError;
use espace_storage::{ArchiveName, KeyName, SealedStream, Vault};
use jiff::Timestamp;
use serde_json::Value;

use crate::App;

/// Longest directory and manifest, bytes: read before anything vouches for them.
const UNVOUCHED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Longest data that are read, bytes.
const HELD_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of a content read at once.
const READ_BYTES: u64 = 1024 * 1024;

/// Why an archive is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is no archive of ours.
    NotOurs,
    /// It is one, of someone else or changed since.
    NotTheirs,
    /// A file is not what the manifest says.
    Damaged,
    /// It was taken from this very space: what was removed here since would come back.
    SameSpace,
    /// It is not there any more.
    Gone,
}

/// Why reading came to nothing.
pub(crate) enum Unread {
    /// The archive is at fault.
    Refused(Refusal),
    /// Something else is: it is tried again.
    Failed(JobError),
}

/// An archive whose seal is good.
pub(crate) struct Archive<'a> {
    app: &'a App,
    name: ArchiveName,
    files: HashMap<String, Stored>,
    hashes: HashMap<String, String>,
    /// The data for this system.
    pub(crate) whole: Value,
}

/// A content that was copied into the vault.
pub(crate) struct Copied {
    pub(crate) object: String,
    pub(crate) content_key: Vec<u8>,
}

impl Refusal {
    /// The name by which it is told.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotOurs => "not-an-archive",
            Self::NotTheirs => "not-yours",
            Self::Damaged => "damaged",
            Self::SameSpace => "same-space",
            Self::Gone => "gone",
        }
    }
}

impl<E: Into<JobError>> From<E> for Unread {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<'a> Archive<'a> {
    /// Opens it: its directory, its manifest with what vouches for it, its data.
    pub(crate) async fn open(
        app: &'a App,
        name: ArchiveName,
        size: u64,
        matricule: &str,
    ) -> Result<Self, Unread> {
        let not_ours = |_| Unread::Refused(Refusal::NotOurs);
        let tail = bytes(app, &name, (size.saturating_sub(tail_bytes(size)), size)).await?;
        let directory = Directory::of_tail(&tail, size).map_err(not_ours)?;
        if directory.end - directory.start > UNVOUCHED_BYTES_MAX {
            return Err(Unread::Refused(Refusal::NotOurs));
        }
        let listed = bytes(app, &name, (directory.start, directory.end)).await?;
        let files = directory.files(&listed).map_err(not_ours)?;
        let mut archive = Self { app, name, files, hashes: HashMap::new(), whole: Value::Null };
        let manifest = archive.unlisted(MANIFEST).await?;
        let seal = archive.unlisted(SEAL).await?;
        let key = app.keys.mac(KeyName::Archive).await?;
        let tag = key.tag(MacPurpose::Archive, &[matricule.as_bytes(), &manifest]);
        if !same_tag(HEXLOWER.encode(&tag).as_bytes(), &seal) {
            return Err(Unread::Refused(Refusal::NotTheirs));
        }
        let manifest: Manifest =
            serde_json::from_slice(&manifest).map_err(|_| Unread::Refused(Refusal::NotOurs))?;
        if manifest.format != FORMAT {
            return Err(Unread::Refused(Refusal::NotOurs));
        }
        if manifest.space_id == archive.name.space_id {
            return Err(Unread::Refused(Refusal::SameSpace));
        }
        archive.hashes = manifest.files.into_iter().map(|file| (file.path, file.sha256)).collect();
        let whole = archive.held(WHOLE).await?;
        archive.whole =
            serde_json::from_slice(&whole).map_err(|_| Unread::Refused(Refusal::Damaged))?;
        Ok(archive)
    }

    /// A file that no manifest lists.
    async fn unlisted(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let stored = self.files.get(path).filter(|file| file.size <= UNVOUCHED_BYTES_MAX);
        let stored = stored.ok_or(Unread::Refused(Refusal::NotOurs))?;
        bytes(self.app, &self.name, (stored.start, stored.start + stored.size)).await
    }

    /// A file that is held in memory, as the manifest says.
    async fn held(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let (stored, sha256) = self.listed(path)?;
        let range = (stored.start, stored.start + stored.size);
        let bytes = bytes(self.app, &self.name, range).await?;
        if HEXLOWER.encode(digest(&SHA256, &bytes).as_ref()) != sha256 {
            return Err(Unread::Refused(Refusal::Damaged));
        }
        Ok(bytes)
    }

    fn listed(&self, path: &str) -> Result<(Stored, &str), Unread> {
        let stored = self.files.get(path).copied();
        let sha256 = self.hashes.get(path).map(String::as_str);
        stored.zip(sha256).ok_or(Unread::Refused(Refusal::Damaged))
    }

    /// Copies a file into the vault, as a version of a document.
    pub(crate) async fn copy(
        &self,
        path: &str,
        (space_id, document_id, version): (&SpaceId, &DocumentId, u32),
        (expected, key): (&str, &SealingKey),
        now: Timestamp,
    ) -> Result<Copied, Unread> {
        let (stored, sha256) = self.listed(path)?;
        if sha256 != expected {
            return Err(Unread::Refused(Refusal::Damaged));
        }
        let random = self.app.random.as_ref();
        let object = Vault::name((space_id, document_id, version), now, random);
        let place =
            ContentPlace { space: space_id.as_str(), document: document_id.as_str(), version };
        let mut stream = SealedStream::begin(&self.app.vault, &object, place, random).await?;
        let mut hash = Context::new(&SHA256);
        let (mut at, end) = (stored.start, stored.start + stored.size);
        while at < end {
            let next = (at + READ_BYTES).min(end);
            let read = bytes(self.app, &self.name, (at, next)).await?;
            hash.update(&read);
            stream.write(&read).await?;
            at = next;
        }
        if HEXLOWER.encode(hash.finish().as_ref()) != sha256 {
            stream.abort().await?;
            return Err(Unread::Refused(Refusal::Damaged));
        }
        let (content_key, upload) = stream.seal().await?;
        upload.finish().await?;
        let content_key = content_key
            .seal(key, place, random)
            .map_err(|_| Unread::Failed(JobError::Work("a key was not sealed")))?;
        Ok(Copied { object, content_key })
    }
}

/// Some bytes of it.
async fn bytes(app: &App, name: &ArchiveName, (start, end): (u64, u64)) -> Result<Vec<u8>, Unread> {
    if start >= end {
        return Ok(Vec::new());
    }
    if end - start > HELD_BYTES_MAX {
        return Err(Unread::Refused(Refusal::NotOurs));
    }
    let read = app.inbox.read_range(name, (start, end)).await?;
    let read = read.ok_or(Unread::Refused(Refusal::Gone))?;
    if read.len() as u64 != end - start {
        return Err(Unread::Refused(Refusal::NotOurs));
    }
    Ok(read)
}
