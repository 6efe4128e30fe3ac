//! Sessions: what an access token refers to, so that logging out ends it at the
//! next request. Must not know tokens.

use espace_crypto::BlindIndex;
use espace_domain::{SessionId, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, StorageError};

/// The table of sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    table: Table,
}

/// A session as found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its name.
    pub session_id: SessionId,
    schema: u8,
    /// Whose it is.
    #[serde(flatten)]
    pub owner: SessionOwner,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created_at: Timestamp,
    expires_at: i64,
    #[serde(default)]
    revoked_at: Option<i64>,
}

/// Whose session it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "owner", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SessionOwner {
    /// A holder, logged in.
    Citizen {
        /// The blind index of the login.
        login: String,
        /// The holder's space.
        space_id: SpaceId,
    },
    /// Someone whose own provider vouches for them; nothing of them is kept.
    Exchanged,
}

impl SessionOwner {
    /// The owner of a holder's session.
    pub fn citizen(login: &BlindIndex, space_id: SpaceId) -> Self {
        Self::Citizen { login: login.as_str().to_owned(), space_id }
    }
}

impl Sessions {
    /// Uses the table of `ESPACE_SESSIONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_SESSIONS_TABLE") }
    }

    /// Opens a session that ends by itself after `lifetime_s`.
    pub async fn open(
        &self,
        session_id: SessionId,
        owner: SessionOwner,
        lifetime_s: i64,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let session = Session {
            session_id,
            schema: SCHEMA,
            owner,
            created_at: now,
            expires_at: now.as_second() + lifetime_s,
            revoked_at: None,
        };
        self.table.put(&session, "attribute_not_exists(#sessionId)").await.map(|_| ())
    }

    /// The session of that name, while it lasts.
    pub async fn find_live(
        &self,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StorageError> {
        let found: Option<Session> =
            self.table.find(item([("sessionId", s(session_id.as_str()))])).await?;
        Ok(found.filter(|found| found.revoked_at.is_none() && now.as_second() < found.expires_at))
    }

    /// Ends a session. Ending it twice is ending it.
    pub async fn revoke(&self, session_id: &SessionId, now: Timestamp) -> Result<(), StorageError> {
        self.table
            .update(
                item([("sessionId", s(session_id.as_str()))]),
                "SET #revokedAt = :now",
                "attribute_exists(#sessionId)",
                item([(":now", n(now.as_second()))]),
            )
            .await
            .map(|_| ())
    }
}
