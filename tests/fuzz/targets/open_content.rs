//! Opening sealed bytes that nobody sealed: never a panic, never an opened byte.
#![no_main]

use std::sync::LazyLock;

use espace_crypto::{
    ContentKey, ContentPlace, SealingKey, SystemRandom, covering, open_content, seal_content,
};
use libfuzzer_sys::fuzz_target;

const PLACE: ContentPlace<'static> = ContentPlace { space: "s", document: "d", version: 1 };

static SEALED: LazyLock<(Vec<u8>, ContentKey)> = LazyLock::new(|| {
    seal_content(PLACE, &[7; 100], &SystemRandom).unwrap_or_else(|_| std::process::abort())
});

fuzz_target!(|data: &[u8]| {
    let (head, rest) = data.split_at(data.len().min(24));
    let number = |at: usize| {
        let bytes = head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        u64::from_le_bytes(bytes.unwrap_or_default()) % 300_000
    };
    let (start, end, size) = (number(0), number(8), number(16));
    let (sealed, key) = &*SEALED;
    let covered = covering(start, end, size);
    assert!(covered.is_none_or(|range| range.start < range.end));
    // Noise never opens; what was sealed opens only as it was.
    if rest != sealed.as_slice() {
        assert!(open_content(key, PLACE, (start, end), size, rest).is_err() || size <= 100);
    }
    if let Ok(opened) = open_content(key, PLACE, (start, end), size, sealed) {
        assert!(size == 100 && opened == vec![7; opened.len()]);
    }
    let space = SealingKey::new([1; 32]);
    assert!(ContentKey::open(&space, PLACE, rest).is_err());
});
