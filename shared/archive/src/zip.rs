//! A ZIP written from its front to its end, without going back, in pieces: what has been
//! written so far is a value that can be kept, so that a writer that was killed goes on. No
//! library at hand writes one that way.
//!
//! Layout (APPNOTE.TXT 6.3.10): files are stored as they are (method 0), each after a local
//! header (4.3.7) that says its size and CRC-32; the central directory (4.3.12) follows, with a
//! ZIP64 extra field (4.5.3) where an offset or a size needs one, then the ends of ZIP64
//! (4.3.14, 4.3.15) where there are many files or bytes, then the end (4.3.16). Names are UTF-8
//! (flag 11). Must not know what the files are.

use espace_domain::PARIS;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version that ZIP64 needs (4.4.3).
const NEEDS_ZIP64: u16 = 45;
/// The version that names and folders need.
const NEEDS: u16 = 20;
/// Names are UTF-8 (4.4.4).
const UTF8: u16 = 1 << 11;
/// From here on a 32-bit field says that another one counts.
const LARGE: u64 = u32::MAX as u64;
/// From here on the 16-bit count says so.
const MANY: usize = u16::MAX as usize;

/// What has been written so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Directory {
    /// Bytes before the next file.
    offset: u64,
    files: Vec<Filed>,
}

/// A file that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Filed {
    path: String,
    crc32: u32,
    size: u64,
    offset: u64,
    at: i64,
}

/// The name of a file is longer than the format takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path of more than 65,535 bytes")]
pub struct PathTooLong;

impl Directory {
    /// Bytes written so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What goes before a file's own bytes, of which there must follow exactly `size`.
    pub fn file(
        &mut self,
        path: &str,
        size: u64,
        crc32: u32,
        at: Timestamp,
    ) -> Result<Vec<u8>, PathTooLong> {
        let name_length = u16::try_from(path.len()).map_err(|_| PathTooLong)?;
        let file =
            Filed { path: path.to_owned(), crc32, size, offset: self.offset, at: at.as_second() };
        let is_large = size >= LARGE;
        let (date, time) = dos(file.at);
        let mut header = Vec::with_capacity(path.len() + 50);
        header.extend(0x0403_4b50_u32.to_le_bytes());
        header.extend(if is_large { NEEDS_ZIP64 } else { NEEDS }.to_le_bytes());
        header.extend(UTF8.to_le_bytes());
        header.extend(0_u16.to_le_bytes());
        header.extend(time.to_le_bytes());
        header.extend(date.to_le_bytes());
        header.extend(crc32.to_le_bytes());
        header.extend(short(size).to_le_bytes());
        header.extend(short(size).to_le_bytes());
        header.extend(name_length.to_le_bytes());
        header.extend(if is_large { 20_u16 } else { 0 }.to_le_bytes());
        header.extend(path.as_bytes());
        if is_large {
            header.extend(1_u16.to_le_bytes());
            header.extend(16_u16.to_le_bytes());
            header.extend(size.to_le_bytes());
            header.extend(size.to_le_bytes());
        }
        self.offset += header.len() as u64 + size;
        self.files.push(file);
        Ok(header)
    }

    /// What goes after the last file.
    pub fn end(&self) -> Vec<u8> {
        let mut end = Vec::new();
        for file in &self.files {
            file.list(&mut end);
        }
        let (start, size, count) = (self.offset, end.len() as u64, self.files.len());
        if count >= MANY || start >= LARGE || size >= LARGE {
            let at = start + size;
            end.extend(0x0606_4b50_u32.to_le_bytes());
            end.extend(44_u64.to_le_bytes());
            end.extend(NEEDS_ZIP64.to_le_bytes());
            end.extend(NEEDS_ZIP64.to_le_bytes());
            end.extend([0; 8]);
            end.extend((count as u64).to_le_bytes());
            end.extend((count as u64).to_le_bytes());
            end.extend(size.to_le_bytes());
            end.extend(start.to_le_bytes());
            end.extend(0x0706_4b50_u32.to_le_bytes());
            end.extend(0_u32.to_le_bytes());
            end.extend(at.to_le_bytes());
            end.extend(1_u32.to_le_bytes());
        }
        let short_count = u16::try_from(count).unwrap_or(u16::MAX);
        end.extend(0x0605_4b50_u32.to_le_bytes());
        end.extend([0; 4]);
        end.extend(short_count.to_le_bytes());
        end.extend(short_count.to_le_bytes());
        end.extend(short(size).to_le_bytes());
        end.extend(short(start).to_le_bytes());
        end.extend(0_u16.to_le_bytes());
        end
    }
}

impl Filed {
    /// Its line in the central directory.
    fn list(&self, to: &mut Vec<u8>) {
        let mut extra = Vec::new();
        if self.size >= LARGE {
            extra.extend(self.size.to_le_bytes());
            extra.extend(self.size.to_le_bytes());
        }
        if self.offset >= LARGE {
            extra.extend(self.offset.to_le_bytes());
        }
        let needs = if extra.is_empty() { NEEDS } else { NEEDS_ZIP64 };
        let extra_length = u16::try_from(extra.len()).unwrap_or(0);
        let (date, time) = dos(self.at);
        to.extend(0x0201_4b50_u32.to_le_bytes());
        to.extend(needs.to_le_bytes());
        to.extend(needs.to_le_bytes());
        to.extend(UTF8.to_le_bytes());
        to.extend(0_u16.to_le_bytes());
        to.extend(time.to_le_bytes());
        to.extend(date.to_le_bytes());
        to.extend(self.crc32.to_le_bytes());
        to.extend(short(self.size).to_le_bytes());
        to.extend(short(self.size).to_le_bytes());
        // Checked when it was filed.
        to.extend(u16::try_from(self.path.len()).unwrap_or(0).to_le_bytes());
        to.extend(if extra.is_empty() { 0 } else { extra_length + 4 }.to_le_bytes());
        // No comment, the first disk, no attributes.
        to.extend([0; 10]);
        to.extend(short(self.offset).to_le_bytes());
        to.extend(self.path.as_bytes());
        if !extra.is_empty() {
            to.extend(1_u16.to_le_bytes());
            to.extend(extra_length.to_le_bytes());
            to.extend(extra);
        }
    }
}

/// A field of 32 bits, or what says that the one of 64 counts.
fn short(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// An instant as the format has it: the date and time of Paris, to two seconds.
fn dos(at: i64) -> (u16, u16) {
    let at = Timestamp::from_second(at).unwrap_or_default().to_zoned(PARIS.clone());
    let field = |value: i16| u16::try_from(value).unwrap_or(0);
    let year = field(at.year() - 1980).min(127);
    let date = (year << 9) | (field(at.month().into()) << 5) | field(at.day().into());
    let (hour, minute) = (field(at.hour().into()), field(at.minute().into()));
    let time = (hour << 11) | (minute << 5) | (field(at.second().into()) / 2);
    (date, time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    fn at() -> Timestamp {
        "2027-03-04T09:12:34Z".parse().unwrap_or_default()
    }

    fn filed(directory: &mut Directory, path: &str, bytes: &[u8]) -> Vec<u8> {
        let crc32 = crc32fast::hash(bytes);
        let mut written = directory.file(path, bytes.len() as u64, crc32, at()).unwrap();
        written.extend(bytes);
        written
    }

    #[test]
    fn what_is_written_is_read_by_another_library() {
        let mut directory = Directory::default();
        let mut written = filed(&mut directory, "documents/Été/Radio du genou.pdf", b"%PDF-1.4");
        // Kept and taken up again, as after a kill.
        let kept = serde_json::to_string(&directory).unwrap();
        let mut directory: Directory = serde_json::from_str(&kept).unwrap();
        written.extend(filed(&mut directory, "vide.txt", b""));
        assert_eq!(directory.offset(), written.len() as u64);
        written.extend(directory.end());
        let mut read = zip::ZipArchive::new(Cursor::new(written)).unwrap();
        let names: Vec<_> = read.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["documents/Été/Radio du genou.pdf", "vide.txt"]);
        let mut file = read.by_index(0).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"%PDF-1.4");
        let said = file.last_modified().unwrap();
        assert_eq!((said.year(), said.hour(), said.second()), (2027, 10, 34));
    }

    /// Bytes between which a part is not there, but counts.
    struct Sparse {
        head: Vec<u8>,
        hole: u64,
        bytes: Vec<u8>,
        at: u64,
    }

    impl Sparse {
        fn size(&self) -> u64 {
            self.head.len() as u64 + self.hole + self.bytes.len() as u64
        }
    }

    impl Read for Sparse {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let all = self.size();
            let count = (into.len() as u64).min(all - self.at.min(all));
            for byte in into.iter_mut().take(usize::try_from(count).unwrap()) {
                let after = self.at.checked_sub(self.head.len() as u64 + self.hole);
                *byte = match after {
                    Some(index) => self.bytes[usize::try_from(index).unwrap()],
                    None => *self.head.get(usize::try_from(self.at).unwrap()).unwrap_or(&0),
                };
                self.at += 1;
            }
            Ok(usize::try_from(count).unwrap())
        }
    }

    impl std::io::Seek for Sparse {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            let all = self.size();
            self.at = match to {
                std::io::SeekFrom::Start(at) => at,
                std::io::SeekFrom::End(by) => all.saturating_add_signed(by),
                std::io::SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            };
            Ok(self.at)
        }
    }

    #[test]
    fn beyond_four_gibibytes_the_last_file_is_found() {
        // A first file of 5 GiB, whose bytes are left out here, and a small one after it.
        let hole = 5 * 1024 * 1024 * 1024;
        let mut directory = Directory::default();
        let first = directory.file("grand.bin", hole, 0, at()).unwrap();
        let mut bytes = filed(&mut directory, "petit.txt", b"fin");
        bytes.extend(directory.end());
        let sparse = Sparse { head: first, hole, bytes, at: 0 };
        let mut read = zip::ZipArchive::new(sparse).unwrap();
        assert_eq!(read.len(), 2);
        let mut file = read.by_name("petit.txt").unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "fin");
        drop(file);
        assert_eq!(read.by_index_raw(0).map(|file| file.size()).unwrap_or_default(), hole);
    }

    #[test]
    fn more_files_than_sixteen_bits_are_counted() {
        let mut directory = Directory::default();
        let mut written = Vec::new();
        for number in 0..70_000 {
            written.extend(filed(&mut directory, &format!("{number}"), b""));
        }
        written.extend(directory.end());
        assert_eq!(zip::ZipArchive::new(Cursor::new(written)).unwrap().len(), 70_000);
    }
}
