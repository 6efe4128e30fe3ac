//! What the crypto promises, seen from outside.
use std::collections::HashMap;

use espace_crypto::{
    BlindIndex, MacKey, MacPurpose, OpaqueToken, OpenError, PasswordHash, Place,
    SEALED_OVERHEAD_BYTES, SealingKey, SystemRandom,
};
use espace_domain::Random;
use proptest::prelude::*;

const PLACE: Place<'static> = Place { table: "persons", key: "v1.abc", attribute: "record" };

/// Always the same bytes, so that a vector can be written down.
#[derive(Debug)]
struct Constant(u8);

impl Random for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn key(byte: u8) -> SealingKey {
    SealingKey::new([byte; 32])
}

#[test]
fn the_layout_is_version_nonce_ciphertext_tag() {
    let sealed = key(1).seal(PLACE, b"bonjour", &Constant(9)).unwrap();
    assert_eq!(sealed.len(), 7 + SEALED_OVERHEAD_BYTES);
    assert_eq!(sealed[0], 1);
    assert_eq!(sealed[1..13], [9; 12]);
    // Computed independently (AES-256-GCM of OpenSSL through Python's `cryptography`).
    assert_eq!(hex(&sealed[13..]), include_str!("vectors/attribute_v1.hex").trim());
}

#[test]
fn what_was_moved_altered_cut_or_sealed_elsewhere_does_not_open() {
    let sealed = key(1).seal(PLACE, b"bonjour", &SystemRandom).unwrap();
    assert_eq!(key(1).open(PLACE, &sealed).unwrap(), b"bonjour");
    let elsewhere = [
        Place { table: "spaces", ..PLACE },
        Place { key: "v1.abd", ..PLACE },
        Place { attribute: "recor", ..PLACE },
        // The same bytes, split elsewhere.
        Place { key: "v1.abcr", attribute: "ecord", ..PLACE },
    ];
    for place in elsewhere {
        assert_eq!(key(1).open(place, &sealed), Err(OpenError::NotAuthentic), "{place:?}");
    }
    assert_eq!(key(2).open(PLACE, &sealed), Err(OpenError::NotAuthentic));
    for length in 0..sealed.len() {
        assert!(key(1).open(PLACE, &sealed[..length]).is_err(), "{length}");
    }
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(key(1).open(PLACE, &flipped).is_err(), "bit {bit}");
    }
    let mut future = sealed;
    future[0] = 2;
    assert_eq!(key(1).open(PLACE, &future), Err(OpenError::UnknownVersion(2)));
}

proptest! {
    #[test]
    fn anything_sealed_opens_again(plain in proptest::collection::vec(any::<u8>(), 0..2_000), table in ".{0,20}", item in ".{0,40}") {
        let place = Place { table: &table, key: &item, attribute: "a" };
        let sealed = key(3).seal(place, &plain, &SystemRandom).unwrap();
        prop_assert_eq!(key(3).open(place, &sealed).unwrap(), plain);
    }

    #[test]
    fn opening_noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(key(3).open(PLACE, &noise).is_err());
    }
}

#[test]
fn a_keyed_hash_depends_on_key_purpose_and_split() {
    let mac = MacKey::new([4; 32]);
    let tag = mac.tag(MacPurpose::OneTimeCode, &[b"ab", b"c"]);
    assert!(mac.matches(MacPurpose::OneTimeCode, &[b"ab", b"c"], &tag));
    assert!(!mac.matches(MacPurpose::OneTimeCode, &[b"a", b"bc"], &tag));
    assert!(!mac.matches(MacPurpose::InvitationCode, &[b"ab", b"c"], &tag));
    assert!(!MacKey::new([5; 32]).matches(MacPurpose::OneTimeCode, &[b"ab", b"c"], &tag));
    assert!(!mac.matches(MacPurpose::OneTimeCode, &[b"ab", b"c"], &tag[..16]));
}

#[test]
fn indexes_spread_evenly_over_the_shards() {
    let mac = MacKey::new([6; 32]);
    let mut counts: HashMap<u8, u32> = HashMap::new();
    for number in 0..6_400 {
        let index = mac.index(MacPurpose::PersonIndex, 1, &format!("{number}"));
        assert!(index.as_str().starts_with("v1."));
        assert_eq!(index.shard(64), BlindIndex::from_stored(index.as_str().to_owned()).shard(64));
        *counts.entry(index.shard(64)).or_default() += 1;
    }
    assert_eq!(counts.len(), 64);
    assert!(counts.values().all(|count| (50..160).contains(count)), "{counts:?}");
}

#[test]
fn a_password_verifies_only_itself_and_states_its_parameters() {
    let hash = PasswordHash::compute("Marée-haute7", &SystemRandom).unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
    assert!(hash.verify("Marée-haute7").unwrap());
    assert!(!hash.verify("Marée-haute8").unwrap());
    assert!(PasswordHash::from_stored("nonsense".into()).verify("x").is_err());
}

#[test]
fn a_token_is_kept_as_its_digest() {
    let token = OpaqueToken::generate(&SystemRandom);
    let again = OpaqueToken::parse(token.expose()).unwrap();
    assert_eq!(again.digest(), token.digest());
    assert_ne!(token.digest().as_str(), token.expose());
    assert!(OpaqueToken::parse("short").is_none());
}

#[test]
fn nothing_secret_shows_in_debug() {
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        key(7),
        MacKey::new([7; 32]),
        OpaqueToken::generate(&Constant(7)),
        PasswordHash::compute("Marée-haute7", &SystemRandom).unwrap()
    );
    assert_eq!(shown, "SealingKey(…) MacKey(…) OpaqueToken(…) PasswordHash(…)");
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
