//! A new password: the secrets, the end of every session and word of it, in one
//! write. Must not know how the holder proved who they are.

use espace_domain::{AlertCode, Random};
use jiff::Timestamp;
use serde::Serialize;

use crate::transaction::{Committed, Transaction};
use crate::{Account, AccountSecrets, Accounts, Alerts, Envelope, Outbox, Sessions, StorageError};

/// What a new password needs.
#[derive(Debug, Clone)]
pub struct PasswordStores {
    /// The accounts.
    pub accounts: Accounts,
    /// The sessions.
    pub sessions: Sessions,
    /// The codes that messages carry to freeze the space.
    pub alerts: Alerts,
    /// The messages.
    pub outbox: Outbox,
}

/// Replaces an account's secrets, ends its sessions and sends word; `false` when the
/// account changed meanwhile.
pub async fn change_password<N: Serialize>(
    stores: &PasswordStores,
    account: &Account,
    secrets: &AccountSecrets,
    (alert, messages): (&AlertCode, &[Envelope<N>]),
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let accounts = &stores.accounts;
    let mut transaction = Transaction::default()
        .with("account", accounts.replace_secrets_in_transaction(account, secrets, random).await?)
        .with("sessions", stores.sessions.end_all_in_transaction(&account.account_id)?)
        .with("alert", stores.alerts.put_in_transaction(alert, &account.space_id, now).await?);
    for message in messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(transaction.commit(accounts.client()).await? == Committed::Yes)
}
