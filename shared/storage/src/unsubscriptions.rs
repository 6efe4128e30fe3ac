//! What an e-mail carries so that its reader may stop that kind of e-mail with one press of
//! their mail program (RFC 8058), without logging in: sealed, of one space and one kind, good
//! for nothing else. Must not know how it is carried.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::Place;
use espace_domain::{NotificationKind, Random, SpaceId};
use serde::{Deserialize, Serialize};

use crate::{KeyName, StorageError, SystemKeys, sealing};

/// Longest token worth opening.
const TOKEN_CHARS_MAX: usize = 512;

/// Makes and opens them.
#[derive(Debug, Clone)]
pub struct Unsubscriptions {
    keys: Arc<SystemKeys>,
}

/// What is to be stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unsubscription {
    /// Of whose space.
    pub space_id: SpaceId,
    /// Of what.
    pub kind: NotificationKind,
}

impl Unsubscriptions {
    /// Under the system's key for them.
    pub fn new(keys: Arc<SystemKeys>) -> Self {
        Self { keys }
    }

    /// The token that stops something.
    pub async fn token(
        &self,
        what: &Unsubscription,
        random: &dyn Random,
    ) -> Result<String, StorageError> {
        let key = self.keys.sealing(KeyName::Unsubscription).await?;
        Ok(BASE64URL_NOPAD.encode(&sealing::seal(&key, place(), what, random)?))
    }

    /// What a token stops; `None` where it is none of ours.
    pub async fn open(&self, token: &str) -> Result<Option<Unsubscription>, StorageError> {
        if token.len() > TOKEN_CHARS_MAX {
            return Ok(None);
        }
        let Ok(sealed) = BASE64URL_NOPAD.decode(token.as_bytes()) else { return Ok(None) };
        let key = self.keys.sealing(KeyName::Unsubscription).await?;
        Ok(sealing::open(&key, place(), &sealed).ok())
    }
}

fn place() -> Place<'static> {
    Place { table: "unsubscription", key: "token", attribute: "what" }
}
