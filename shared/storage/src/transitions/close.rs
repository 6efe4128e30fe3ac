//! Closing a space: ten years of archive begin, and every session ends, in one write.
//! Must not know how the holder confirmed it.

use espace_domain::SpaceState;
use jiff::Timestamp;

use crate::transaction::{Committed, Transaction};
use crate::{Sessions, Space, Spaces, StorageError};

/// Closes a space; `false` when it changed meanwhile, or does not stand. Whatever is
/// in flight stops: its epoch moves.
pub async fn close(
    spaces: &Spaces,
    sessions: &Sessions,
    space: &Space,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let Ok(SpaceState::Closed { closed_at, erasure_due_at }) = space.state.clone().close(now)
    else {
        return Ok(false);
    };
    let mut transaction = Transaction::default()
        .with("space", spaces.close_in_transaction(space, closed_at, erasure_due_at)?);
    if let Some(account) = &space.account {
        let part = sessions.end_all_in_transaction(&account.account_id)?;
        transaction = transaction.with("sessions", part);
    }
    Ok(transaction.commit(spaces.client()).await? == Committed::Yes)
}
