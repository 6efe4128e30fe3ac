//! The writes by which a content that is kept becomes a document, or the next version of
//! one; small and large contents alike. Must not know how the content came, nor whether
//! it may be deposited.

use espace_crypto::SealingKey;
use espace_domain::decision::Labels;
use espace_domain::{DocumentId, DocumentType, Random, SpaceId};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::acts::Change;
use crate::{
    Author, Document, DocumentDetails, Documents, Provenance, RelationNames, StorageError,
};

/// Most versions of a document: an entry with all of them stays far below what an item
/// holds.
pub const VERSIONS_MAX: u32 = 50;

/// What a content becomes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A document.
    New(DocumentId),
    /// The next version of this one.
    Next(Box<Document>),
}

/// A content that is kept, and what is said of it.
#[derive(Debug, Clone)]
pub struct KeptContent {
    /// Its type.
    pub document_type: DocumentType,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// A remark.
    pub comment: Option<String>,
    /// Who is not to see it.
    pub labels: Labels,
    /// What its producer calls it.
    pub unique_id: Option<String>,
    /// The media type it is served as.
    pub content_type: &'static str,
    /// The ending of its file name.
    pub extension: &'static str,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// From which message it is filed, where it is.
    pub provenance: Option<Provenance>,
    /// Who deposits.
    pub author: Author,
    /// When it came.
    pub added_at: Timestamp,
    /// Where it lies.
    pub object: String,
    /// Its key, sealed under the space's to (space, document, version).
    pub content_key: Vec<u8>,
}

/// Where a content is put.
#[derive(Debug, Clone, Copy)]
pub struct Placing<'a> {
    /// The entries.
    pub documents: &'a Documents,
    /// The space.
    pub space_id: &'a SpaceId,
    /// Its content key.
    pub key: &'a SealingKey,
    /// The names of depositors' own names.
    pub names: &'a RelationNames,
    /// Draws nonces.
    pub random: &'a dyn Random,
}

impl Target {
    /// The document's name.
    pub fn document_id(&self) -> &DocumentId {
        match self {
            Self::New(document_id) => document_id,
            Self::Next(document) => &document.document_id,
        }
    }

    /// The version that a content becomes.
    pub fn version(&self) -> u32 {
        match self {
            Self::New(_) => 1,
            Self::Next(document) => document.details.version + 1,
        }
    }

    /// The labels of what is put there.
    pub fn labels_with(&self, said: Labels) -> Labels {
        match self {
            Self::New(_) => said,
            Self::Next(document) => said.with(document.details.labels()),
        }
    }

    /// Whether there is room for another version.
    pub fn has_room(&self) -> bool {
        self.version() <= VERSIONS_MAX
    }
}

impl Placing<'_> {
    /// The document as it will be, and the writes that make it so.
    pub fn place(
        &self,
        target: Target,
        content: KeptContent,
    ) -> Result<(Document, Vec<Change>), StorageError> {
        let version = target.version();
        let (document, entry) = match target {
            Target::New(document_id) => {
                let document = Document { document_id, write: 0, details: first(version, content) };
                let entry =
                    self.documents.create(self.space_id, &document, self.key, self.random)?;
                (document, entry)
            }
            Target::Next(mut document) => {
                document.details = next(document.details, version, content);
                let entry =
                    self.documents.replace(self.space_id, &document, self.key, self.random)?;
                document.write += 1;
                (*document, entry)
            }
        };
        let mut changes = vec![entry];
        for name in self.names_now(&document.details) {
            let claim = self.documents.claim_unique(self.space_id, &name, &document.document_id)?;
            changes.push(claim);
        }
        Ok((document, changes))
    }

    /// Whether a document, as placed, has just been hidden from the patient.
    pub fn is_newly_hidden(document: &Document) -> bool {
        let details = &document.details;
        details.invisible_patient && details.hidden_since == Some(details.added_at)
    }

    /// The names that lead to a document as it stands: by its kind where there is one of a
    /// kind, by what its producer calls it.
    fn names_now(&self, details: &DocumentDetails) -> Vec<String> {
        let kind = details.document_type;
        let sole = kind.is_statement().then(|| self.names.sole(self.space_id, kind));
        sole.into_iter().chain(self.called(&details.author, details.unique_id.as_ref())).collect()
    }

    /// The same, and by what the producers of its earlier versions called them: what is freed
    /// with it.
    pub fn names_ever(&self, details: &DocumentDetails) -> Vec<String> {
        let mut names = self.names_now(details);
        for past in &details.history {
            names.extend(self.called(&past.author, past.unique_id.as_ref()));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn called(&self, author: &Author, unique_id: Option<&String>) -> Option<String> {
        Some(self.names.unique(self.space_id, &author.depositor(), unique_id?))
    }
}

/// The details of a document's first version.
fn first(version: u32, content: KeptContent) -> DocumentDetails {
    DocumentDetails {
        version,
        document_type: content.document_type,
        title: content.title,
        event_date: content.event_date,
        comment: content.comment,
        content_type: content.content_type.to_owned(),
        extension: content.extension.to_owned(),
        size: content.size,
        sha256: content.sha256,
        author: content.author,
        added_at: content.added_at,
        masked: content.labels.masked,
        invisible_patient: content.labels.invisible_patient,
        hidden_since: content.labels.invisible_patient.then_some(content.added_at),
        invisible_representatives: content.labels.invisible_representatives,
        pinned: false,
        archived: false,
        folder: None,
        provenance: content.provenance,
        unique_id: content.unique_id,
        object: content.object,
        content_key: content.content_key,
        rules: std::collections::BTreeMap::new(),
        history: Vec::new(),
    }
}

/// The details of the next version: what was hidden stays hidden, what was chosen stays
/// chosen.
fn next(before: DocumentDetails, version: u32, content: KeptContent) -> DocumentDetails {
    let past = before.as_past();
    let labels = content.labels.with(before.labels());
    let mut details = first(version, KeptContent { labels, ..content });
    if before.invisible_patient {
        details.hidden_since = before.hidden_since;
    }
    details.pinned = before.pinned;
    details.archived = before.archived;
    details.folder = before.folder;
    details.rules = before.rules;
    details.history = before.history;
    details.history.push(past);
    details
}
