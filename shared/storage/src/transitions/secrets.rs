//! What opens an account: its secrets, the end of every session and word of it, in
//! one write. Must not know how the holder proved who they are.

use espace_domain::{AlertCode, Random};
use jiff::Timestamp;
use serde::Serialize;

use crate::transaction::{Committed, Transaction};
use crate::{
    Account, AccountSecrets, Accounts, Alerts, Envelope, Outbox, Sessions, Spaces, StorageError,
};

/// What a change of the secrets needs.
#[derive(Debug, Clone)]
pub struct SecretsStores {
    /// The accounts.
    pub accounts: Accounts,
    /// The spaces, which may be frozen.
    pub spaces: Spaces,
    /// The sessions.
    pub sessions: Sessions,
    /// The codes that messages carry to freeze the space.
    pub alerts: Alerts,
    /// The messages.
    pub outbox: Outbox,
}

/// A change of what opens an account.
#[derive(Debug)]
pub struct SecretsChange<'a, N> {
    /// The account, as read.
    pub account: &'a Account,
    /// Its secrets from now on.
    pub secrets: &'a AccountSecrets,
    /// Whether every session ends.
    pub ends_sessions: bool,
    /// The code by which whoever did not ask for it freezes the space.
    pub alert: &'a AlertCode,
    /// Word to every address that counts.
    pub messages: &'a [Envelope<N>],
}

/// Replaces an account's secrets and sends word; `false` when the account changed
/// meanwhile, or its space is frozen.
pub async fn change_secrets<N: Serialize>(
    stores: &SecretsStores,
    change: &SecretsChange<'_, N>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let accounts = &stores.accounts;
    let account = change.account;
    let secrets = accounts.replace_secrets_in_transaction(account, change.secrets, random).await?;
    let mut transaction = Transaction::default()
        .with("account", secrets)
        .with("space", stores.spaces.check_admits_in_transaction(&account.space_id)?)
        .with(
            "alert",
            stores.alerts.put_in_transaction(change.alert, &account.space_id, now).await?,
        );
    if change.ends_sessions {
        let sessions = stores.sessions.end_all_in_transaction(&account.account_id)?;
        transaction = transaction.with("sessions", sessions);
    }
    for message in change.messages {
        let part = stores.outbox.put_in_transaction(message, None, now, random).await?;
        transaction = transaction.with("message", part);
    }
    Ok(transaction.commit(accounts.client()).await? == Committed::Yes)
}
