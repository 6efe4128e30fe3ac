//! Letters as tagged PDF (PDF/UA-1), pure: text in, bytes out.
//!
//! For: what goes on paper or is downloaded as proof. Must not know: who is
//! written to or why, nor any clock; the same text gives the same bytes.

mod layout;
mod letters;
mod proof;
mod qr;

pub use letters::{Letter, LetterPages, PdfError, print};
pub use proof::{Proof, prove};
