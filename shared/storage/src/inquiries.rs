//! Inquiries into what one professional read: what is asked sealed under a key of its own,
//! which months are done in clear, and the files, one a month. Must not know what a trace
//! says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use espace_crypto::Place;
use espace_domain::{Inquiry, InquiryId, Random};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::table::{Item, SCHEMA, Table, Written, b, item, n, s};
use crate::{Aws, Environment, KeyName, StorageError, SystemKeys, sealing};

/// The logical name in sealed places.
const TABLE: &str = "inquiries";
/// How long a file may be fetched by an address given out.
pub const INQUIRY_FILE_VALID_FOR: Duration = Duration::from_mins(5);

/// The table of inquiries.
#[derive(Debug, Clone)]
pub struct Inquiries {
    table: Table,
    keys: Arc<SystemKeys>,
}

/// An inquiry as found.
#[derive(Debug, Clone)]
pub struct StoredInquiry {
    /// Its name.
    pub inquiry_id: InquiryId,
    /// What is asked.
    pub inquiry: Inquiry,
    /// The files of the months that are done: `2027-01.2` is two of January.
    pub done: BTreeSet<String>,
    /// Traces found so far.
    pub found: u64,
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InquiryItem {
    inquiry_id: InquiryId,
    schema: u8,
    version: u64,
    #[serde(default)]
    found: u64,
    /// A set of strings, which is never written empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    done: BTreeSet<String>,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

impl StoredInquiry {
    /// The months that are done, and how many files each has.
    pub fn months_done(&self) -> BTreeMap<&str, u32> {
        self.done
            .iter()
            .filter_map(|done| {
                let (month, files) = done.split_once('.')?;
                Some((month, files.parse().ok()?))
            })
            .collect()
    }
}

impl Inquiries {
    /// Uses the table of `ESPACE_INQUIRIES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_INQUIRIES_TABLE"), keys }
    }

    /// Keeps a new inquiry.
    pub async fn put(
        &self,
        inquiry_id: &InquiryId,
        inquiry: &Inquiry,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let key = self.keys.sealing(KeyName::Inquiry).await?;
        let stored = InquiryItem {
            details: sealing::seal(&key, place(inquiry_id), inquiry, random)?,
            inquiry_id: inquiry_id.clone(),
            schema: SCHEMA,
            version: 0,
            found: 0,
            done: BTreeSet::new(),
        };
        match self.table.put(&stored, "attribute_not_exists(#inquiryId)").await? {
            Written::Yes => Ok(()),
            Written::ConditionFailed => Err(StorageError::Contended { what: "a new inquiry" }),
        }
    }

    /// The inquiry of that name.
    pub async fn find(&self, id: &InquiryId) -> Result<Option<StoredInquiry>, StorageError> {
        let found: Option<InquiryItem> = self.table.find(key(id)).await?;
        let Some(stored) = found else { return Ok(None) };
        let key = self.keys.sealing(KeyName::Inquiry).await?;
        Ok(Some(StoredInquiry {
            inquiry: sealing::open(&key, place(id), &stored.details)?,
            inquiry_id: stored.inquiry_id,
            done: stored.done,
            found: stored.found,
            version: stored.version,
        }))
    }

    /// Writes that an inquiry was approved, unless it changed meanwhile.
    pub async fn save(
        &self,
        stored: &StoredInquiry,
        random: &dyn Random,
    ) -> Result<bool, StorageError> {
        let id = &stored.inquiry_id;
        let sealing_key = self.keys.sealing(KeyName::Inquiry).await?;
        let details = sealing::seal(&sealing_key, place(id), &stored.inquiry, random)?;
        let values = item([
            (":details", b(details)),
            (":seen", n(stored.version)),
            (":next", n(stored.version + 1)),
        ]);
        let update = "SET #details = :details, #version = :next";
        Ok(self.table.update(key(id), update, "#version = :seen", values).await?.is_some())
    }

    /// Notes that a month is done, once.
    pub async fn month_done(
        &self,
        id: &InquiryId,
        (month, files): (Date, u32),
        found: u64,
    ) -> Result<(), StorageError> {
        let month = format!("{}.{files}", month_name(month));
        let values = item([
            (":months", AttributeValue::Ss(vec![month.clone()])),
            (":month", s(month)),
            (":found", n(found)),
        ]);
        let condition = "attribute_exists(#inquiryId) AND NOT contains(#done, :month)";
        let update = "ADD #done :months, #found :found";
        self.table.update(key(id), update, condition, values).await.map(|_| ())
    }
}

/// The bucket of the files.
#[derive(Debug, Clone)]
pub struct InquiryFiles {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl InquiryFiles {
    /// Uses the bucket of `ESPACE_INQUIRIES_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_INQUIRIES_BUCKET") }
    }

    /// Writes the file of a month; written again, it is the same.
    pub async fn write(
        &self,
        id: &InquiryId,
        (month, number): (Date, u32),
        lines: Vec<u8>,
    ) -> Result<(), StorageError> {
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(file_key(id, &month_name(month), number))
            .content_type("application/x-ndjson")
            .body(ByteStream::from(lines))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:PutObject", e))
    }

    /// Where a file of a month may be fetched for [`INQUIRY_FILE_VALID_FOR`].
    pub async fn address(
        &self,
        id: &InquiryId,
        (month, number): (&str, u32),
    ) -> Result<String, StorageError> {
        let config = PresigningConfig::expires_in(INQUIRY_FILE_VALID_FOR)
            .map_err(|_| StorageError::Corrupt { what: "presigning time" })?;
        let request = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(file_key(id, month, number))
            .presigned(config)
            .await
            .map_err(|e| StorageError::call("s3:GetObject", e))?;
        Ok(request.uri().to_owned())
    }
}

fn month_name(month: Date) -> String {
    month.strftime("%Y-%m").to_string()
}

fn file_key(id: &InquiryId, month: &str, number: u32) -> String {
    format!("inquiries/{id}/{month}.{number}.ndjson")
}

fn key(id: &InquiryId) -> Item {
    item([("inquiryId", s(id.as_str()))])
}

fn place(id: &InquiryId) -> Place<'_> {
    Place { table: TABLE, key: id.as_str(), attribute: "details" }
}
