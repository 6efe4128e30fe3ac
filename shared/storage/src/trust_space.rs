//! The trust space of secure mail (`MSSanté`): the domains on its whitelist, and the mailboxes
//! of its directory. Both are public, published by the national agency, and stand in clear;
//! an operator's tool feeds them. Must not know who writes to whom.

use serde::{Deserialize, Serialize};

use crate::table::{Table, item, read, s};
use crate::{Aws, Environment, StorageError};

/// Before the names of domains.
const DOMAIN: &str = "domain.";
/// Before the names of mailboxes.
const MAILBOX: &str = "mailbox.";

/// The table of domains and mailboxes.
#[derive(Debug, Clone)]
pub struct TrustSpace {
    table: Table,
}

/// A mailbox of a professional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mailbox {
    /// Whose: their RPPS number.
    pub rpps: String,
    /// Their name.
    pub name: String,
    /// Their profession's code.
    pub profession: String,
    /// Their specialty's code.
    #[serde(default)]
    pub specialty: Option<String>,
    /// Where they work.
    #[serde(default)]
    pub structure: Option<String>,
    /// Whether it is the structure's own, which all who work there read.
    #[serde(default)]
    pub organisational: bool,
}

/// What is known of a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correspondence {
    /// Their domain is not on the whitelist.
    Untrusted,
    /// It is, and the directory does not know the mailbox.
    Unknown,
    /// Whose mailbox it is.
    Known(Mailbox),
}

#[derive(Debug, Deserialize)]
struct Named {
    entry: String,
}

impl TrustSpace {
    /// Uses the table of `ESPACE_TRUST_SPACE_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_TRUST_SPACE_TABLE") }
    }

    /// What is known of an address at a domain, in one call.
    pub async fn of(&self, address: &str, domain: &str) -> Result<Correspondence, StorageError> {
        let named = |prefix: &str, name: &str| item([("entry", s(format!("{prefix}{name}")))]);
        let found = self.table.find_pair([named(DOMAIN, domain), named(MAILBOX, address)]).await?;
        let (mut is_trusted, mut mailbox) = (false, None);
        for found in found {
            let Named { entry } = read(found.clone())?;
            if entry.starts_with(DOMAIN) {
                is_trusted = true;
            } else {
                mailbox = Some(read::<Mailbox>(found)?);
            }
        }
        Ok(match (is_trusted, mailbox) {
            (false, _) => Correspondence::Untrusted,
            (true, None) => Correspondence::Unknown,
            (true, Some(mailbox)) => Correspondence::Known(mailbox),
        })
    }

    /// Puts a domain on the whitelist.
    pub async fn add_domain(&self, domain: &str) -> Result<(), StorageError> {
        #[derive(Serialize)]
        struct Domain {
            entry: String,
        }
        let entry = format!("{DOMAIN}{}", domain.to_ascii_lowercase());
        self.table.put(&Domain { entry }, "").await.map(|_| ())
    }

    /// Puts a mailbox into the directory.
    pub async fn add_mailbox(&self, address: &str, mailbox: &Mailbox) -> Result<(), StorageError> {
        #[derive(Serialize)]
        struct Entry<'a> {
            entry: String,
            #[serde(flatten)]
            mailbox: &'a Mailbox,
        }
        let entry = format!("{MAILBOX}{}", address.to_ascii_lowercase());
        self.table.put(&Entry { entry, mailbox }, "").await.map(|_| ())
    }
}
