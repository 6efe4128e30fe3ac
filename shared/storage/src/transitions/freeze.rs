//! "Ce n'est pas moi": a space is frozen and its sessions end, in one write. Must
//! not know who says so.

use espace_domain::{Random, Suspension};
use jiff::Timestamp;
use serde::Serialize;

use crate::transaction::{Committed, Transaction};
use crate::{Envelope, Outbox, Sessions, Space, Spaces, StorageError, SupportAct, SupportActs};

/// What freezing needs.
#[derive(Debug, Clone)]
pub struct FreezeStores {
    /// The spaces.
    pub spaces: Spaces,
    /// The sessions.
    pub sessions: Sessions,
    /// What agents did.
    pub acts: SupportActs,
    /// The messages.
    pub outbox: Outbox,
}

/// Freezes a space and sends word of it; `false` when the space changed
/// meanwhile. A space that is suspended already stays as it is.
pub async fn freeze<N: Serialize>(
    stores: &FreezeStores,
    space: &Space,
    act: Option<&SupportAct>,
    message: Option<&Envelope<N>>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    if space.suspension.is_some() {
        return Ok(true);
    }
    let suspension = Some(Suspension::Frozen);
    let mut transaction = Transaction::default()
        .with("space", stores.spaces.suspend_in_transaction(space, suspension)?);
    if let Some(account) = &space.account {
        let part = stores.sessions.end_all_in_transaction(&account.account_id)?;
        transaction = transaction.with("sessions", part);
    }
    if let Some(act) = act {
        transaction = transaction.with("act", stores.acts.put_in_transaction(act)?);
    }
    if let Some(message) = message {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    let committed = transaction.commit(stores.spaces.client()).await?;
    Ok(committed == Committed::Yes)
}
