//! What anyone may check by a printed reference: that a certificate exists, of
//! which kind, since when. Must not know whom it concerns.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_domain::{Reference, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{SCHEMA, Table, item, n, s};
use crate::{Aws, Environment, ErasureDates, StorageError};

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
    /// A space was erased.
    Erasure,
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
    /// Of an erasure that was carried out: from when on nobody could read anything.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub inaccessible_since: Option<Timestamp>,
    /// Of an erasure that was carried out: from when on nothing can be brought back.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub unrecoverable_from: Option<Timestamp>,
}

impl CertificateKind {
    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opposition => "opposition",
            Self::Erasure => "erasure",
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
            inaccessible_since: None,
            unrecoverable_from: None,
        };
        self.table.put_in_transaction(&certificate, "attribute_not_exists(#reference)")
    }

    /// The write of the certificate of an erasure, in the erasure's own transaction: it says
    /// so at once, and carries its dates once it is issued.
    pub(crate) fn erasure_asked(
        &self,
        reference: &Reference,
        space_id: &SpaceId,
        now: Timestamp,
    ) -> Result<Change, StorageError> {
        let kind = CertificateKind::Erasure;
        let part = self.put_in_transaction(reference, kind, now, space_id.as_str())?;
        Ok(Change::new("certificate", part))
    }

    /// The write that issues the certificate of an erasure.
    pub(crate) fn issued_in_transaction(
        &self,
        reference: &Reference,
        dates: ErasureDates,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            item([("reference", s(reference.as_str()))]),
            "SET #inaccessibleSince = :since, #unrecoverableFrom = :from",
            "attribute_exists(#reference)",
            item([
                (":since", n(dates.inaccessible_since.as_second())),
                (":from", n(dates.unrecoverable_from.as_second())),
            ]),
        )
    }

    /// The write that takes a certificate back: what it said was undone.
    pub(crate) fn delete_in_transaction(
        &self,
        reference: &Reference,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.delete_in_transaction(item([("reference", s(reference.as_str()))]), "")
    }
}
