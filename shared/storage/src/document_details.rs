//! What is known of a document, sealed in its entry. Must not know how it is stored, nor
//! who may see it.

use std::collections::BTreeMap;

use espace_domain::DocumentType;
use espace_domain::decision::{Labels, RuleEffect};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is known of a document.
#[expect(clippy::struct_excessive_bools, reason = "labels and marks apart from each other")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentDetails {
    /// The version of its content, from 1.
    pub version: u32,
    /// Its type.
    pub document_type: DocumentType,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// A remark of its depositor.
    pub comment: Option<String>,
    /// The media type it is served as.
    pub content_type: String,
    /// The ending of its file name.
    pub extension: String,
    /// Bytes of its content.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Who deposited it.
    pub author: Author,
    /// When it came.
    pub added_at: Timestamp,
    /// `MASQUE_PS`.
    pub masked: bool,
    /// `INVISIBLE_PATIENT`.
    pub invisible_patient: bool,
    /// Since when it is hidden from the patient, where it is.
    #[serde(default)]
    pub hidden_since: Option<Timestamp>,
    /// `INVISIBLE_REPRESENTANTS_LEGAUX`.
    pub invisible_representatives: bool,
    /// Pinned in its holder's view.
    #[serde(default)]
    pub pinned: bool,
    /// Put away in its holder's view.
    #[serde(default)]
    pub archived: bool,
    /// The folder it is in, in its holder's view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Where it came from, where it was filed from a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What its producer calls it.
    pub unique_id: Option<String>,
    /// Where its content lies ([`crate::Vault::name`]).
    pub object: String,
    /// The content's key, sealed under the space's.
    #[serde(with = "serde_bytes")]
    pub content_key: Vec<u8>,
    /// What the holder chose about it for one professional, by RPPS number.
    #[serde(default)]
    pub rules: BTreeMap<String, RuleEffect>,
    /// The versions before this one, oldest first.
    #[serde(default)]
    pub history: Vec<PastVersion>,
}

/// A version that another has replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastVersion {
    /// Its number.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// A remark of its depositor.
    pub comment: Option<String>,
    /// The media type it is served as.
    pub content_type: String,
    /// The ending of its file name.
    pub extension: String,
    /// Bytes of its content.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Who deposited it.
    pub author: Author,
    /// When it came.
    pub added_at: Timestamp,
    /// What its producer calls it.
    pub unique_id: Option<String>,
    /// Where its content lies.
    pub object: String,
    /// The content's key, sealed under the space's.
    #[serde(with = "serde_bytes")]
    pub content_key: Vec<u8>,
}

/// From which message a document was filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// Who sent it: their name.
    pub sender: Option<String>,
    /// Their RPPS number.
    pub rpps: Option<String>,
    /// When.
    pub sent_at: Timestamp,
    /// The conversation.
    pub thread_id: espace_domain::ThreadId,
    /// The message's number in it.
    pub number: u32,
}

/// Who deposited a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The kind of party.
    pub kind: String,
    /// A professional's RPPS number.
    pub id: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their profession's code.
    pub profession: Option<String>,
    /// Where they work.
    pub structure: Option<String>,
}

impl DocumentDetails {
    /// Its labels, as a decision takes them.
    pub fn labels(&self) -> Labels {
        Labels {
            masked: self.masked,
            invisible_patient: self.invisible_patient,
            invisible_representatives: self.invisible_representatives,
        }
    }

    /// Shows it to the patient.
    pub fn reveal(&mut self) {
        self.invisible_patient = false;
        self.hidden_since = None;
    }

    /// Every object that the entry leads to.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let past = self.history.iter().map(|version| version.object.as_str());
        past.chain(std::iter::once(self.object.as_str()))
    }

    /// Whether a content was deposited under this name, in this version or an earlier one.
    pub fn holds(&self, unique_id: Option<&str>, sha256: &str) -> bool {
        let past = self.history.iter().map(|v| (v.unique_id.as_deref(), v.sha256.as_str()));
        let now = std::iter::once((self.unique_id.as_deref(), self.sha256.as_str()));
        past.chain(now).any(|found| found == (unique_id, sha256))
    }

    /// Whether a version of it was deposited under this name.
    pub fn is_called(&self, unique_id: &str) -> bool {
        let past = self.history.iter().filter_map(|version| version.unique_id.as_deref());
        past.chain(self.unique_id.as_deref()).any(|called| called == unique_id)
    }

    /// A version as one of the past, the one that stands included.
    pub fn version(&self, number: u32) -> Option<PastVersion> {
        if number == self.version {
            return Some(self.as_past());
        }
        self.history.iter().find(|past| past.version == number).cloned()
    }

    /// The details as they stood while a version was the newest; `None` where there is no such
    /// version. What was chosen about the document stays as it is.
    #[must_use]
    pub fn as_of(&self, version: u32) -> Option<Self> {
        let PastVersion {
            version,
            title,
            event_date,
            comment,
            content_type,
            extension,
            size,
            sha256,
            author,
            added_at,
            unique_id,
            object,
            content_key,
        } = self.version(version)?;
        let history = self.history.iter().filter(|past| past.version < version).cloned().collect();
        Some(Self {
            version,
            title,
            event_date,
            comment,
            content_type,
            extension,
            size,
            sha256,
            author,
            added_at,
            unique_id,
            object,
            content_key,
            history,
            ..self.clone()
        })
    }

    /// What stands, as it will be once another replaces it.
    pub fn as_past(&self) -> PastVersion {
        PastVersion {
            version: self.version,
            title: self.title.clone(),
            event_date: self.event_date,
            comment: self.comment.clone(),
            content_type: self.content_type.clone(),
            extension: self.extension.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
            author: self.author.clone(),
            added_at: self.added_at,
            unique_id: self.unique_id.clone(),
            object: self.object.clone(),
            content_key: self.content_key.clone(),
        }
    }
}

impl Author {
    /// By what a depositor's own names are theirs: the holder's side is one depositor.
    pub fn depositor(&self) -> String {
        match (self.kind.as_str(), &self.id) {
            ("professional", Some(rpps)) => format!("professional.{rpps}"),
            ("insurer", _) => "insurer".to_owned(),
            _ => "own-side".to_owned(),
        }
    }
}
