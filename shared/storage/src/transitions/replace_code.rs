//! A code takes the place of another: burnt, lost, or asked for again. The
//! six-week date does not move. Must not know why.

use espace_domain::{InvitationCode, Random};
use jiff::Timestamp;
use serde::Serialize;

use super::feed::with_code;
use crate::registry_item::{SideCodeItem, SideCodeKind};
use crate::transaction::{Committed, Transaction};
use crate::{Envelope, Outbox, PersonEntry, Registry, StorageError, StoredCode};

/// Replaces the code of a person and sends the new one; `false` when the person
/// changed meanwhile (another request replaced it). A code that stands in for the
/// card comes beside the one in the person's hands: who knows no card cannot take
/// that one away.
pub async fn replace_code<N: Serialize>(
    registry: &Registry,
    outbox: &Outbox,
    entry: &PersonEntry,
    code: &InvitationCode,
    messages: &[Envelope<N>],
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let tag = registry.code_tag(&entry.index, code).await?;
    let stored = StoredCode::new(tag, now);
    let item = entry.item.clone();
    let item = if code.stands_for_card() {
        item.with_side_code(SideCodeItem {
            kind: SideCodeKind::StandIn,
            tag: stored.tag,
            sent_at: stored.sent_at.as_second(),
            expires_at: stored.expires_at.as_second(),
        })
    } else {
        with_code(item, stored)
    };
    let mut transaction =
        Transaction::default().with("person", registry.replace_in_transaction(item)?);
    for message in messages {
        let part = outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(transaction.commit(&registry.table.client).await? == Committed::Yes)
}
