//! An archive of ours, read again from where it lies: its end, then its directory, then files by
//! range. It takes what [`crate::Directory`] writes and nothing else: no compression, no
//! encryption, no comment, one disk. Must not know where it lies.

use std::collections::HashMap;

/// Bytes of the end (4.3.16), of ZIP64's own (4.3.14) and of what leads to it (4.3.15).
const END_BYTES: usize = 22;
const END_64_BYTES: usize = 56;
const LOCATOR_BYTES: usize = 20;
/// Bytes of a local header without its name.
const LOCAL_BYTES: u64 = 30;
/// Bytes of the extra field that a local header of a large file has.
const LOCAL_EXTRA_BYTES: u64 = 20;
/// Bytes of a directory's line without its name.
const LINE_BYTES: usize = 46;
/// From here on a field of 32 bits says that one of 64 counts.
const LARGE: u64 = u32::MAX as u64;
/// Most files of an archive.
const FILES_MAX: u64 = 1_000_000;

/// It is not an archive of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an archive of ours")]
pub struct NotOurs;

/// Where its directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// The first byte of the directory.
    pub start: u64,
    /// One past its last.
    pub end: u64,
    count: u64,
}

/// Where a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its first byte.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

/// How many bytes from the end tell where the directory lies.
pub fn tail_bytes(size: u64) -> u64 {
    size.min((END_BYTES + END_64_BYTES + LOCATOR_BYTES) as u64)
}

impl Archive {
    /// Reads the end of an archive of `size` bytes.
    pub fn of_tail(tail: &[u8], size: u64) -> Result<Self, NotOurs> {
        let end_at = tail.len().checked_sub(END_BYTES).ok_or(NotOurs)?;
        let end = Fields(tail.get(end_at..).ok_or(NotOurs)?);
        if end.u32(0)? != 0x0605_4b50 || end.u16(20)? != 0 {
            return Err(NotOurs);
        }
        let (count, length, start) =
            (u64::from(end.u16(10)?), u64::from(end.u32(12)?), u64::from(end.u32(16)?));
        let is_large = count == u64::from(u16::MAX) || length >= LARGE || start >= LARGE;
        let found = if is_large {
            let at = end_at.checked_sub(LOCATOR_BYTES + END_64_BYTES).ok_or(NotOurs)?;
            let end = Fields(tail.get(at..).ok_or(NotOurs)?);
            if end.u32(0)? != 0x0606_4b50 {
                return Err(NotOurs);
            }
            let (start, length) = (end.u64(48)?, end.u64(40)?);
            let after = (END_BYTES + LOCATOR_BYTES + END_64_BYTES) as u64;
            (Self { start, end: start.saturating_add(length), count: end.u64(32)? }, after)
        } else {
            (Self { start, end: start + length, count }, END_BYTES as u64)
        };
        let (archive, after) = found;
        let fits = archive.end.checked_add(after) == Some(size) && archive.count <= FILES_MAX;
        if fits { Ok(archive) } else { Err(NotOurs) }
    }

    /// Reads its directory: where each file lies.
    pub fn files(&self, directory: &[u8]) -> Result<HashMap<String, Stored>, NotOurs> {
        let mut files = HashMap::new();
        let mut rest = directory;
        for _ in 0..self.count {
            let line = Fields(rest);
            if line.u32(0)? != 0x0201_4b50 || line.u16(10)? != 0 {
                return Err(NotOurs);
            }
            let (name, extra) = (usize::from(line.u16(28)?), usize::from(line.u16(30)?));
            let path = rest.get(LINE_BYTES..LINE_BYTES + name).ok_or(NotOurs)?;
            let path = std::str::from_utf8(path).map_err(|_| NotOurs)?.to_owned();
            let mut wide =
                Fields(rest.get(LINE_BYTES + name..LINE_BYTES + name + extra).ok_or(NotOurs)?);
            if extra > 0 {
                if wide.u16(0)? != 1 {
                    return Err(NotOurs);
                }
                wide = Fields(wide.0.get(4..).ok_or(NotOurs)?);
            }
            let (mut size, mut offset) = (u64::from(line.u32(24)?), u64::from(line.u32(42)?));
            let mut at = 0;
            let is_large = size >= LARGE;
            if is_large {
                size = wide.u64(0)?;
                at = 16;
            }
            if offset >= LARGE {
                offset = wide.u64(at)?;
            }
            let header = LOCAL_BYTES + name as u64 + if is_large { LOCAL_EXTRA_BYTES } else { 0 };
            let start = offset.checked_add(header).ok_or(NotOurs)?;
            let ends = start.checked_add(size).is_some_and(|end| end <= self.start);
            if !ends || files.insert(path, Stored { start, size }).is_some() {
                return Err(NotOurs);
            }
            rest = rest.get(LINE_BYTES + name + extra..).ok_or(NotOurs)?;
        }
        if rest.is_empty() { Ok(files) } else { Err(NotOurs) }
    }
}

/// Little-endian fields.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], NotOurs> {
        let bytes = self.0.get(at..at + N).ok_or(NotOurs)?;
        bytes.try_into().map_err(|_| NotOurs)
    }

    fn u16(&self, at: usize) -> Result<u16, NotOurs> {
        Ok(u16::from_le_bytes(self.bytes(at)?))
    }

    fn u32(&self, at: usize) -> Result<u32, NotOurs> {
        Ok(u32::from_le_bytes(self.bytes(at)?))
    }

    fn u64(&self, at: usize) -> Result<u64, NotOurs> {
        Ok(u64::from_le_bytes(self.bytes(at)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Directory;
    use jiff::Timestamp;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut directory, mut bytes) = (Directory::default(), Vec::new());
        for (path, content) in files {
            let crc32 = crc32fast::hash(content);
            let size = content.len() as u64;
            bytes.extend(directory.file(path, size, crc32, Timestamp::UNIX_EPOCH).unwrap());
            bytes.extend(*content);
        }
        bytes.extend(directory.end());
        bytes
    }

    fn read(bytes: &[u8]) -> Result<HashMap<String, Stored>, NotOurs> {
        let size = bytes.len() as u64;
        let tail = &bytes[bytes.len() - usize::try_from(tail_bytes(size)).unwrap()..];
        let archive = Archive::of_tail(tail, size)?;
        let range = usize::try_from(archive.start).unwrap()..usize::try_from(archive.end).unwrap();
        archive.files(bytes.get(range).ok_or(NotOurs)?)
    }

    #[test]
    fn what_was_written_is_found_again() {
        let bytes = archive(&[("a/é.txt", b"un"), ("b", b""), ("c", b"trois")]);
        let files = read(&bytes).unwrap();
        let of = |path: &str| {
            let Stored { start, size } = files[path];
            let start = usize::try_from(start).unwrap();
            &bytes[start..start + usize::try_from(size).unwrap()]
        };
        assert_eq!((of("a/é.txt"), of("b"), of("c")), (&b"un"[..], &b""[..], &b"trois"[..]));
    }

    #[test]
    fn many_files_are_found_again() {
        let names: Vec<String> = (0..70_000).map(|n| n.to_string()).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), n.as_bytes())).collect();
        assert_eq!(read(&archive(&files)).unwrap().len(), 70_000);
    }

    #[test]
    fn what_is_cut_or_changed_is_no_archive_of_ours() {
        let bytes = archive(&[("a", b"un"), ("b", b"deux")]);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "cut at {length}");
        }
        let twice = archive(&[("a", b"un"), ("a", b"deux")]);
        assert_eq!(read(&twice), Err(NotOurs));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x55;
            // It may still be read; it never panics.
            let _either = read(&changed);
        }
    }
}
