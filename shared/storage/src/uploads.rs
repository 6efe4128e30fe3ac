//! Large contents on their way: what was announced of each and where it stands, beside
//! the entries, under names of their own, so that no entry ever leads to a content that
//! has not come. Must not know what the content says, nor who may send it.

use espace_crypto::{Place, SealingKey};
use espace_domain::decision::Labels;
use espace_domain::{DocumentId, DocumentType, Random, SpaceId, TraceActor};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, Query, SCHEMA, Table, item, n, read, s};
use crate::{Author, Aws, Environment, InboxName, StorageError, documents, sealing};

/// The logical name in sealed places.
const TABLE: &str = "documents";
/// Before the names of uploads.
pub(crate) const UPLOAD: &str = "upload.";
/// How long a content may take to come, seconds.
const UPLOAD_VALIDITY_S: i64 = 24 * 3_600;
/// How long one that has come may take to be examined, seconds from its announcement: as
/// long as the inbox keeps it.
const CHECKING_S: i64 = 48 * 3_600;
/// Most uploads of one depositor that are on their way to a space at once: each may lie in the inbox.
pub const UPLOADS_OPEN_MAX: usize = 20;
/// Uploads looked at for how many are on their way, the failed of a month included.
const UPLOADS_LOOKED_AT: i32 = 200;
/// How long what became of an upload that failed can be read, seconds: a month.
const OUTCOME_KEPT_S: i64 = 30 * 24 * 3_600;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UploadState {
    /// Its parts are awaited.
    AwaitingContent,
    /// All have come; the content is being examined.
    Checking,
    /// It was refused; [`UploadDetails::reason`] says why.
    Rejected,
}

/// An upload as read: still sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedUpload {
    space_id: SpaceId,
    entry: String,
    schema: u8,
    write: u64,
    state: UploadState,
    sender: String,
    expires_at: i64,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// An upload, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The document it will be, or be a version of.
    pub document_id: DocumentId,
    /// Counts its writes.
    pub write: u64,
    /// Where it stands.
    pub state: UploadState,
    /// By what its depositor's are counted: a keyed hash.
    pub sender: String,
    /// What was announced.
    pub details: UploadDetails,
}

/// What was announced of a content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadDetails {
    /// The version it will be: 1 for a new document.
    pub version: u32,
    /// The type.
    pub document_type: DocumentType,
    /// The title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// A remark.
    pub comment: Option<String>,
    /// What of these was not said, and stays as it is when the content comes.
    #[serde(default)]
    pub inherited: Inherited,
    /// Who is not to see it.
    pub labels: Labels,
    /// What its producer calls it.
    pub unique_id: Option<String>,
    /// The media type it was announced as.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// Who deposits.
    pub author: Author,
    /// The same, for the trace.
    pub actor: TraceActor,
    /// When it was announced.
    pub begun_at: Timestamp,
    /// The name of its object in the inbox.
    pub name: String,
    /// The name S3 gave the upload.
    pub upload_id: String,
    /// Why it was refused.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What was not said of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inherited {
    /// Its title.
    pub title: bool,
    /// The day it is about.
    pub event_date: bool,
    /// A remark.
    pub comment: bool,
}

/// The uploads, in the table of documents.
#[derive(Debug, Clone)]
pub struct Uploads {
    table: Table,
}

impl Uploads {
    /// Uses the table of `ESPACE_DOCUMENTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_DOCUMENTS_TABLE") }
    }

    /// One upload.
    pub async fn find(
        &self,
        space_id: &SpaceId,
        document_id: &DocumentId,
        content_key: &SealingKey,
    ) -> Result<Option<Upload>, StorageError> {
        let found: Option<SealedUpload> = self.table.find(key(space_id, document_id)).await?;
        found.map(|found| found.open(content_key)).transpose()
    }

    /// The write of a new upload where there is none.
    pub fn create(
        &self,
        space_id: &SpaceId,
        upload: &Upload,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, upload, upload.write, key, random)?;
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#entry)")?;
        Ok(Change::new("upload", part))
    }

    /// How many uploads of a depositor are on their way to a space.
    pub async fn count_open(
        &self,
        space_id: &SpaceId,
        sender: &str,
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let query = Query {
            index: None,
            condition: "#spaceId = :space AND begins_with(#entry, :upload)",
            values: item([(":space", s(space_id.as_str())), (":upload", s(UPLOAD))]),
            start: None,
            limit: UPLOADS_LOOKED_AT,
        };
        let (items, _) = self.table.query_backwards(query).await?;
        let mut open = 0;
        for found in items {
            let found: SealedUpload = read(found)?;
            let begun = found.expires_at - OUTCOME_KEPT_S;
            let is_over = found.state == UploadState::Rejected
                || now.as_second() >= begun + UPLOAD_VALIDITY_S;
            open += usize::from(!is_over && found.sender == sender);
        }
        Ok(open)
    }

    /// The write of an upload that changed, refused where it was written since it was
    /// read.
    pub fn replace(
        &self,
        space_id: &SpaceId,
        upload: &Upload,
        key: &SealingKey,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let stored = sealed(space_id, upload, upload.write + 1, key, random)?;
        let values = item([(":seen", n(upload.write))]);
        let part = self.table.replace_in_transaction(&stored, "#write = :seen", values)?;
        Ok(Change::new("upload", part))
    }

    /// The write that removes an upload: it became a document.
    pub fn remove(&self, space_id: &SpaceId, upload: &Upload) -> Result<Change, StorageError> {
        let values = item([(":seen", n(upload.write))]);
        let key = key(space_id, &upload.document_id);
        let part = self.table.delete_if_in_transaction(key, "#write = :seen", values)?;
        Ok(Change::new("upload", part))
    }
}

impl SealedUpload {
    /// Opens it under the content key.
    pub fn open(&self, content_key: &SealingKey) -> Result<Upload, StorageError> {
        let corrupt = |_| StorageError::Corrupt { what: "name of an upload" };
        let name = self.entry.strip_prefix(UPLOAD).unwrap_or_default();
        let document_id = DocumentId::parse(name).map_err(corrupt)?;
        let place = place_key(&self.space_id, &document_id);
        let details = sealing::open(content_key, details_place(&place), &self.details)?;
        let (write, state, sender) = (self.write, self.state, self.sender.clone());
        Ok(Upload { document_id, write, state, sender, details })
    }
}

impl Upload {
    /// Where it stands at an instant: what has not come within its time is over, whether
    /// anything has noticed or not.
    pub fn state_at(&self, now: Timestamp) -> UploadState {
        if self.is_expired(now) { UploadState::Rejected } else { self.state }
    }

    /// Why it came to nothing.
    pub fn reason_at(&self, now: Timestamp) -> Option<&str> {
        if self.is_expired(now) { Some("upload-expired") } else { self.details.reason.as_deref() }
    }

    /// The name of its object in the inbox.
    pub fn inbox_name(&self, space_id: &SpaceId) -> InboxName {
        InboxName {
            space_id: space_id.clone(),
            document_id: self.document_id.clone(),
            name: self.details.name.clone(),
        }
    }

    /// Until when its parts may come.
    pub fn until(&self) -> Timestamp {
        let begun = self.details.begun_at;
        Timestamp::from_second(begun.as_second() + UPLOAD_VALIDITY_S).unwrap_or(begun)
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        let begun = self.details.begun_at.as_second();
        match self.state {
            UploadState::AwaitingContent => now >= self.until(),
            UploadState::Checking => now.as_second() >= begun + CHECKING_S,
            UploadState::Rejected => false,
        }
    }
}

impl UploadState {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwaitingContent => "awaitingContent",
            Self::Checking => "checking",
            Self::Rejected => "rejected",
        }
    }
}

fn sealed(
    space_id: &SpaceId,
    upload: &Upload,
    write: u64,
    key: &SealingKey,
    random: &dyn Random,
) -> Result<SealedUpload, StorageError> {
    let place = place_key(space_id, &upload.document_id);
    let details = sealing::seal(key, details_place(&place), &upload.details, random)?;
    Ok(SealedUpload {
        space_id: space_id.clone(),
        entry: format!("{UPLOAD}{}", upload.document_id),
        schema: SCHEMA,
        write,
        state: upload.state,
        sender: upload.sender.clone(),
        expires_at: upload.details.begun_at.as_second() + OUTCOME_KEPT_S,
        details,
    })
}

/// The key of an upload.
pub(crate) fn key(space_id: &SpaceId, document_id: &DocumentId) -> Item {
    documents::key(space_id, &format!("{UPLOAD}{document_id}"))
}

fn place_key(space_id: &SpaceId, document_id: &DocumentId) -> String {
    format!("{space_id}.{UPLOAD}{document_id}")
}

fn details_place(key: &str) -> Place<'_> {
    Place { table: TABLE, key, attribute: "details" }
}
