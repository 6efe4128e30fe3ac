//! The types that are taken. Must not know how bytes are recognised.

use serde::{Deserialize, Serialize};

/// A type of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Media {
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// TIFF.
    Tiff,
    /// A DICOM key image note or image.
    Dicom,
    /// RTF.
    Rtf,
    /// CDA R2.
    Cda,
    /// A FHIR R4 document.
    Fhir,
    /// Plain text in UTF-8.
    Text,
}

impl Media {
    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::Tiff,
        Self::Dicom,
        Self::Rtf,
        Self::Cda,
        Self::Fhir,
        Self::Text,
    ];

    /// The media type it is served as.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Tiff => "image/tiff",
            Self::Dicom => "application/dicom",
            Self::Rtf => "application/rtf",
            Self::Cda => "application/cda+xml",
            Self::Fhir => "application/fhir+json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The ending of a file name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Tiff => "tif",
            Self::Dicom => "dcm",
            Self::Rtf => "rtf",
            Self::Cda => "xml",
            Self::Fhir => "json",
            Self::Text => "txt",
        }
    }

    /// Whether a claimed media type means this one.
    pub fn is_claimed_by(self, claimed: &str) -> bool {
        let bare = claimed.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let names: &[&str] = match self {
            Self::Pdf => &["application/pdf"],
            Self::Png => &["image/png"],
            Self::Jpeg => &["image/jpeg", "image/jpg"],
            Self::Tiff => &["image/tiff"],
            Self::Dicom => &["application/dicom"],
            Self::Rtf => &["application/rtf", "text/rtf"],
            Self::Cda => {
                &["application/cda+xml", "application/xml", "text/xml", "application/hl7-v3+xml"]
            }
            Self::Fhir => &["application/fhir+json", "application/json"],
            Self::Text => &["text/plain"],
        };
        names.contains(&bare.as_str())
    }
}
