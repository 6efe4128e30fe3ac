//! The names under which a professional stands in a space, and those under which their
//! traces are found: keyed hashes, so that two spaces that know the same professional
//! cannot be told to. Must not know what stands under a name.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::{MacKey, MacPurpose};
use espace_domain::{AlertCode, CaregiverId, DocumentId, DocumentType, SpaceId, ThreadId};
use jiff::Timestamp;

use crate::consents::CHOSEN;
use crate::{KeyName, StorageError, SystemKeys};

/// Names relations.
#[derive(Debug, Clone)]
pub struct Relations {
    keys: Arc<SystemKeys>,
}

/// The names that one request needs, made under one key.
#[derive(Debug, Clone)]
pub struct RelationNames(MacKey);

impl Relations {
    /// Names under the system's relation key.
    pub fn new(keys: Arc<SystemKeys>) -> Self {
        Self { keys }
    }

    /// The key in hand.
    pub async fn names(&self) -> Result<RelationNames, StorageError> {
        Ok(RelationNames(self.keys.mac(KeyName::Relation).await?))
    }
}

impl RelationNames {
    /// Where the tie with a professional stands.
    pub fn tie(&self, space_id: &SpaceId, rpps: &str) -> String {
        self.chosen(&["tie", space_id.as_str(), rpps])
    }

    /// Where the block of a professional stands: a name like any other, so that the
    /// table does not tell who blocks.
    pub fn block(&self, space_id: &SpaceId, rpps: &str) -> String {
        self.chosen(&["block", space_id.as_str(), rpps])
    }

    /// Where the care team of a structure stands.
    pub fn team(&self, space_id: &SpaceId, structure: &str) -> String {
        self.chosen(&["team", space_id.as_str(), structure])
    }

    /// Where the choice about a document for a professional stands.
    pub fn rule(&self, space_id: &SpaceId, document: &DocumentId, rpps: &str) -> String {
        self.chosen(&["rule", space_id.as_str(), document.as_str(), rpps])
    }

    /// Where a caregiver, or one who was asked, stands.
    pub fn caregiver(&self, space_id: &SpaceId, caregiver: &CaregiverId) -> String {
        self.chosen(&["caregiver", space_id.as_str(), caregiver.as_str()])
    }

    /// Where a helper by profession stands.
    pub fn assistance(&self, space_id: &SpaceId, agent: &str) -> String {
        self.chosen(&["assistance", space_id.as_str(), agent])
    }

    /// Where an heir's claim stands.
    pub fn heir(&self, space_id: &SpaceId, heir: &SpaceId) -> String {
        self.chosen(&["heir", space_id.as_str(), heir.as_str()])
    }

    /// Where the admission of an heir stands, of which there may be another one day.
    pub fn admission(&self, space_id: &SpaceId, heir: &SpaceId, at: Timestamp) -> String {
        self.chosen(&["admission", space_id.as_str(), heir.as_str(), &at.as_second().to_string()])
    }

    /// The stored form of the code that lets one in.
    pub fn assistance_code(&self, code: &AlertCode) -> String {
        self.name(MacPurpose::PresenceCode, &["assistance", code.expose()])
    }

    /// The name under which the traces of a professional in a month are found.
    pub fn inquiry(&self, rpps: &str, at: Timestamp) -> String {
        let month = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string();
        self.name(MacPurpose::Inquiry, &[rpps, &month])
    }

    /// The name under which what a professional is to know stands.
    pub fn professional(&self, rpps: &str) -> String {
        self.name(MacPurpose::Relation, &["professional", rpps])
    }

    /// The box in which a structure's professionals find their conversations, or that of one
    /// who writes alone.
    pub fn inbox(&self, structure: Option<&str>, rpps: &str) -> String {
        match structure {
            Some(structure) => self.name(MacPurpose::Relation, &["inbox", "structure", structure]),
            None => self.name(MacPurpose::Relation, &["inbox", "professional", rpps]),
        }
    }

    /// Under what name a writer's draft in a conversation stands.
    pub fn draft(&self, space_id: &SpaceId, thread: &ThreadId, writer: &str) -> String {
        self.name(MacPurpose::Relation, &["draft", space_id.as_str(), thread.as_str(), writer])
    }

    /// Under what name a message that was sent is found again: by its sender's own key.
    pub fn sent(&self, space_id: &SpaceId, sender: &str, key: &str) -> String {
        self.name(MacPurpose::Repetition, &["sent", space_id.as_str(), sender, key])
    }

    /// By what the browsers of a person are found, over whose space they are told of.
    pub fn push_of_space(&self, space_id: &SpaceId) -> String {
        self.name(MacPurpose::Relation, &["push", "space", space_id.as_str()])
    }

    /// By what the browsers of a professional are found.
    pub fn push_of_professional(&self, rpps: &str) -> String {
        self.name(MacPurpose::Relation, &["push", "professional", rpps])
    }

    /// The name of an act repeated by the same caller.
    pub fn repetition(&self, parts: &[&str]) -> String {
        self.name(MacPurpose::Repetition, parts)
    }

    /// Where a depositor's own name of a document leads from.
    pub fn unique(&self, space_id: &SpaceId, depositor: &str, unique_id: &str) -> String {
        self.name(MacPurpose::Repetition, &["unique", space_id.as_str(), depositor, unique_id])
    }

    /// By what the uploads of a depositor are counted.
    pub fn sender(&self, space_id: &SpaceId, depositor: &str) -> String {
        self.name(MacPurpose::Repetition, &["uploads", space_id.as_str(), depositor])
    }

    /// Where an idempotency key of a depositor leads from.
    pub fn idempotency(&self, space_id: &SpaceId, depositor: &str, key: &str) -> String {
        self.name(MacPurpose::Repetition, &["idempotency", space_id.as_str(), depositor, key])
    }

    /// What an idempotency key is bound to: what was asked for, by keyed hash.
    pub fn fingerprint(&self, parts: &[&str]) -> String {
        self.name(MacPurpose::Repetition, &[&["fingerprint"], parts].concat())
    }

    /// Where the one document of a kind is found, of which there is one at a time.
    pub fn sole(&self, space_id: &SpaceId, kind: DocumentType) -> String {
        self.name(MacPurpose::Repetition, &["sole", space_id.as_str(), kind.code()])
    }

    /// The stored form of a presence code.
    pub fn presence_code(&self, space_id: &SpaceId, code: &str) -> Vec<u8> {
        let parts = [space_id.as_str().as_bytes(), code.as_bytes()];
        self.0.tag(MacPurpose::PresenceCode, &parts).to_vec()
    }

    fn chosen(&self, parts: &[&str]) -> String {
        format!("{CHOSEN}{}", self.name(MacPurpose::Relation, parts))
    }

    fn name(&self, purpose: MacPurpose, parts: &[&str]) -> String {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        BASE64URL_NOPAD.encode(&self.0.tag(purpose, &parts))
    }
}
