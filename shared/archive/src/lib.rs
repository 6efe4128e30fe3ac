//! The archive by which a person takes everything away: which files are in it, what they are
//! called, what they say, and how the archive itself is written.
//!
//! Pure: it makes bytes of what it is given. Must not know: where anything is stored or sealed,
//! who may see it, nor how the archive reaches the person.

mod conversation;
mod fhir;
mod manifest;
mod page;
mod paths;
mod unzip;
mod zip;

pub use conversation::{Conversation, mail_of, text_of};
pub use fhir::bundle;
pub use manifest::{FORMAT, ListedFile, Manifest};
pub use page::{Page, page};
pub use paths::Paths;
pub use unzip::{Archive, NotOurs, Stored, tail_bytes};
pub use zip::{Directory, PathTooLong};

use espace_domain::{DocumentId, DocumentType, Traits};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where the page stands that opens without any connection.
pub const PAGE: &str = "index.html";
/// Where the list of files stands.
pub const MANIFEST: &str = "manifeste.json";
/// Where stands what vouches for the manifest.
pub const SEAL: &str = "manifeste.sceau";
/// Where the data stand for another system.
pub const BUNDLE: &str = "donnees/fhir-r4.json";
/// Where they stand for this one.
pub const WHOLE: &str = "donnees/espace.json";
/// Where the log of accesses stands, chain by chain.
pub const LOG: &str = "journal";
/// How the log is verified.
pub const LOG_HELP: &str = "journal/verifier.txt";

/// Whose archive it is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Who they are.
    pub traits: Traits,
    /// The 13 characters of their NIR, where they are known.
    pub matricule: Option<String>,
    /// When the archive was made.
    pub made_at: Timestamp,
}

/// A version of a document that is in the archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptVersion {
    /// Of which document.
    pub document_id: DocumentId,
    /// Its number.
    pub version: u32,
    /// Whether another has replaced it.
    pub is_past: bool,
    /// Its type.
    pub document_type: DocumentType,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// A remark of its depositor.
    pub comment: Option<String>,
    /// Its media type.
    pub content_type: String,
    /// The ending of its name.
    pub extension: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// Who deposited it, in words.
    pub author: String,
    /// When it came.
    pub added_at: Timestamp,
    /// Where it is in the archive.
    pub path: String,
}
