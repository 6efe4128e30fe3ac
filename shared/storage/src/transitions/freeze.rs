//! "Ce n'est pas moi": a space is frozen and its sessions end, in one write. Must
//! not know who says so.

use espace_domain::Random;
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
/// meanwhile. Of a space that is frozen already only the agent's act is noted.
pub async fn freeze<N: Serialize>(
    stores: &FreezeStores,
    space: &Space,
    act: Option<&SupportAct>,
    messages: &[Envelope<N>],
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    if space.is_frozen {
        if let Some(act) = act {
            stores.acts.note(act).await?;
        }
        return Ok(true);
    }
    let mut transaction =
        Transaction::default().with("space", stores.spaces.freeze_in_transaction(space)?);
    if let Some(account) = &space.account {
        let part = stores.sessions.end_all_in_transaction(&account.account_id)?;
        transaction = transaction.with("sessions", part);
    }
    if let Some(act) = act {
        transaction = transaction.with("act", stores.acts.put_in_transaction(act)?);
    }
    for message in messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    let committed = transaction.commit(stores.spaces.client()).await?;
    Ok(committed == Committed::Yes)
}
