//! What a person can show, compared by keyed hash in constant time: a code, a
//! card, acting for another. Must not know what a match allows.

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::{BlindIndex, MacPurpose};
use espace_domain::{Card, InvitationCode};
use jiff::civil::Date;

use crate::{KeyName, PersonEntry, Registry, StorageError, StoredCode};

impl Registry {
    /// The keyed hash under which a code is kept.
    pub async fn code_tag(
        &self,
        index: &BlindIndex,
        code: &InvitationCode,
    ) -> Result<Vec<u8>, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let parts = [index.as_str().as_bytes(), code.expose().as_bytes()];
        Ok(key.tag(MacPurpose::InvitationCode, &parts).to_vec())
    }

    /// The code that was sent and is shown, in constant time: the last invitation, a
    /// stand-in or a reversal. For nobody, the same work against tags that nothing
    /// matches.
    pub async fn matching_code(
        &self,
        index: &BlindIndex,
        entry: Option<&PersonEntry>,
        code: &InvitationCode,
    ) -> Result<Option<StoredCode>, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let parts = [index.as_str().as_bytes(), code.expose().as_bytes()];
        let main = entry.and_then(|entry| entry.code.as_ref());
        let sides = entry.map_or([].as_slice(), |entry| entry.side_codes.as_slice());
        let mut found = None;
        for stored in [main, sides.first(), sides.get(1)] {
            let tag = stored.map_or([0; 32].as_slice(), |code| code.tag.as_slice());
            if key.matches(MacPurpose::InvitationCode, &parts, tag) {
                found = found.or_else(|| stored.cloned());
            }
        }
        Ok(found)
    }

    /// Whether `card` is the person's, in constant time.
    pub async fn card_matches(
        &self,
        index: &BlindIndex,
        entry: Option<&PersonEntry>,
        card: &Card,
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let tag = entry.and_then(|e| e.item.card_proof.as_deref());
        let matches =
            key.matches(MacPurpose::Card, &card_parts(index, card), tag.unwrap_or(&[0; 32]));
        Ok(matches && tag.is_some())
    }

    /// The keyed hash of a person's card.
    pub async fn card_tag(&self, index: &BlindIndex, card: &Card) -> Result<Vec<u8>, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        Ok(key.tag(MacPurpose::Card, &card_parts(index, card)).to_vec())
    }

    /// The keyed hash of a person's birth date.
    pub async fn birth_tag(&self, index: &BlindIndex, born: Date) -> Result<Vec<u8>, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        Ok(key.tag(MacPurpose::BirthDate, &birth_parts(index, &born.to_string())).to_vec())
    }

    /// Whether `tag` is that of a person's birth date, in constant time.
    pub async fn birth_matches(
        &self,
        index: &BlindIndex,
        born: Date,
        tag: &[u8],
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        Ok(key.matches(MacPurpose::BirthDate, &birth_parts(index, &born.to_string()), tag))
    }

    /// The name under which those who come of age on a day are found.
    pub(crate) async fn majority_bucket(&self, day: Date) -> Result<String, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let text = day.to_string();
        Ok(BASE64URL_NOPAD.encode(&key.tag(MacPurpose::BirthDate, &[b"majority", text.as_bytes()])))
    }

    /// Whether `representative` may act for the person, by keyed hash.
    pub async fn represents(
        &self,
        representative: &BlindIndex,
        entry: &PersonEntry,
    ) -> Result<bool, StorageError> {
        let key = self.keys.mac(KeyName::PersonIndex).await?;
        let parts = representative_parts(&entry.index, representative);
        Ok(entry
            .item
            .representative_proofs
            .iter()
            .any(|tag| key.matches(MacPurpose::PersonIndex, &parts, tag)))
    }
}

fn birth_parts<'a>(index: &'a BlindIndex, born: &'a str) -> [&'a [u8]; 2] {
    [index.as_str().as_bytes(), born.as_bytes()]
}

pub(crate) fn card_parts<'a>(index: &'a BlindIndex, card: &'a Card) -> [&'a [u8]; 3] {
    let card_type: &[u8] = match card.card_type {
        espace_domain::CardType::Photo => b"photo",
        espace_domain::CardType::NoPhoto => b"noPhoto",
    };
    [index.as_str().as_bytes(), card_type, card.serial.expose().as_bytes()]
}

pub(crate) fn representative_parts<'a>(
    person: &'a BlindIndex,
    by: &'a BlindIndex,
) -> [&'a [u8]; 3] {
    [b"represents", person.as_str().as_bytes(), by.as_str().as_bytes()]
}
