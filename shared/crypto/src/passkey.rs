//! Passkeys: verifying what an authenticator signs (`WebAuthn` level 3, sections 7.1
//! and 7.2), in the narrow profile that telephones and keys share: ES256 on P-256,
//! no attestation asked for, the user present and verified. Everything else is
//! refused. Must not know whose passkey it is, nor how challenges are kept.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use ciborium::Value;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use crate::same_tag;

/// Largest part of an answer, bytes: attestation statements are ignored, not read.
const PART_BYTES_MAX: usize = 16 * 1024;
/// Longest name of a credential (`WebAuthn` section 7.1, step 26).
const CREDENTIAL_ID_BYTES_MAX: usize = 1_023;
/// Where the counter and the credential stand in authenticator data (section 6.1).
const FLAGS_AT: usize = 32;
const COUNTER_AT: usize = 33;
const CREDENTIAL_AT: usize = 37;
const AAGUID_BYTES: usize = 16;
/// The flags: user present, user verified, a credential follows.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
/// COSE (RFC 9053): key type, algorithm, curve and coordinates of ES256.
const COSE_KTY: i64 = 1;
const COSE_ALG: i64 = 3;
const COSE_CRV: i64 = -1;
const COSE_X: i64 = -2;
const COSE_Y: i64 = -3;
const EC2: i64 = 2;
const ES256: i64 = -7;
const P256: i64 = 1;

/// A credential as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// The public key, an uncompressed point.
    pub public_key: Vec<u8>,
    /// The last signature counter; 0 where the authenticator keeps none.
    pub counter: u32,
}

/// What an answer must be about.
#[derive(Debug, Clone, Copy)]
pub struct Ceremony<'a> {
    /// The challenge that was given.
    pub challenge: &'a [u8],
    /// The origin of the page.
    pub origin: &'a str,
    /// The relying party: the domain of the origin.
    pub rp_id: &'a str,
}

/// The answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passkey's answer proves nothing")]
pub struct PasskeyRefused;

/// What a browser says it was asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// Verifies a new credential (section 7.1).
pub fn verify_registration(
    ceremony: Ceremony<'_>,
    client_data: &[u8],
    attestation_object: &[u8],
) -> Result<Passkey, PasskeyRefused> {
    check_client_data(ceremony, client_data, "webauthn.create")?;
    let object = read_cbor(attestation_object)?;
    let data = entry_text(&object, "authData").and_then(Value::as_bytes).ok_or(PasskeyRefused)?;
    let counter = check_authenticator_data(ceremony, data, PRESENT | VERIFIED | ATTESTED)?;
    let rest = data.get(CREDENTIAL_AT + AAGUID_BYTES..).ok_or(PasskeyRefused)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(PasskeyRefused)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > CREDENTIAL_ID_BYTES_MAX || length > rest.len() {
        return Err(PasskeyRefused);
    }
    let (credential_id, key) = rest.split_at(length);
    Ok(Passkey { credential_id: credential_id.to_vec(), public_key: read_key(key)?, counter })
}

/// Verifies a signature by a credential (section 7.2); gives the counter to keep.
/// A counter that does not grow tells of a copied authenticator (section 6.1.1).
pub fn verify_assertion(
    passkey: &Passkey,
    ceremony: Ceremony<'_>,
    client_data: &[u8],
    authenticator_data: &[u8],
    signature: &[u8],
) -> Result<u32, PasskeyRefused> {
    check_client_data(ceremony, client_data, "webauthn.get")?;
    let counter = check_authenticator_data(ceremony, authenticator_data, PRESENT | VERIFIED)?;
    let mut signed = authenticator_data.to_vec();
    signed.extend_from_slice(digest(&SHA256, client_data).as_ref());
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &passkey.public_key)
        .verify(&signed, signature)
        .map_err(|_| PasskeyRefused)?;
    if (counter != 0 || passkey.counter != 0) && counter <= passkey.counter {
        return Err(PasskeyRefused);
    }
    Ok(counter)
}

/// The page, the challenge and the kind of ceremony.
fn check_client_data(
    ceremony: Ceremony<'_>,
    client_data: &[u8],
    kind: &str,
) -> Result<(), PasskeyRefused> {
    if client_data.len() > PART_BYTES_MAX {
        return Err(PasskeyRefused);
    }
    let said: ClientData = serde_json::from_slice(client_data).map_err(|_| PasskeyRefused)?;
    let challenge =
        BASE64URL_NOPAD.decode(said.challenge.as_bytes()).map_err(|_| PasskeyRefused)?;
    let right = said.kind == kind
        && said.origin == ceremony.origin
        && !said.cross_origin
        && same_tag(&challenge, ceremony.challenge);
    if right { Ok(()) } else { Err(PasskeyRefused) }
}

/// The relying party and the flags; gives the counter.
fn check_authenticator_data(
    ceremony: Ceremony<'_>,
    data: &[u8],
    flags: u8,
) -> Result<u32, PasskeyRefused> {
    if data.len() > PART_BYTES_MAX {
        return Err(PasskeyRefused);
    }
    let rp = digest(&SHA256, ceremony.rp_id.as_bytes());
    let named = data.get(..FLAGS_AT).ok_or(PasskeyRefused)?;
    let set = data.get(FLAGS_AT).copied().ok_or(PasskeyRefused)?;
    let counter = data
        .get(COUNTER_AT..CREDENTIAL_AT)
        .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok())
        .ok_or(PasskeyRefused)?;
    if same_tag(named, rp.as_ref()) && set & flags == flags {
        Ok(u32::from_be_bytes(counter))
    } else {
        Err(PasskeyRefused)
    }
}

/// The public key of a credential: ES256 on P-256, as an uncompressed point.
fn read_key(bytes: &[u8]) -> Result<Vec<u8>, PasskeyRefused> {
    let key = read_cbor(bytes)?;
    let number = |label| entry(&key, label).and_then(Value::as_integer).map(i128::from);
    let is = |label, value: i64| number(label) == Some(i128::from(value));
    if !(is(COSE_KTY, EC2) && is(COSE_ALG, ES256) && is(COSE_CRV, P256)) {
        return Err(PasskeyRefused);
    }
    let coordinate =
        |label| entry(&key, label).and_then(Value::as_bytes).filter(|bytes| bytes.len() == 32);
    let (x, y) = coordinate(COSE_X).zip(coordinate(COSE_Y)).ok_or(PasskeyRefused)?;
    let mut point = vec![0x04];
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    Ok(point)
}

/// Reads one CBOR value; extensions may follow a key and are not read.
fn read_cbor(bytes: &[u8]) -> Result<Value, PasskeyRefused> {
    if bytes.len() > PART_BYTES_MAX {
        return Err(PasskeyRefused);
    }
    ciborium::from_reader(bytes).map_err(|_| PasskeyRefused)
}

fn entry(map: &Value, label: i64) -> Option<&Value> {
    let found = |name: &Value| name.as_integer().map(i128::from) == Some(i128::from(label));
    map.as_map()?.iter().find(|(name, _)| found(name)).map(|(_, value)| value)
}

fn entry_text<'a>(map: &'a Value, label: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(name, _)| name.as_text() == Some(label)).map(|(_, value)| value)
}
