//! Accounts: found by the blind index of the login, secrets sealed under the
//! account keys. Must not know how a password is judged.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{
    BlindIndex, MacKey, MacPurpose, Passkey, PasswordHash, Place, SealingKey, TotpSecret, same_tag,
};
use espace_domain::{AccountId, Login, Nir, Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::sealing;
use crate::system_keys::KEY_SHARDS;
use crate::table::{Item, SCHEMA, Table, b, item, n, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// The logical name in sealed places.
const TABLE: &str = "accounts";
/// The generation of the login index written today.
const INDEX_GENERATION: u8 = 1;
/// Replacing the secrets, and only those that were read.
const REPLACE: &str = "SET #secrets = :secrets ADD #version :one";
const UNCHANGED: &str = "#version = :seen";

/// The table of accounts and the keys to find and open them.
#[derive(Debug, Clone)]
pub struct Accounts {
    table: Table,
    keys: Arc<SystemKeys>,
}

/// An account as found.
#[derive(Debug, Clone)]
pub struct Account {
    /// The blind index of its login.
    pub login: BlindIndex,
    /// Its name.
    pub account_id: AccountId,
    /// The holder's own space.
    pub space_id: SpaceId,
    /// Counts the writes of the secrets.
    version: u64,
    secrets: Vec<u8>,
}

/// What is sealed of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountSecrets {
    password: String,
    /// The keyed hash of the holder's number, asked for at a reset.
    #[serde(default)]
    nir: Vec<u8>,
    /// The authenticator application, where one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpFactor>,
    /// One whose first code has not come back: it takes the other's place then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_totp: Option<TotpFactor>,
    /// The passkeys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<PasskeyFactor>,
}

/// An authenticator application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TotpFactor {
    secret: String,
    /// The step of the last code that served.
    pub used_step: i64,
}

/// A passkey.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyFactor {
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub added_at: Timestamp,
    #[serde(with = "serde_bytes")]
    credential_id: Vec<u8>,
    #[serde(with = "serde_bytes")]
    public_key: Vec<u8>,
    counter: u32,
}

impl TotpFactor {
    /// A new one, to be confirmed.
    pub fn new(secret: &TotpSecret) -> Self {
        Self { secret: secret.expose().to_owned(), used_step: -1 }
    }

    /// Its secret.
    pub fn secret(&self) -> TotpSecret {
        TotpSecret::from_stored(self.secret.clone())
    }
}

impl PasskeyFactor {
    /// A verified credential under a name.
    pub fn new(passkey: Passkey, name: &str, added_at: Timestamp) -> Self {
        let Passkey { credential_id, public_key, counter } = passkey;
        Self { name: name.to_owned(), added_at, credential_id, public_key, counter }
    }

    /// The credential.
    pub fn passkey(&self) -> Passkey {
        Passkey {
            credential_id: self.credential_id.clone(),
            public_key: self.public_key.clone(),
            counter: self.counter,
        }
    }

    /// Notes the counter of a signature.
    pub fn count(&mut self, counter: u32) {
        self.counter = counter;
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountItem {
    login: String,
    schema: u8,
    account_id: AccountId,
    space_id: SpaceId,
    #[serde(default)]
    version: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created_at: Timestamp,
    #[serde(with = "serde_bytes")]
    secrets: Vec<u8>,
}

impl AccountSecrets {
    /// The secrets of a new account: the password's hash, and the keyed hash of the
    /// holder's number.
    pub fn new(password: &PasswordHash, nir: Vec<u8>) -> Self {
        let password = password.expose().to_owned();
        Self { password, nir, totp: None, pending_totp: None, passkeys: Vec::new() }
    }

    /// The same with another password.
    #[must_use]
    pub fn with_password(self, password: &PasswordHash) -> Self {
        Self { password: password.expose().to_owned(), ..self }
    }

    /// Whether the holder has a second factor better than a code by message.
    pub fn has_strong_factor(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }

    /// Whether `nir` is the holder's number, in constant time.
    pub fn is_holders_nir(&self, mac: &MacKey, login: &BlindIndex, nir: &Nir) -> bool {
        same_tag(&nir_tag(mac, login, nir), &self.nir)
    }

    /// The password's hash.
    pub fn password(&self) -> PasswordHash {
        PasswordHash::from_stored(self.password.clone())
    }
}

impl Accounts {
    /// Uses the table of `ESPACE_ACCOUNTS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_ACCOUNTS_TABLE"), keys }
    }

    /// The blind index of a login.
    pub async fn index(&self, login: &Login) -> Result<BlindIndex, StorageError> {
        let key = self.keys.mac(KeyName::LoginIndex).await?;
        Ok(key.index(MacPurpose::LoginIndex, INDEX_GENERATION, login.expose()))
    }

    /// The account of a login.
    pub async fn find(&self, login: &Login) -> Result<Option<Account>, StorageError> {
        let index = self.index(login).await?;
        self.find_by_index(&index).await
    }

    /// The account under an index.
    pub async fn find_by_index(&self, index: &BlindIndex) -> Result<Option<Account>, StorageError> {
        let found: Option<AccountItem> =
            self.table.find(item([("login", s(index.as_str()))])).await?;
        Ok(found.map(|found| Account {
            login: BlindIndex::from_stored(found.login),
            account_id: found.account_id,
            space_id: found.space_id,
            version: found.version,
            secrets: found.secrets,
        }))
    }

    /// Opens an account's secrets.
    pub async fn open(&self, account: &Account) -> Result<AccountSecrets, StorageError> {
        let key = self.key(&account.login).await?;
        sealing::open(&key, place(&account.login), &account.secrets)
    }

    /// Writes an account's secrets; `false` when they changed since it was read.
    pub async fn replace_secrets(
        &self,
        account: &Account,
        secrets: &AccountSecrets,
        random: &dyn Random,
    ) -> Result<bool, StorageError> {
        let (key, values) = self.secrets_update(account, secrets, random).await?;
        let written = self.table.update(key, REPLACE, UNCHANGED, values).await?;
        Ok(written.is_some())
    }

    /// The write of an account's secrets, refused where they changed.
    pub(crate) async fn replace_secrets_in_transaction(
        &self,
        account: &Account,
        secrets: &AccountSecrets,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let (key, values) = self.secrets_update(account, secrets, random).await?;
        self.table.update_in_transaction(key, REPLACE, UNCHANGED, values)
    }

    async fn secrets_update(
        &self,
        account: &Account,
        secrets: &AccountSecrets,
        random: &dyn Random,
    ) -> Result<(Item, Item), StorageError> {
        let key = self.key(&account.login).await?;
        let sealed = sealing::seal(&key, place(&account.login), secrets, random)?;
        let values = item([(":secrets", b(sealed)), (":seen", n(account.version)), (":one", n(1))]);
        Ok((item([("login", s(account.login.as_str()))]), values))
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.table.client
    }

    /// The key that seals the account under this index.
    pub async fn key(&self, login: &BlindIndex) -> Result<SealingKey, StorageError> {
        self.keys.sealing(KeyName::Account(login.shard(KEY_SHARDS))).await
    }

    /// The write of a new account, refused where the login is taken.
    pub(crate) fn put_in_transaction(
        &self,
        new: &NewAccount<'_>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<TransactWriteItem, StorageError> {
        let stored = AccountItem {
            login: new.login.as_str().to_owned(),
            schema: SCHEMA,
            account_id: new.account_id.clone(),
            space_id: new.space_id.clone(),
            version: 0,
            created_at: now,
            secrets: sealing::seal(new.key, place(new.login), new.secrets, random)?,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#login)")
    }

    /// The write that removes an account with its space.
    pub(crate) fn removed(&self, login: &BlindIndex) -> Result<Change, StorageError> {
        Ok(Change::new("account", self.delete_in_transaction(login)?))
    }

    /// The write that removes an account: its space was taken back from it.
    pub(crate) fn delete_in_transaction(
        &self,
        login: &BlindIndex,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.delete_in_transaction(item([("login", s(login.as_str()))]), "")
    }
}

/// An account to be written.
#[derive(Debug)]
pub(crate) struct NewAccount<'a> {
    pub(crate) login: &'a BlindIndex,
    pub(crate) account_id: &'a AccountId,
    pub(crate) space_id: &'a SpaceId,
    pub(crate) secrets: &'a AccountSecrets,
    pub(crate) key: &'a SealingKey,
}

/// The keyed hash of a holder's number under their login.
pub fn nir_tag(mac: &MacKey, login: &BlindIndex, nir: &Nir) -> Vec<u8> {
    let parts = [login.as_str().as_bytes(), nir.expose().as_bytes()];
    mac.tag(MacPurpose::Nir, &parts).to_vec()
}

/// Where an account's secrets stand.
fn place(login: &BlindIndex) -> Place<'_> {
    Place { table: TABLE, key: login.as_str(), attribute: "secrets" }
}
