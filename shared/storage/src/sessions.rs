//! Sessions: what an access token refers to, so that logging out ends it at the
//! next request, and the refresh tokens that renew it. Must not know access
//! tokens, nor how a refresh token travels.
//!
//! The sessions of one account stand under one key, beside its epoch: raising
//! the epoch ends them all with one write, and a request reads both in one call.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use espace_crypto::OpaqueToken;
use espace_domain::{AccountId, SessionId, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, Query, SCHEMA, Table, Written, item, n, read, s};
use crate::transaction::{Committed, Transaction};
use crate::{Attempt, Attempts, Aws, Environment, Spaces, StorageError};

/// The sort key under which an account's epoch stands: no session has it.
const EPOCH: &str = "epoch";
/// Most devices of one account that are listed.
const SESSIONS_LISTED_MAX: i32 = 100;
/// Seconds within which the refresh token just replaced still serves, for a
/// client that lost the answer (RFC 9700 section 4.14.2 leaves it to the server).
pub const REFRESH_GRACE_S: i64 = 20;
/// Seconds an exchanged token's name is kept: longer than any such token lives.
const FOREIGN_TOKEN_KEPT_S: i64 = 2 * 3_600;
/// Tries of a renewal that races with another of the same session.
const REFRESH_RACES_MAX: u32 = 4;

/// The table of sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    table: Table,
}

/// A session as found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    owner: String,
    /// Its name.
    pub session_id: SessionId,
    schema: u8,
    epoch: u64,
    /// Whose it is.
    #[serde(flatten)]
    pub holder: SessionHolder,
    /// When it was opened.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub created_at: Timestamp,
    /// When it was last renewed.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub renewed_at: Timestamp,
    expires_at: i64,
    /// When nothing renews it any more, seconds.
    ends_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_refresh: Option<String>,
    #[serde(default)]
    replaced_at: i64,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holder", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SessionHolder {
    /// A holder, logged in.
    Citizen {
        /// Their own space.
        space_id: SpaceId,
        /// On what kind of client.
        client: ClientKind,
        /// Whether their space was closed when they logged in.
        #[serde(default)]
        archived: bool,
    },
    /// Someone whose own provider vouches for them; nothing of them is kept.
    Exchanged,
}

/// What kind of client a person uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClientKind {
    /// A browser: the refresh token is a cookie no script can read.
    #[default]
    Browser,
    /// An application: the refresh token is in the body.
    Mobile,
}

/// A session to be opened for a holder.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its name.
    pub session_id: &'a SessionId,
    /// The account.
    pub account_id: &'a AccountId,
    /// The holder's own space.
    pub space_id: &'a SpaceId,
    /// On what kind of client.
    pub client: ClientKind,
    /// The account's epoch when the login was begun.
    pub epoch: u64,
    /// Whether the space is closed.
    pub archived: bool,
    /// The first refresh token.
    pub refresh: &'a OpaqueToken,
    /// Seconds for which it lasts without being renewed.
    pub idle_s: i64,
    /// Seconds after which nothing renews it.
    pub lifetime_s: i64,
}

/// What a refresh token came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The session is renewed under the new token.
    Yes(SessionHolder),
    /// A token that had been replaced: the session is ended, whoever has it.
    Reused(SessionHolder),
    /// The session is over, or the token is nobody's.
    Over,
}

/// The session that a token refers to.
#[derive(Debug, Clone, Copy)]
pub enum SessionName<'a> {
    /// A holder's, under their account.
    OfAccount(&'a AccountId, &'a SessionId),
    /// That of someone another provider vouches for.
    Exchanged(&'a SessionId),
}

impl SessionName<'_> {
    /// The keys of what tells whether it lasts.
    pub(crate) fn keys(&self) -> Vec<Item> {
        match self {
            Self::OfAccount(account_id, session_id) => {
                let owner = account_id.as_str();
                vec![key(owner, session_id.as_str()), key(owner, EPOCH)]
            }
            Self::Exchanged(session_id) => vec![key(session_id.as_str(), session_id.as_str())],
        }
    }
}

/// Whether a session lasts, by the items under its keys.
pub(crate) fn session_lasts(
    name: &SessionName<'_>,
    items: Vec<Item>,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let (mut session, mut epoch) = (None, 0);
    for found in items {
        if found.get("sessionId").and_then(|id| id.as_s().ok()).is_some_and(|id| id == EPOCH) {
            epoch = read::<EpochItem>(found)?.epoch;
        } else {
            session = Some(read::<Session>(found)?);
        }
    }
    // No epoch ends the sessions that other providers vouch for.
    let epoch = if matches!(name, SessionName::Exchanged(_)) { 0 } else { epoch };
    Ok(session.is_some_and(|session| session.lasts(epoch, now)))
}

#[derive(Debug, Default, Deserialize)]
struct EpochItem {
    #[serde(default)]
    epoch: u64,
}

impl Sessions {
    /// Uses the table of `ESPACE_SESSIONS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_SESSIONS_TABLE") }
    }

    /// Opens a holder's session and notes it among the tries on the account, unless
    /// something keeps them out of their space, or every session was ended since the
    /// login began.
    pub async fn open(
        &self,
        spaces: &Spaces,
        attempts: &Attempts,
        (new, attempt): (&NewSession<'_>, &Attempt),
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let epoch = new.epoch;
        let session = Session {
            owner: new.account_id.as_str().to_owned(),
            session_id: new.session_id.clone(),
            schema: SCHEMA,
            epoch,
            holder: SessionHolder::Citizen {
                space_id: new.space_id.clone(),
                client: new.client,
                archived: new.archived,
            },
            created_at: now,
            renewed_at: now,
            expires_at: now.as_second() + new.idle_s,
            ends_at: now.as_second() + new.lifetime_s,
            revoked_at: None,
            refresh: Some(new.refresh.digest().as_str().to_owned()),
            replaced_refresh: None,
            replaced_at: 0,
        };
        let committed = Transaction::default()
            .with(
                "session",
                self.table.put_in_transaction(&session, "attribute_not_exists(#owner)")?,
            )
            .with("space", spaces.check_admits_in_transaction(new.space_id)?)
            .with("epoch", self.check_epoch_in_transaction(new.account_id, epoch)?)
            .with("attempt", attempts.put_in_transaction(attempt)?)
            .commit(&self.table.client)
            .await?;
        Ok(committed == Committed::Yes)
    }

    /// Opens the session of someone another provider vouches for; nothing renews
    /// it.
    pub async fn open_exchanged(
        &self,
        session_id: &SessionId,
        lifetime_s: i64,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let ends_at = now.as_second() + lifetime_s;
        let session = Session {
            owner: session_id.as_str().to_owned(),
            session_id: session_id.clone(),
            schema: SCHEMA,
            epoch: 0,
            holder: SessionHolder::Exchanged,
            created_at: now,
            renewed_at: now,
            expires_at: ends_at,
            ends_at,
            revoked_at: None,
            refresh: None,
            replaced_refresh: None,
            replaced_at: 0,
        };
        self.table.put(&session, "attribute_not_exists(#owner)").await.map(|_| ())
    }

    /// Notes that a foreign token was exchanged; `false` when it had been.
    pub async fn claim_foreign_token(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Exchanged<'a> {
            owner: String,
            session_id: &'a str,
            schema: u8,
            expires_at: i64,
        }
        let claim = Exchanged {
            owner: format!("exchanged.{name}"),
            session_id: "token",
            schema: SCHEMA,
            expires_at: now.as_second() + FOREIGN_TOKEN_KEPT_S,
        };
        Ok(self.table.put(&claim, "attribute_not_exists(#owner)").await? == Written::Yes)
    }

    /// Whether a session of an account lasts: not ended, not too old, and not
    /// older than the account's epoch. One call.
    pub async fn is_live(
        &self,
        account_id: &AccountId,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.find_live(account_id.as_str(), session_id, now).await?.is_some())
    }

    /// Whether the session of someone another provider vouches for lasts.
    pub async fn is_live_exchanged(
        &self,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let found: Option<Session> =
            self.table.find(key(session_id.as_str(), session_id.as_str())).await?;
        Ok(found.is_some_and(|session| session.lasts(0, now)))
    }

    async fn find_live(
        &self,
        owner: &str,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StorageError> {
        let keys = [key(owner, session_id.as_str()), key(owner, EPOCH)];
        let (mut session, mut epoch) = (None, 0);
        for found in self.table.find_pair(keys).await? {
            if found.get("sessionId").and_then(|id| id.as_s().ok()).is_some_and(|id| id == EPOCH) {
                epoch = read::<EpochItem>(found)?.epoch;
            } else {
                session = Some(read::<Session>(found)?);
            }
        }
        Ok(session.filter(|session| session.lasts(epoch, now)))
    }

    /// The devices of an account whose sessions last, and how many there may be.
    pub async fn list(
        &self,
        account_id: &AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StorageError> {
        let (items, _) = self
            .table
            .query(Query {
                index: None,
                condition: "#owner = :owner",
                values: item([(":owner", s(account_id.as_str()))]),
                start: None,
                limit: SESSIONS_LISTED_MAX,
            })
            .await?;
        // The epoch may lie beyond the page.
        let epoch = self.epoch(account_id).await?;
        let is_epoch = |found: &Item| {
            found.get("sessionId").and_then(|id| id.as_s().ok()).is_some_and(|id| id == EPOCH)
        };
        let mut sessions = Vec::new();
        for found in items {
            if !is_epoch(&found) {
                sessions.push(read::<Session>(found)?);
            }
        }
        sessions.retain(|session| session.lasts(epoch, now));
        Ok(sessions)
    }

    /// Renews a session: `shown` is replaced by `next`, which its bearer derives from
    /// `shown`, so that asking twice gives the same. A token that had been
    /// replaced more than [`REFRESH_GRACE_S`] ago ends the session: one of the two
    /// who have it stole it (RFC 9700 section 4.14.2).
    pub async fn refresh(
        &self,
        account_id: &AccountId,
        session_id: &SessionId,
        shown: &OpaqueToken,
        next: &OpaqueToken,
        idle_s: impl Fn(&SessionHolder) -> i64,
        now: Timestamp,
    ) -> Result<Refreshed, StorageError> {
        let owner = account_id.as_str();
        let digest = shown.digest().as_str().to_owned();
        for _ in 0..REFRESH_RACES_MAX {
            let Some(session) = self.find_live(owner, session_id, now).await? else {
                return Ok(Refreshed::Over);
            };
            let is_current = session.refresh.as_deref() == Some(digest.as_str());
            let is_graced = session.replaced_refresh.as_deref() == Some(digest.as_str())
                && now.as_second() - session.replaced_at <= REFRESH_GRACE_S;
            if is_graced && session.refresh.as_deref() == Some(next.digest().as_str()) {
                // The answer was lost, or two tabs asked at once: the same successor.
                return Ok(Refreshed::Yes(session.holder));
            }
            if !is_current {
                self.revoke(owner, session_id, now).await?;
                return Ok(Refreshed::Reused(session.holder));
            }
            let expires_at = (now.as_second() + idle_s(&session.holder)).min(session.ends_at);
            let values = item([
                (":next", s(next.digest().as_str())),
                (":shown", s(&digest)),
                (":now", n(now.as_second())),
                (":expires", n(expires_at)),
            ]);
            let update = "SET #refresh = :next, #renewedAt = :now, #expiresAt = :expires, \
                          #replacedRefresh = :shown, #replacedAt = :now";
            let condition = "#refresh = :shown AND attribute_not_exists(#revokedAt)";
            let key = key(owner, session_id.as_str());
            if self.table.update(key, update, condition, values).await?.is_some() {
                return Ok(Refreshed::Yes(session.holder));
            }
        }
        Err(StorageError::Contended { what: "a session being renewed" })
    }

    /// Ends a session by its refresh token, the current one or that just replaced; one that is
    /// over, or another's, stays as it is.
    pub async fn revoke_by(
        &self,
        account_id: &AccountId,
        session_id: &SessionId,
        shown: &OpaqueToken,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let owner = account_id.as_str();
        let Some(session) = self.find_live(owner, session_id, now).await? else { return Ok(()) };
        let digest = Some(shown.digest().as_str().to_owned());
        if digest == session.refresh || digest == session.replaced_refresh {
            self.revoke(owner, session_id, now).await?;
        }
        Ok(())
    }

    /// Ends a session. Ending it twice is ending it.
    pub async fn revoke(
        &self,
        owner: &str,
        session_id: &SessionId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let ended = self
            .table
            .update(
                key(owner, session_id.as_str()),
                "SET #revokedAt = :now REMOVE #refresh, #replacedRefresh",
                "attribute_exists(#sessionId)",
                item([(":now", n(now.as_second()))]),
            )
            .await?;
        Ok(ended.is_some())
    }

    /// Ends every session of an account.
    pub async fn end_all(&self, account_id: &AccountId) -> Result<(), StorageError> {
        let (update, values) = raise();
        self.table.update(key(account_id.as_str(), EPOCH), update, "", values).await.map(|_| ())
    }

    /// The write that ends every session of an account.
    pub(crate) fn end_all_in_transaction(
        &self,
        account_id: &AccountId,
    ) -> Result<TransactWriteItem, StorageError> {
        let (update, values) = raise();
        self.table.update_in_transaction(key(account_id.as_str(), EPOCH), update, "", values)
    }

    /// The end of every session of an account, as part of an act.
    pub fn ended(&self, account_id: &AccountId) -> Result<Change, StorageError> {
        Ok(Change::new("sessions", self.end_all_in_transaction(account_id)?))
    }

    /// That a session opened on a closed space is on one that stands again, as part of an
    /// act: its next access token says so.
    pub fn unarchived(
        &self,
        account_id: &AccountId,
        session_id: &SessionId,
    ) -> Result<Change, StorageError> {
        let part = self.table.update_in_transaction(
            key(account_id.as_str(), session_id.as_str()),
            "SET #archived = :no",
            "attribute_exists(#sessionId) AND attribute_not_exists(#revokedAt)",
            item([(":no", AttributeValue::Bool(false))]),
        )?;
        Ok(Change::new("session", part))
    }

    /// The condition that no session of an account was ended with all others since
    /// its epoch was read.
    fn check_epoch_in_transaction(
        &self,
        account_id: &AccountId,
        epoch: u64,
    ) -> Result<TransactWriteItem, StorageError> {
        let condition = if epoch == 0 { "attribute_not_exists(#epoch)" } else { "#epoch = :seen" };
        let values = if epoch == 0 { Item::new() } else { item([(":seen", n(epoch))]) };
        self.table.check_in_transaction(key(account_id.as_str(), EPOCH), condition, values)
    }

    /// The epoch of an account: how often all its sessions were ended.
    pub async fn epoch(&self, account_id: &AccountId) -> Result<u64, StorageError> {
        let found: Option<EpochItem> = self.table.find(key(account_id.as_str(), EPOCH)).await?;
        Ok(found.unwrap_or_default().epoch)
    }
}

/// Raising an epoch.
fn raise() -> (&'static str, Item) {
    ("ADD #epoch :one SET #schema = :schema", item([(":one", n(1)), (":schema", n(SCHEMA))]))
}

impl Session {
    fn lasts(&self, epoch: u64, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.epoch == epoch
            && now.as_second() < self.expires_at.min(self.ends_at)
    }
}

fn key(owner: &str, session_id: &str) -> Item {
    item([("owner", s(owner)), ("sessionId", s(session_id))])
}
