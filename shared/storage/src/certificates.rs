//! What anyone may check by a printed reference: that a certificate exists, of
//! which kind, since when. Must not know whom it concerns.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_domain::Reference;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{SCHEMA, Table, item, s};
use crate::{Aws, Environment, StorageError};

/// The table of certificates.
#[derive(Debug, Clone)]
pub struct Certificates {
    table: Table,
}

/// What a certificate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateKind {
    /// A space was refused.
    Opposition,
}

/// A certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    reference: Reference,
    schema: u8,
    /// Of which kind.
    pub kind: CertificateKind,
    /// Since when.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub registered_at: Timestamp,
    /// The id of what it certifies.
    pub certifies: String,
}

impl CertificateKind {
    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opposition => "opposition",
        }
    }
}

impl Certificates {
    /// Uses the table of `ESPACE_CERTIFICATES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_CERTIFICATES_TABLE") }
    }

    /// The certificate of that reference.
    pub async fn find(&self, reference: &Reference) -> Result<Option<Certificate>, StorageError> {
        self.table.find(item([("reference", s(reference.as_str()))])).await
    }

    /// The write of a new certificate.
    pub(crate) fn put_in_transaction(
        &self,
        reference: &Reference,
        kind: CertificateKind,
        registered_at: Timestamp,
        certifies: &str,
    ) -> Result<TransactWriteItem, StorageError> {
        let certificate = Certificate {
            reference: reference.clone(),
            schema: SCHEMA,
            kind,
            registered_at,
            certifies: certifies.to_owned(),
        };
        self.table.put_in_transaction(&certificate, "attribute_not_exists(#reference)")
    }

    /// The write that takes a certificate back: what it said was undone.
    pub(crate) fn delete_in_transaction(
        &self,
        reference: &Reference,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.delete_in_transaction(item([("reference", s(reference.as_str()))]), "")
    }
}
