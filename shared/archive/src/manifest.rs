//! The list of an archive's files, each with its hash: whoever has the archive sees that
//! nothing is missing and nothing was changed. Must not know how the files are packed.

use espace_domain::SpaceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The format of an archive.
pub const FORMAT: &str = "espace-export/1";

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Of which space.
    pub space_id: SpaceId,
    /// When it was made.
    pub made_at: Timestamp,
    /// Every file but this one, in the order of the archive.
    pub files: Vec<ListedFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its path.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}
