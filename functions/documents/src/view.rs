//! A document as the API shows it.
//!
//! Must not know: how it is stored.

use espace_content::Header;
use espace_domain::decision::{Labels, Party};
use espace_domain::{DocumentId, MatrixGroup, ThreadId};
use espace_storage::{Author, Document, Provenance, Upload};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

/// A document's entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentView {
    #[schema(value_type = String)]
    document_id: DocumentId,
    version: u32,
    /// `available`; of a large content that comes or came to nothing: `awaitingContent`,
    /// `checking`, `rejected`.
    state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The category it is shown under.
    category: Option<&'static str>,
    type_code: &'static str,
    /// The type in French.
    type_name: &'static str,
    title: String,
    event_date: Date,
    comment: Option<String>,
    content_type: String,
    size: u64,
    sha256: String,
    author: AuthorView,
    added_at: Timestamp,
    /// Where it came from, where it was filed from a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<ProvenanceView>,
    /// `MASQUE_PS`, `INVISIBLE_PATIENT`, `INVISIBLE_REPRESENTANTS_LEGAUX`.
    visibility: Vec<&'static str>,
    /// Of a deposit: what its depositor should look at. `matricule-key`: the key of the
    /// patient's number is wrong in the document; the number is theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
    /// What the holder's side has at hand; not for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    /// What the holder's side put away; not for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<bool>,
    /// The folder that the holder's side put it in; not for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

/// From which message it was filed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProvenanceView {
    /// Who sent it.
    sender: Option<String>,
    sent_at: Timestamp,
    /// The conversation; not for others than the holder's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    thread_id: Option<ThreadId>,
}

impl ProvenanceView {
    fn of(from: Provenance, party: Party) -> Self {
        Self {
            sender: from.sender,
            sent_at: from.sent_at,
            thread_id: party.is_own_side().then_some(from.thread_id),
        }
    }
}

/// Who deposited it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorView {
    kind: String,
    /// A professional's RPPS number.
    id: Option<String>,
    name: Option<String>,
    profession: Option<String>,
    /// The profession in French.
    profession_name: Option<&'static str>,
    structure: Option<String>,
}

impl DocumentView {
    /// A document as a party sees it.
    pub(crate) fn of(document: Document, party: Party) -> Self {
        let details = document.details;
        let own = |mark: bool| party.is_own_side().then_some(mark);
        let labels = details.labels();
        Self {
            document_id: document.document_id,
            version: details.version,
            state: "available",
            reason: None,
            category: details.document_type.category(),
            type_code: details.document_type.code(),
            type_name: details.document_type.display(),
            title: details.title,
            event_date: details.event_date,
            comment: details.comment,
            content_type: details.content_type,
            size: details.size,
            sha256: details.sha256,
            author: AuthorView::from(details.author),
            provenance: details.provenance.map(|from| ProvenanceView::of(from, party)),
            added_at: details.added_at,
            visibility: names_of(labels),
            warnings: Vec::new(),
            pinned: own(details.pinned),
            archived: own(details.archived),
            folder: details.folder.filter(|_| party.is_own_side()),
        }
    }

    /// The same, with what its depositor should look at.
    pub(crate) fn warned(mut self, header: Option<&Header>) -> Self {
        let has_wrong_key = header.is_some_and(|header| header.patient.has_wrong_key);
        self.warnings.extend(has_wrong_key.then_some("matricule-key"));
        self
    }

    /// A content on its way, as its depositor sees it.
    pub(crate) fn of_upload(upload: Upload, party: Party, now: Timestamp) -> Self {
        let reason = upload.reason_at(now).map(str::to_owned);
        let state = upload.state_at(now).name();
        let details = upload.details;
        let own = party.is_own_side().then_some(false);
        Self {
            document_id: upload.document_id,
            version: details.version,
            state,
            reason,
            category: details.document_type.category(),
            type_code: details.document_type.code(),
            type_name: details.document_type.display(),
            title: details.title,
            event_date: details.event_date,
            comment: details.comment,
            content_type: details.content_type,
            size: details.size,
            sha256: details.sha256,
            author: AuthorView::from(details.author),
            provenance: None,
            added_at: details.begun_at,
            visibility: names_of(details.labels),
            warnings: Vec::new(),
            pinned: own,
            archived: own,
            folder: None,
        }
    }
}

/// The labels that are set, by their names in value set J08.
fn names_of(labels: Labels) -> Vec<&'static str> {
    let named = [
        ("MASQUE_PS", labels.masked),
        ("INVISIBLE_PATIENT", labels.invisible_patient),
        ("INVISIBLE_REPRESENTANTS_LEGAUX", labels.invisible_representatives),
    ];
    named.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect()
}

impl From<Author> for AuthorView {
    fn from(author: Author) -> Self {
        let Author { kind, id, name, profession, structure } = author;
        let profession_name = profession.as_deref().and_then(MatrixGroup::profession_display);
        Self { kind, id, name, profession, profession_name, structure }
    }
}
