//! A content as it streams by: examined, hashed, sealed into the vault part by part.
//!
//! Must not know: whose it is beyond the place it is sealed to, nor what is said of it.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use espace_content::Inspected;
use espace_crypto::{ContentKey, ContentPlace};
use espace_deposit::{Examiner, Fault};
use espace_domain::Random;
use espace_jobs::JobError;
use espace_storage::{FileStream, SealedStream, Vault, VaultUpload};

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
    let mut writing = Writing {
        stream: SealedStream::begin(vault, object, place, random).await?,
        examiner: Examiner::default(),
        digest: Context::new(&SHA256),
    };
    while let Some(bytes) = stream.next().await? {
        if let Err(refusal) = writing.take(&bytes, expected.size).await? {
            writing.stream.abort().await?;
            return Ok(Err(refusal));
        }
    }
    writing.finish(expected).await
}

/// A content being written.
struct Writing {
    stream: SealedStream,
    examiner: Examiner,
    digest: Context,
}

impl Writing {
    /// Takes the next bytes.
    async fn take(&mut self, bytes: &[u8], expected: u64) -> Result<Result<(), Refusal>, JobError> {
        if self.stream.size() + bytes.len() as u64 > expected {
            return Ok(Err(Refusal::Size));
        }
        if let Err(fault) = self.examiner.feed(bytes) {
            return Ok(Err(Refusal::Content(fault)));
        }
        self.digest.update(bytes);
        self.stream.write(bytes).await?;
        Ok(Ok(()))
    }

    async fn finish(self, expected: Expected<'_>) -> Result<Result<Sealed, Refusal>, JobError> {
        let hash = HEXLOWER.encode(self.digest.finish().as_ref());
        let verdict = if self.stream.size() != expected.size {
            Err(Refusal::Size)
        } else if hash != expected.sha256 {
            Err(Refusal::Hash)
        } else {
            self.examiner.finish().map_err(Refusal::Content)
        };
        match verdict {
            Ok(inspected) => {
                let (key, upload) = self.stream.seal().await?;
                Ok(Ok(Sealed { inspected, key, upload }))
            }
            Err(refusal) => {
                self.stream.abort().await?;
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
