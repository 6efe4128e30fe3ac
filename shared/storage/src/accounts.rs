//! Accounts: found by the blind index of the login, secrets sealed under the
//! account keys. Must not know how a password is judged.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{BlindIndex, MacPurpose, PasswordHash, Place, SealingKey};
use espace_domain::{AccountId, Login, Random, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sealing;
use crate::system_keys::KEY_SHARDS;
use crate::table::{SCHEMA, Table, item, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys};

/// The logical name in sealed places.
const TABLE: &str = "accounts";
/// The generation of the login index written today.
const INDEX_GENERATION: u8 = 1;

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
    secrets: Vec<u8>,
}

/// What is sealed of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountSecrets {
    password: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountItem {
    login: String,
    schema: u8,
    account_id: AccountId,
    space_id: SpaceId,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created_at: Timestamp,
    #[serde(with = "serde_bytes")]
    secrets: Vec<u8>,
}

impl AccountSecrets {
    /// The secrets of a new account.
    pub fn new(password: &PasswordHash) -> Self {
        Self { password: password.expose().to_owned() }
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
            secrets: found.secrets,
        }))
    }

    /// Opens an account's secrets.
    pub async fn open(&self, account: &Account) -> Result<AccountSecrets, StorageError> {
        let key = self.key(&account.login).await?;
        sealing::open(&key, place(&account.login), &account.secrets)
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
            created_at: now,
            secrets: sealing::seal(new.key, place(new.login), new.secrets, random)?,
        };
        self.table.put_in_transaction(&stored, "attribute_not_exists(#login)")
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

/// Where an account's secrets stand.
fn place(login: &BlindIndex) -> Place<'_> {
    Place { table: TABLE, key: login.as_str(), attribute: "secrets" }
}
