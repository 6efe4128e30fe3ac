//! A content sealed into the vault as it comes, part by part: memory stays flat whatever its
//! size. Must not know what it is.

use espace_crypto::{CHUNK_BYTES, ContentKey, ContentPlace, ContentSealer};
use espace_domain::Random;

use crate::{StorageError, Vault, VaultUpload};

/// Sealed chunks of a part in the vault: 5 MiB and a little, what S3 asks of a part.
const PART_CHUNKS: usize = 81;

/// A content being sealed.
#[derive(Debug)]
pub struct SealedStream {
    upload: VaultUpload,
    sealer: ContentSealer,
    key: ContentKey,
    size: u64,
    /// Plain bytes of the chunk that is filling; kept until it is known whether it is the
    /// last.
    chunk: Vec<u8>,
    /// Sealed bytes of the part that is filling.
    part: Vec<u8>,
    chunks: usize,
}

impl SealedStream {
    /// Begins one under a name; nothing is there before it is finished.
    pub async fn begin(
        vault: &Vault,
        object: &str,
        place: ContentPlace<'_>,
        random: &dyn Random,
    ) -> Result<Self, StorageError> {
        let begun = ContentSealer::begin(place, random);
        let (sealer, key, version) = begun.map_err(|_| corrupt())?;
        Ok(Self {
            upload: vault.begin(object).await?,
            sealer,
            key,
            size: 0,
            chunk: Vec::with_capacity(CHUNK_BYTES + 16),
            part: vec![version],
            chunks: 0,
        })
    }

    /// Plain bytes taken so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.size += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.chunk.len() == CHUNK_BYTES {
                // More follows: this one is not the last.
                self.seal_chunk(false).await?;
            }
            let room = (CHUNK_BYTES - self.chunk.len()).min(rest.len());
            let (more, left) = rest.split_at(room);
            self.chunk.extend_from_slice(more);
            rest = left;
        }
        Ok(())
    }

    async fn seal_chunk(&mut self, is_last: bool) -> Result<(), StorageError> {
        self.sealer.seal(&mut self.chunk, is_last).map_err(|_| corrupt())?;
        self.part.append(&mut self.chunk);
        self.chunks += 1;
        if self.chunks == PART_CHUNKS && !is_last {
            self.chunks = 0;
            // Given away: the next part needs as much again.
            let part = std::mem::take(&mut self.part);
            self.upload.part(part).await?;
        }
        Ok(())
    }

    /// Seals what is left: its key, and the writing, to be finished or given up.
    pub async fn seal(mut self) -> Result<(ContentKey, VaultUpload), StorageError> {
        self.seal_chunk(true).await?;
        self.upload.part(self.part).await?;
        Ok((self.key, self.upload))
    }

    /// Gives it up.
    pub async fn abort(self) -> Result<(), StorageError> {
        self.upload.abort().await
    }
}

fn corrupt() -> StorageError {
    StorageError::Corrupt { what: "content to be sealed" }
}
