//! A proof on one page: title, facts, what it means, a QR code to check it.
//! Must not know what it proves.

use crate::letters::{Letter, PdfError, print};

/// A proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Who issues it.
    pub sender: String,
    /// Place and date line.
    pub dated: String,
    /// Its title.
    pub title: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
    /// What the QR code holds, and what to say of it to those who cannot see it.
    pub qr: Option<(String, String)>,
}

/// Writes a proof as tagged PDF (PDF/UA-1).
pub fn prove(proof: &Proof) -> Result<Vec<u8>, PdfError> {
    let letter = Letter {
        addressee: Vec::new(),
        sender: proof.sender.clone(),
        dated: proof.dated.clone(),
        subject: proof.title.clone(),
        text: proof.paragraphs.join("\n\n"),
        qr: proof.qr.clone(),
    };
    print(&proof.title, &[letter]).map(|(pdf, _)| pdf)
}
