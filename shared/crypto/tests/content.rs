//! What the sealing of contents promises, seen from outside.
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use espace_crypto::{
    CHUNK_BYTES, ContentKey, ContentPlace, ContentSealer, OpenError, SealingKey, SystemRandom,
    covering, open_content, seal_content, sealed_size,
};
use espace_domain::Random;
use proptest::prelude::*;

const PLACE: ContentPlace<'static> =
    ContentPlace { space: "space-1", document: "document-1", version: 3 };
const SEALED_CHUNK: usize = CHUNK_BYTES + 16;

/// Always the same bytes, so that a vector can be written down.
#[derive(Debug)]
struct Constant(u8);

impl Random for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn plain(size: usize) -> Vec<u8> {
    (0..size).map(|i| u8::try_from((i * 31 + i / 251) % 256).unwrap_or_default()).collect()
}

fn open_all(key: &ContentKey, size: usize, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    open_content(key, PLACE, (0, size as u64), size as u64, sealed)
}

#[test]
fn the_vectors_of_another_program_are_met() {
    // Written by Python's `cryptography` (AES-256-GCM of OpenSSL) from the layout alone.
    for line in include_str!("vectors/content_v1.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        if let ["bonjour", hex] = fields.as_slice() {
            let (sealed, _) = seal_content(PLACE, b"bonjour", &Constant(7)).unwrap();
            assert_eq!(HEXLOWER.encode(&sealed), *hex);
            continue;
        }
        let size: usize = fields[0].parse().unwrap();
        let (sealed, key) = seal_content(PLACE, &plain(size), &Constant(7)).unwrap();
        assert_eq!(sealed.len().to_string(), fields[1]);
        assert_eq!(sealed.len() as u64, sealed_size(size as u64));
        assert_eq!(HEXLOWER.encode(digest(&SHA256, &sealed).as_ref()), fields[2], "{size}");
        assert_eq!(open_all(&key, size, &sealed).unwrap(), plain(size));
    }
}

/// Each line: name, byte of which the key is made, space, document, version, size, sealed
/// bytes, what comes of opening them. Those of several chunks are made below.
#[test]
fn the_hostile_vectors_come_to_what_they_say() {
    let vectors = include_str!("vectors/content_hostile_v1.txt");
    let mut opened = 0;
    for line in vectors.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [name, key, space, document, version, size, sealed, expected] = fields.as_slice()
        else {
            panic!("{line}");
        };
        let version = version.parse().unwrap();
        let (_, key) = seal_content(PLACE, b"", &Constant(key.parse().unwrap())).unwrap();
        let place = ContentPlace { space, document, version };
        let size = size.parse().unwrap();
        let sealed = HEXLOWER.decode(sealed.trim_matches('-').as_bytes()).unwrap();
        let came = match open_content(&key, place, (0, size), size, &sealed) {
            Ok(text) => {
                assert_eq!(text, b"bonjour", "{name}");
                opened += 1;
                "opens"
            }
            Err(OpenError::Truncated) => "truncated",
            Err(OpenError::NotAuthentic) => "notAuthentic",
            Err(OpenError::UnknownVersion(_)) => "unknownVersion",
        };
        assert_eq!(came, *expected, "{name}");
    }
    assert_eq!((vectors.lines().count(), opened), (19, 1));
}

#[test]
fn sealing_chunk_by_chunk_gives_the_same() {
    for size in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
        let content = plain(size);
        let (whole, _) = seal_content(PLACE, &content, &Constant(7)).unwrap();
        let (mut sealer, _, version) = ContentSealer::begin(PLACE, &Constant(7)).unwrap();
        let mut bytes = vec![version];
        let chunks: Vec<&[u8]> =
            if size == 0 { vec![&[]] } else { content.chunks(CHUNK_BYTES).collect() };
        for (number, chunk) in chunks.iter().enumerate() {
            let mut chunk = chunk.to_vec();
            sealer.seal(&mut chunk, number + 1 == chunks.len()).unwrap();
            bytes.extend(chunk);
        }
        assert_eq!(bytes, whole);
        assert!(sealer.seal(&mut vec![1], true).is_err(), "nothing follows the last");
    }
    let (mut sealer, _, _) = ContentSealer::begin(PLACE, &SystemRandom).unwrap();
    assert!(sealer.seal(&mut vec![0; CHUNK_BYTES - 1], false).is_err(), "a short one is last");
    assert!(sealer.seal(&mut vec![0; CHUNK_BYTES + 1], true).is_err(), "none is longer");
    sealer.seal(&mut vec![0; CHUNK_BYTES], false).unwrap();
    assert!(sealer.seal(&mut Vec::new(), true).is_err(), "no empty chunk at the end");
}

#[test]
fn two_sealings_of_one_content_share_nothing() {
    let (one, _) = seal_content(PLACE, &plain(100), &SystemRandom).unwrap();
    let (other, _) = seal_content(PLACE, &plain(100), &SystemRandom).unwrap();
    assert_ne!(one[1..17], other[1..17]);
}

#[test]
fn what_was_cut_swapped_moved_or_altered_does_not_open() {
    let size = 2 * CHUNK_BYTES + 10;
    let (sealed, key) = seal_content(PLACE, &plain(size), &SystemRandom).unwrap();
    let opens = |bytes: &[u8]| open_all(&key, size, bytes).is_ok();
    assert!(opens(&sealed));
    for length in [0, 1, 16, SEALED_CHUNK, SEALED_CHUNK + 1, sealed.len() - 1] {
        assert!(!opens(&sealed[..length]), "cut to {length}");
        // Nor where the size that is claimed is made to fit.
        let claimed = (0..=size).rev().find(|n| sealed_size(*n as u64) == length as u64);
        if let Some(claimed) = claimed {
            assert!(open_all(&key, claimed, &sealed[..length]).is_err(), "cut to {length}");
        }
    }
    let mut longer = sealed.clone();
    longer.push(0);
    assert!(!opens(&longer));
    let mut swapped = sealed.clone();
    let (first, second) = (1..=SEALED_CHUNK, 1 + SEALED_CHUNK..=2 * SEALED_CHUNK);
    swapped[first.clone()].copy_from_slice(&sealed[second.clone()]);
    swapped[second.clone()].copy_from_slice(&sealed[first.clone()]);
    assert!(!opens(&swapped));
    let mut repeated = sealed.clone();
    repeated[second].copy_from_slice(&sealed[first]);
    assert!(!opens(&repeated));
    for byte in [1, 17, SEALED_CHUNK, SEALED_CHUNK + 1, sealed.len() - 1, sealed.len() - 20] {
        for bit in 0..8 {
            let mut flipped = sealed.clone();
            flipped[byte] ^= 1 << bit;
            assert!(!opens(&flipped), "bit {bit} of {byte}");
        }
    }
    let mut later = sealed.clone();
    later[0] = 2;
    assert_eq!(open_all(&key, size, &later), Err(OpenError::UnknownVersion(2)));
    let end = size as u64;
    for place in [
        ContentPlace { space: "space-2", ..PLACE },
        ContentPlace { document: "document-2", ..PLACE },
        ContentPlace { version: 4, ..PLACE },
        ContentPlace { space: "space-1d", document: "ocument-1", ..PLACE },
    ] {
        let moved = open_content(&key, place, (0, end), end, &sealed);
        assert_eq!(moved, Err(OpenError::NotAuthentic), "{place:?}");
    }
    let (_, other) = seal_content(PLACE, &plain(size), &SystemRandom).unwrap();
    assert_eq!(open_all(&other, size, &sealed), Err(OpenError::NotAuthentic));
}

#[test]
fn a_content_key_is_bound_to_its_place_and_space() {
    let (space, other) = (SealingKey::new([1; 32]), SealingKey::new([2; 32]));
    let (sealed, key) = seal_content(PLACE, b"bonjour", &SystemRandom).unwrap();
    let wrapped = key.seal(&space, PLACE, &SystemRandom).unwrap();
    let opened = ContentKey::open(&space, PLACE, &wrapped).unwrap();
    assert_eq!(open_all(&opened, 7, &sealed).unwrap(), b"bonjour");
    assert!(ContentKey::open(&other, PLACE, &wrapped).is_err());
    let elsewhere = ContentPlace { version: 4, ..PLACE };
    assert!(ContentKey::open(&space, elsewhere, &wrapped).is_err());
    // A rotated space key seals it again, and the content stays as it is.
    let rotated = opened.seal(&other, PLACE, &SystemRandom).unwrap();
    let opened = ContentKey::open(&other, PLACE, &rotated).unwrap();
    assert_eq!(open_all(&opened, 7, &sealed).unwrap(), b"bonjour");
    assert_eq!(format!("{opened:?}"), "ContentKey(…)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_range_opens_from_what_covers_it(
        size in 1..4 * CHUNK_BYTES, from in 0.0..1.0_f64, length in 0.0..1.0_f64
    ) {
        let content = plain(size);
        let (sealed, key) = seal_content(PLACE, &content, &SystemRandom).unwrap();
        #[expect(
            clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a fraction of a size"
        )]
        let (start, end) = {
            let start = (size as f64 * from) as usize;
            (start, (start + 1 + (size as f64 * length) as usize).min(size))
        };
        let range = (start as u64, end as u64);
        let covered = covering(range.0, range.1, size as u64).unwrap();
        let read = usize::try_from(covered.start).unwrap()..usize::try_from(covered.end).unwrap();
        let part = &sealed[read];
        let opened = open_content(&key, PLACE, range, size as u64, part).unwrap();
        prop_assert_eq!(&opened, &content[start..end]);
        let mut altered = part.to_vec();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        prop_assert!(open_content(&key, PLACE, range, size as u64, &altered).is_err());
        // A size that is not the entry's moves the end: the last chunk does not open.
        let longer = size as u64 + 1;
        prop_assert!(open_content(&key, PLACE, (0, longer), longer, &sealed).is_err());
    }

    #[test]
    fn opening_noise_never_panics(
        noise in proptest::collection::vec(any::<u8>(), 0..500), size in 0..300_u64,
        start in 0..300_u64, end in 0..300_u64
    ) {
        let (_, key) = seal_content(PLACE, b"", &SystemRandom).unwrap();
        prop_assert!(open_content(&key, PLACE, (start, end), size, &noise).is_err());
    }
}
