//! A content in the vault and the sealed key it opens with: pieces of it, in clear. Must not
//! know what it says, nor who reads it.

use espace_crypto::{ContentKey, ContentPlace, SealingKey, covering, open_content};

use crate::{StorageError, Vault};

/// Characters of the object's drawn name in the tag.
const TAG_CHARS: usize = 16;

/// A content that is kept.
#[derive(Debug, Clone, Copy)]
pub struct StoredContent<'a> {
    /// Whose, of what, which version: what its key is bound to.
    pub place: ContentPlace<'a>,
    /// Where it lies.
    pub object: &'a str,
    /// Its key, sealed under the space's.
    pub content_key: &'a [u8],
    /// Bytes.
    pub size: u64,
}

impl StoredContent<'_> {
    /// The bytes from `start` to before `end`; `None` where it was deleted.
    pub async fn read(
        &self,
        vault: &Vault,
        space_key: &SealingKey,
        (start, end): (u64, u64),
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let corrupt = || StorageError::Corrupt { what: "content" };
        let key = ContentKey::open(space_key, self.place, self.content_key);
        let key = key.map_err(|_| corrupt())?;
        let covered = covering(start, end, self.size).ok_or_else(corrupt)?;
        let Some(sealed) = vault.read(self.object, covered).await? else {
            return Ok(None);
        };
        let opened = open_content(&key, self.place, (start, end), self.size, &sealed);
        opened.map(Some).map_err(|_| corrupt())
    }

    /// The tag of the content: of this document and version alone, so that two spaces with
    /// the same content are not seen to have it.
    pub fn tag(&self) -> String {
        let draw = self.object.rsplit('.').next().unwrap_or_default();
        let draw: String = draw.chars().take(TAG_CHARS).collect();
        format!("\"{draw}.{}\"", self.place.version)
    }
}
