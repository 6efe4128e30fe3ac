//! Requests for a code, on their way to the job that answers them. A request
//! holds keyed hashes only, and the same is done for everyone: whether anyone is
//! there is found out later, by a job that answers nobody. Must not know what is
//! sent.

use espace_domain::{ChallengeId, Channel};
use serde::{Deserialize, Serialize};

use crate::{Aws, Environment, Queue, StorageError};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeRequest {
    /// The blind index of the person.
    pub person: String,
    /// Why a code may be sent.
    pub cause: CodeCause,
}

/// Why a code may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CodeCause {
    /// Someone asked for one.
    Asked {
        /// The keyed hash of the birth date they gave.
        born: Vec<u8>,
        /// What they showed.
        shown: Shown,
        /// How they would like it to travel.
        channel: Option<Channel>,
    },
    /// An identity was not recognised: if the code is burnt, it is replaced.
    PerhapsBurnt,
}

/// What someone who asks for a code shows, by keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Shown {
    /// The person's own card.
    Card {
        /// The keyed hash of each card that the serial may belong to.
        cards: Vec<Vec<u8>>,
    },
    /// A representative, with their card unless its serial cannot be read.
    Representative {
        /// The blind index of the representative.
        index: String,
        /// The same of their card.
        cards: Option<Vec<Vec<u8>>>,
    },
    /// No card: its serial cannot be read. A longer code will stand in for it.
    Nothing,
}

impl Shown {
    /// Whether the code must stand in for a card.
    pub fn needs_stand_in(&self) -> bool {
        matches!(self, Self::Nothing | Self::Representative { cards: None, .. })
    }
}

/// Someone who forgot their password; the code goes to an address on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResetRequest {
    /// The blind index of the login.
    pub login: String,
    /// The challenge to be made.
    pub challenge_id: ChallengeId,
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CodeMessage {
    /// An invitation code is asked for.
    Code(CodeRequest),
    /// A new password is asked for.
    Reset(ResetRequest),
}

/// The queue of requests.
#[derive(Debug, Clone)]
pub struct CodeRequests(Queue);

impl CodeRequests {
    /// Uses the queue of `ESPACE_CODES_QUEUE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self(Queue::new(aws, environment, "ESPACE_CODES_QUEUE"))
    }

    /// Hands a request over.
    pub async fn send(&self, request: &CodeRequest) -> Result<(), StorageError> {
        self.0.send(&CodeMessage::Code(request.clone())).await
    }

    /// Hands a reset over.
    pub async fn send_reset(&self, request: &ResetRequest) -> Result<(), StorageError> {
        self.0.send(&CodeMessage::Reset(request.clone())).await
    }
}
