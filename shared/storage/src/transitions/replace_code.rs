//! A code takes the place of another: burnt, lost, or asked for again. The
//! six-week date does not move. Must not know why.

use espace_domain::{InvitationCode, Random};
use jiff::Timestamp;
use serde::Serialize;

use super::feed::with_code;
use crate::transaction::{Committed, Transaction};
use crate::{Envelope, Outbox, PersonEntry, Registry, StorageError, StoredCode};

/// Replaces the code of a person and sends the new one; `false` when the person
/// changed meanwhile (another request replaced it).
pub async fn replace_code<N: Serialize>(
    registry: &Registry,
    outbox: &Outbox,
    entry: &PersonEntry,
    code: &InvitationCode,
    envelope: &Envelope<N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let tag = registry.code_tag(&entry.index, code).await?;
    let item = with_code(entry.item.clone(), StoredCode::new(tag, now));
    let committed = Transaction::default()
        .with("person", registry.replace_in_transaction(item)?)
        .with("message", outbox.put_in_transaction(envelope, None, now, random).await?)
        .commit(&registry.table.client)
        .await?;
    Ok(committed == Committed::Yes)
}
