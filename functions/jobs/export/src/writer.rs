//! The archive as it is written: file after file, into sealed pieces; what was written is a
//! value that is kept between two tries.
//!
//! Must not know: what the files are.

use aws_lc_rs::digest::{Context, SHA256, digest};
use data_encoding::HEXLOWER;
use espace_archive::{Directory, ListedFile};
use espace_crypto::ContentPlace;
use espace_domain::ExportId;
use espace_jobs::JobError;
use espace_storage::{Piece, SealedStream, StoredContent, Vault};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::make::Making;

/// Plain bytes of a piece: after the file that passes it, the next begins.
const PIECE_BYTES: u64 = 64 * 1024 * 1024;
/// A content up to this is held whole; a larger one is read twice, for its checksum first.
const HELD_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of a content read at once.
const READ_BYTES: u64 = 1024 * 1024;

/// What was written so far, piece by piece.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Written {
    directory: Directory,
    /// Every file, with its hash.
    pub(crate) files: Vec<ListedFile>,
    /// The pieces that are finished.
    pub(crate) pieces: Vec<Piece>,
}

/// The archive being written.
pub(crate) struct Writer<'a> {
    making: &'a Making<'a>,
    export_id: &'a ExportId,
    pub(crate) written: Written,
    /// The piece that is filling.
    stream: Option<(String, SealedStream)>,
    now: Timestamp,
}

impl<'a> Writer<'a> {
    /// Goes on after what was written.
    pub(crate) fn new(making: &'a Making<'a>, written: Written, now: Timestamp) -> Self {
        Self { making, export_id: making.export_id, written, stream: None, now }
    }

    /// Whether the piece that is filling is full.
    pub(crate) fn is_full(&self) -> bool {
        self.stream.as_ref().is_some_and(|(_, stream)| stream.size() >= PIECE_BYTES)
    }

    fn number(&self) -> u32 {
        u32::try_from(self.written.pieces.len() + 1).unwrap_or(u32::MAX)
    }

    fn place(&self, number: u32) -> ContentPlace<'a> {
        let space = self.making.space_id().as_str();
        ContentPlace { space, document: self.export_id.as_str(), version: number }
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<(), JobError> {
        if self.stream.is_none() {
            let (app, number) = (self.making.app, self.number());
            let random = app.random.as_ref();
            let named = (self.making.space_id(), self.export_id, number);
            let object = Vault::piece_name(named, self.now, random);
            let place = self.place(number);
            let stream = SealedStream::begin(&app.pieces, &object, place, random).await?;
            self.stream = Some((object, stream));
        }
        if let Some((_, stream)) = &mut self.stream {
            stream.write(bytes).await?;
        }
        Ok(())
    }

    async fn head(
        &mut self,
        path: &str,
        (size, crc32): (u64, u32),
        sha256: String,
        at: Timestamp,
    ) -> Result<(), JobError> {
        let header = self.written.directory.file(path, size, crc32, at);
        let header = header.map_err(|_| JobError::Work("a path of the archive is too long"))?;
        self.put(&header).await?;
        self.written.files.push(ListedFile { path: path.to_owned(), size, sha256 });
        Ok(())
    }

    /// Writes a file that is in memory.
    pub(crate) async fn file(
        &mut self,
        path: &str,
        bytes: &[u8],
        at: Timestamp,
    ) -> Result<(), JobError> {
        let sha256 = HEXLOWER.encode(digest(&SHA256, bytes).as_ref());
        let said = (bytes.len() as u64, crc32fast::hash(bytes));
        self.head(path, said, sha256, at).await?;
        self.put(bytes).await
    }

    /// Writes a content of the vault. One that was deleted since the plan is left out.
    pub(crate) async fn content(
        &mut self,
        path: &str,
        content: &StoredContent<'_>,
        sha256: &str,
        at: Timestamp,
    ) -> Result<(), JobError> {
        let (vault, key) = (&self.making.app.vault, &self.making.key);
        if content.size <= HELD_BYTES {
            let Some(bytes) = content.read(vault, key, (0, content.size)).await? else {
                return Ok(());
            };
            self.file(path, &bytes, at).await?;
            return self.check(sha256);
        }
        let mut crc32 = crc32fast::Hasher::new();
        let mut hash = Context::new(&SHA256);
        for range in ranges(content.size) {
            let Some(bytes) = content.read(vault, key, range).await? else {
                return Ok(());
            };
            crc32.update(&bytes);
            hash.update(&bytes);
        }
        let hash = HEXLOWER.encode(hash.finish().as_ref());
        self.head(path, (content.size, crc32.finalize()), hash, at).await?;
        for range in ranges(content.size) {
            let bytes = content.read(vault, key, range).await?;
            let gone = JobError::Work("a content went while it was written");
            self.put(&bytes.ok_or(gone)?).await?;
        }
        self.check(sha256)
    }

    /// What was deposited is what is taken away.
    fn check(&self, sha256: &str) -> Result<(), JobError> {
        match self.written.files.last() {
            Some(file) if file.sha256 == sha256 => Ok(()),
            _ => Err(JobError::Work("a content is not what was deposited")),
        }
    }

    /// Ends the archive: its directory.
    pub(crate) async fn end(&mut self) -> Result<(), JobError> {
        let end = self.written.directory.end();
        self.put(&end).await
    }

    /// Finishes the piece that is filling.
    pub(crate) async fn close_piece(&mut self) -> Result<(), JobError> {
        let Some((object, stream)) = self.stream.take() else { return Ok(()) };
        let (size, number) = (stream.size(), self.number());
        let (key, upload) = stream.seal().await?;
        upload.finish().await?;
        let content_key = key
            .seal(&self.making.key, self.place(number), self.making.app.random.as_ref())
            .map_err(|_| JobError::Work("the key of a piece was not sealed"))?;
        self.written.pieces.push(Piece { number, object, content_key, size });
        Ok(())
    }
}

/// The ranges in which a content is read.
fn ranges(size: u64) -> impl Iterator<Item = (u64, u64)> {
    let count = size.div_ceil(READ_BYTES);
    (0..count).map(move |n| (n * READ_BYTES, ((n + 1) * READ_BYTES).min(size)))
}
