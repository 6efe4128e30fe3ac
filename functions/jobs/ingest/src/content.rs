//! A content as it streams by: examined, hashed, sealed into the vault part by part.
//!
//! Must not know: whose it is beyond the place it is sealed to, nor what is said of it.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use espace_content::Inspected;
use espace_crypto::{CHUNK_BYTES, ContentKey, ContentPlace, ContentSealer};
use espace_deposit::{Examiner, Fault};
use espace_domain::Random;
use espace_jobs::JobError;
use espace_storage::{FileStream, Vault, VaultUpload};

/// Sealed chunks of a part in the vault: 5 MiB and a little, what S3 asks of a part.
const PART_CHUNKS: usize = 81;

/// Why a content is not kept.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// More bytes or fewer than announced.
    Size,
    /// Other bytes than announced.
    Hash,
    /// What its bytes are.
    Content(Fault),
}

/// A content in the vault, that nothing leads to yet.
#[derive(Debug)]
pub(crate) struct Sealed {
    /// What it is.
    pub(crate) inspected: Inspected,
    /// The key it is sealed under.
    pub(crate) key: ContentKey,
    /// Its writing, to be finished or given up.
    pub(crate) upload: VaultUpload,
}

/// What was announced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// Bytes.
    pub(crate) size: u64,
    /// SHA-256, in hexadecimal.
    pub(crate) sha256: &'a str,
}

/// Streams a content into the vault. What is refused is given up there.
pub(crate) async fn seal(
    vault: &Vault,
    object: &str,
    place: ContentPlace<'_>,
    mut stream: FileStream,
    expected: Expected<'_>,
    random: &dyn Random,
) -> Result<Result<Sealed, Refusal>, JobError> {
    let mut writing = Writing::begin(vault.begin(object).await?, place, random)?;
    while let Some(bytes) = stream.next().await? {
        if let Err(refusal) = writing.take(&bytes, expected.size).await? {
            writing.upload.abort().await?;
            return Ok(Err(refusal));
        }
    }
    writing.finish(expected).await
}

/// A content being written.
struct Writing {
    upload: VaultUpload,
    sealer: ContentSealer,
    key: ContentKey,
    examiner: Examiner,
    digest: Context,
    size: u64,
    /// Plain bytes of the chunk that is filling; kept until it is known whether it is the
    /// last.
    chunk: Vec<u8>,
    /// Sealed bytes of the part that is filling.
    part: Vec<u8>,
    chunks: usize,
}

impl Writing {
    fn begin(
        upload: VaultUpload,
        place: ContentPlace<'_>,
        random: &dyn Random,
    ) -> Result<Self, JobError> {
        let begun = ContentSealer::begin(place, random);
        let (sealer, key, version) = begun.map_err(|_| JobError::Work("a key was not drawn"))?;
        Ok(Self {
            upload,
            sealer,
            key,
            examiner: Examiner::default(),
            digest: Context::new(&SHA256),
            size: 0,
            chunk: Vec::with_capacity(CHUNK_BYTES + 16),
            part: vec![version],
            chunks: 0,
        })
    }

    /// Takes the next bytes.
    async fn take(&mut self, bytes: &[u8], expected: u64) -> Result<Result<(), Refusal>, JobError> {
        self.size += bytes.len() as u64;
        if self.size > expected {
            return Ok(Err(Refusal::Size));
        }
        if let Err(fault) = self.examiner.feed(bytes) {
            return Ok(Err(Refusal::Content(fault)));
        }
        self.digest.update(bytes);
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
        Ok(Ok(()))
    }

    async fn seal_chunk(&mut self, is_last: bool) -> Result<(), JobError> {
        let sealed = self.sealer.seal(&mut self.chunk, is_last);
        sealed.map_err(|_| JobError::Work("a chunk was not sealed"))?;
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

    async fn finish(mut self, expected: Expected<'_>) -> Result<Result<Sealed, Refusal>, JobError> {
        self.seal_chunk(true).await?;
        let hash = HEXLOWER.encode(self.digest.finish().as_ref());
        let verdict = if self.size != expected.size {
            Err(Refusal::Size)
        } else if hash != expected.sha256 {
            Err(Refusal::Hash)
        } else {
            self.examiner.finish().map_err(Refusal::Content)
        };
        match verdict {
            Ok(inspected) => {
                self.upload.part(self.part).await?;
                Ok(Ok(Sealed { inspected, key: self.key, upload: self.upload }))
            }
            Err(refusal) => {
                self.upload.abort().await?;
                Ok(Err(refusal))
            }
        }
    }
}

impl Refusal {
    /// The reason told to the depositor.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Size => "size-differs".to_owned(),
            Self::Hash => "hash-differs".to_owned(),
            Self::Content(fault) => fault.to_string(),
        }
    }
}
