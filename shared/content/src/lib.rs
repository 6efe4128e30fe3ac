//! What a document's bytes are, and whether they may be kept.
//!
//! For: deposits, small and large alike. The type is taken from the bytes, never from a
//! name or a claim; what could act on its reader's machine is refused, never rewritten
//! (rewriting would change the hash and break signatures); the header of a CDA or FHIR
//! document is read for the entry. Bytes are fed in pieces, so that memory stays flat.
//! Must not know: who deposits, keys, storage, HTTP. What is not judged here: fonts and
//! pictures inside a format, known malware (the port of the scanning service).

mod cda;
mod dicom;
mod embedded;
mod fhir;
mod fhir_media;
mod header;
mod inspector;
mod media;
mod pdf;
mod rtf;
mod text;
mod xml;

pub use header::{Header, PatientClaim, canonical_id};
pub use inspector::{Inspected, Inspector, STRUCTURED_BYTES_MAX, inspect};
pub use media::Media;

/// Why bytes may not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a type that is taken, or not a good one of its type.
    #[error("unsupported-content")]
    Unsupported,
    /// Nothing.
    #[error("empty-content")]
    Empty,
    /// It ends before its end.
    #[error("truncated-content")]
    Truncated,
    /// A program beside or inside the document.
    #[error("active-content")]
    Active,
    /// A part that cannot be inspected.
    #[error("unreadable-content")]
    Unreadable,
    /// More than is worth inspecting.
    #[error("too-complex-content")]
    TooComplex,
    /// A structured document larger than is read.
    #[error("structured-too-large")]
    StructuredTooLarge,
    /// XML or JSON that is not well formed, or that brings entities.
    #[error("malformed-document")]
    Malformed,
    /// Well formed, but not a clinical document.
    #[error("not-a-clinical-document")]
    NotClinical,
    /// It only points at a content that lies elsewhere.
    #[error("external-content")]
    External,
    /// It names more than one patient.
    #[error("several-patients")]
    SeveralPatients,
}

impl Refused {
    /// The name told to the depositor.
    pub fn name(self) -> String {
        self.to_string()
    }
}
