//! What a deposit comes to, whether it came in one request or in parts: its entry, put
//! together from what the depositor says and what the document says of itself; whether
//! the document is the holder's; the verdict on its bytes.
//!
//! For: the vault and the job that takes in large uploads, which must judge alike. Must
//! not know: HTTP, storage, keys, nor whether the depositor may deposit.

mod entry;
mod patient;
mod verdict;

pub use entry::{COMMENT_CHARS_MAX, Entry, Said, TITLE_CHARS_MAX, clean, complete};
pub use patient::{PatientFacts, require_holders};
pub use verdict::{Examiner, examine};

/// Largest content of any deposit, bytes (issue: 100 MiB).
pub const CONTENT_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Why a deposit comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Fields of the entry are missing or wrong.
    #[error("invalid-entry")]
    Fields(Vec<FieldFault>),
    /// The entry and the document say different things.
    #[error("entry-disagrees")]
    Disagrees,
    /// The document names another patient.
    #[error("another-patient")]
    AnotherPatient,
    /// The bytes are not a document that is kept.
    #[error("{0}")]
    Content(espace_content::Refused),
    /// The bytes carry malware.
    #[error("malware-found")]
    Malware,
}

/// One field at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldFault {
    /// Where, as a JSON pointer into the entry.
    pub pointer: &'static str,
    /// What is wrong: `unknown-type`, `missing-field`, `too-long`.
    pub code: &'static str,
}
