//! Judging bytes that anybody sent: never a panic; the same verdict however they are cut.
#![no_main]

use espace_content::{Inspector, inspect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((cut, bytes)) = data.split_first() else { return };
    let whole = inspect(bytes);
    let mut inspector = Inspector::default();
    let size = usize::from(*cut).max(1);
    let fed = bytes.chunks(size).try_for_each(|piece| inspector.feed(piece));
    let pieces = fed.and_then(|()| inspector.finish());
    assert_eq!(whole.is_ok(), pieces.is_ok());
    if let (Ok(whole), Ok(pieces)) = (&whole, &pieces) {
        assert_eq!(whole, pieces);
    }
});
