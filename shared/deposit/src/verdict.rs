//! The verdict on bytes as they come: what they are, whether they act by themselves,
//! whether they carry the signature by which scanners are tried. Must not know who
//! deposits.

use std::sync::LazyLock;

use espace_content::{Inspected, Inspector};
use memchr::memmem::Finder;

use crate::Fault;

/// The harmless file by which a scanner's answer is tried (EICAR).
const EICAR: &[u8] = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
/// Finds it.
static SIGNATURE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(EICAR));

/// Examines bytes as they come; memory stays flat but for structured documents.
#[derive(Debug, Default)]
pub struct Examiner {
    inspector: Inspector,
    /// The end of what came, where a signature may have begun.
    end: Vec<u8>,
}

impl Examiner {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let overlap = EICAR.len() - 1;
        self.end.extend_from_slice(bytes.get(..overlap).unwrap_or(bytes));
        if SIGNATURE.find(&self.end).is_some() || SIGNATURE.find(bytes).is_some() {
            return Err(Fault::Malware);
        }
        if bytes.len() >= overlap {
            self.end.clear();
            self.end.extend_from_slice(bytes.get(bytes.len() - overlap..).unwrap_or_default());
        } else {
            let surplus = self.end.len().saturating_sub(overlap);
            self.end.drain(..surplus);
        }
        self.inspector.feed(bytes).map_err(Fault::Content)
    }

    /// The verdict on the whole.
    pub fn finish(self) -> Result<Inspected, Fault> {
        self.inspector.finish().map_err(Fault::Content)
    }
}

/// The verdict on bytes in memory.
pub fn examine(bytes: &[u8]) -> Result<Inspected, Fault> {
    let mut examiner = Examiner::default();
    examiner.feed(bytes)?;
    examiner.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_found_however_it_is_cut() {
        let mut bytes = b"%PDF-1.4\n".to_vec();
        bytes.extend(EICAR);
        bytes.extend(b"\n%%EOF\n");
        assert_eq!(examine(&bytes), Err(Fault::Malware));
        for size in [1, 7, 67, 68, 69, 80] {
            let mut examiner = Examiner::default();
            let found = bytes.chunks(size).try_for_each(|piece| examiner.feed(piece));
            assert_eq!(found, Err(Fault::Malware), "pieces of {size}");
        }
    }
}
