//! Mails of the trust space: those that came and were set aside, with a reason, and those
//! that are to go out. What came lies in a bucket under SSE-KMS until it is taken in; what was
//! set aside stays there until an operator decides. Must not know what a mail says.

use aws_sdk_s3::error::ProvideErrorMetadata;
use espace_crypto::{Place, SealingKey};
use espace_domain::{MailId, Random, SpaceId, ThreadId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, SCHEMA, Table, item, n, read, s};
use crate::{Aws, Environment, StorageError, sealing};

/// The logical name in sealed places.
const TABLE: &str = "mails";
/// Shards of what is to be sent.
pub const MAIL_SHARDS: u8 = 16;
/// Seconds after which the sweep takes what the stream did not bring.
const STREAM_GRACE_S: i64 = 120;
/// First wait after a failed try, doubled each time.
const RETRY_BACKOFF_S: i64 = 60;
/// Tries before a mail is set aside for an operator.
pub const MAIL_TRIES_MAX: u32 = 10;
/// Before the names of mails that came.
const FOLDER: &str = "incoming/";
/// Before the names of mails that were set aside; the bucket keeps them half a year.
const ASIDE: &str = "aside/";
/// By which the operator says who sent a mail, whatever the mail says of itself.
const ENVELOPE_FROM: &str = "envelope-from";
/// Tries of taking a mail in, after which it is set aside unread.
pub const MAIL_READ_TRIES_MAX: u32 = 5;

/// The bucket of mails that came.
#[derive(Debug, Clone)]
pub struct MailObjects {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// The table of mails.
#[derive(Debug, Clone)]
pub struct Mails {
    table: Table,
}

/// A mail that is to go out: a message of a conversation, to a professional's mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Its name.
    pub mail_id: MailId,
    /// In whose space.
    pub space_id: SpaceId,
    /// In which conversation.
    pub thread_id: ThreadId,
    /// Which message.
    pub number: u32,
    /// Tries so far.
    pub tries: u32,
    due_at: Option<i64>,
    details: Vec<u8>,
}

/// A mail as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchedMail {
    /// Its bytes, or the first of them.
    pub raw: Vec<u8>,
    /// Who sent it, as the operator authenticated them.
    pub envelope_from: Option<String>,
}

/// What of an outgoing mail is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutgoingDetails {
    /// To which mailbox.
    pub mailbox: String,
    /// Whose.
    pub rpps: String,
}

/// Whether a mail that came is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailBegun {
    /// It is.
    Yes,
    /// It was set aside.
    Aside,
    /// It was tried too often.
    TooOften,
}

/// What became of taking one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTaken {
    /// It is the taker's for a while.
    Yes,
    /// Another has it.
    Elsewhere,
    /// It was tried too often: it is set aside.
    GivenUp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutgoingItem {
    mail_id: MailId,
    schema: u8,
    space_id: SpaceId,
    thread_id: ThreadId,
    number: u32,
    tries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(with = "serde_bytes")]
    details: Vec<u8>,
}

/// A mail as found.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AnyMail {
    /// It is to go out.
    Outgoing(OutgoingItem),
    /// It came, and was set aside.
    Aside {},
}

impl MailObjects {
    /// Uses the bucket of `ESPACE_MAIL_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { s3: aws.s3(), bucket: environment.required("ESPACE_MAIL_BUCKET") }
    }

    /// The bucket's name, for who scans what lies there.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Whether a name is one of a mail that came.
    pub fn is_incoming(object: &str) -> bool {
        object.starts_with(FOLDER)
    }

    /// A mail that came, at most `bytes_max` and one byte of it; `None` where it was taken in
    /// before.
    pub async fn fetch(
        &self,
        object: &str,
        bytes_max: usize,
    ) -> Result<Option<FetchedMail>, StorageError> {
        let answer = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(object)
            .range(format!("bytes=0-{bytes_max}"))
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                return match code {
                    Some("NoSuchKey") => Ok(None),
                    // A mail of no byte has no range.
                    Some("InvalidRange") => Ok(Some(FetchedMail::default())),
                    _ => Err(StorageError::call("s3:GetObject", error)),
                };
            }
        };
        let envelope_from = answer.metadata.unwrap_or_default().remove(ENVELOPE_FROM);
        let body = answer.body.collect().await;
        let body = body.map_err(|_| StorageError::Corrupt { what: "mail" })?;
        Ok(Some(FetchedMail { raw: body.into_bytes().to_vec(), envelope_from }))
    }

    /// Puts a mail aside; gives where it lies then. Put aside already, it is there.
    pub async fn set_aside(&self, object: &str) -> Result<String, StorageError> {
        let aside = format!("{ASIDE}{}", object.strip_prefix(FOLDER).unwrap_or(object));
        let copied = self
            .s3
            .copy_object()
            .bucket(&self.bucket)
            .copy_source(format!("{}/{object}", self.bucket))
            .key(&aside)
            .send()
            .await;
        if let Err(error) = copied {
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
            if code != Some("NoSuchKey") {
                return Err(StorageError::call("s3:CopyObject", error));
            }
        }
        Ok(aside)
    }

    /// Mails that came before an instant and still lie there, at most a page of them.
    pub async fn before(&self, before: Timestamp) -> Result<Vec<String>, StorageError> {
        let page = self
            .s3
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(FOLDER)
            .send()
            .await
            .map_err(|e| StorageError::call("s3:ListObjectsV2", e))?;
        let came = |object: &aws_sdk_s3::types::Object| {
            object.last_modified().is_some_and(|at| at.secs() < before.as_second())
        };
        let old = page.contents.unwrap_or_default().into_iter().filter(came);
        Ok(old.filter_map(|object| object.key).collect())
    }

    /// Removes a mail that was taken in.
    pub async fn delete(&self, object: &str) -> Result<(), StorageError> {
        self.s3
            .delete_object()
            .bucket(&self.bucket)
            .key(object)
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("s3:DeleteObject", e))
    }
}

impl Mails {
    /// Uses the table of `ESPACE_MAILS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_MAILS_TABLE") }
    }

    /// Sets a mail that came aside; set aside again, it is the same.
    pub async fn quarantine(
        &self,
        mail_id: &MailId,
        object: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Quarantined<'a> {
            mail_id: &'a MailId,
            schema: u8,
            object: &'a str,
            reason: &'a str,
            due_shard: &'a str,
            due_at: i64,
        }
        let stored = Quarantined {
            mail_id,
            schema: SCHEMA,
            object,
            reason,
            due_shard: "quarantine",
            due_at: now.as_second(),
        };
        self.table.put(&stored, "").await.map(|_| ())
    }

    /// Counts a try of taking a mail in, before it is read: one that nobody survives reading
    /// must not be read for ever.
    pub async fn begin(&self, mail_id: &MailId) -> Result<MailBegun, StorageError> {
        #[derive(Deserialize)]
        struct Counted {
            tries: u32,
            #[serde(default)]
            reason: Option<String>,
        }
        let counted = self
            .table
            .update(
                key(mail_id),
                "ADD #tries :one SET #schema = :schema",
                "",
                item([(":one", n(1)), (":schema", n(SCHEMA))]),
            )
            .await?;
        let Counted { tries, reason } = read(counted.unwrap_or_default())?;
        Ok(match reason {
            Some(_) => MailBegun::Aside,
            None if tries > MAIL_READ_TRIES_MAX => MailBegun::TooOften,
            None => MailBegun::Yes,
        })
    }

    /// Forgets the tries of a mail that was taken in.
    pub async fn ended(&self, mail_id: &MailId) -> Result<(), StorageError> {
        self.table.delete(key(mail_id)).await
    }

    /// The write of a mail that is to go out, beside what it tells.
    pub fn send(
        &self,
        (space_id, thread_id, number): (&SpaceId, &ThreadId, u32),
        details: &OutgoingDetails,
        key: &SealingKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Change, StorageError> {
        let mail_id = MailId::generate(random);
        let mut drawn = [0; 1];
        random.fill(&mut drawn);
        let [shard] = drawn.map(|byte| byte % MAIL_SHARDS);
        let stored = OutgoingItem {
            schema: SCHEMA,
            space_id: space_id.clone(),
            thread_id: thread_id.clone(),
            number,
            tries: 0,
            due_shard: Some(shard_name(shard)),
            due_at: Some(now.as_second() + STREAM_GRACE_S),
            details: sealing::seal(key, details_place(&mail_id), details, random)?,
            mail_id,
        };
        let part = self.table.put_in_transaction(&stored, "attribute_not_exists(#mailId)")?;
        Ok(Change::new("mail", part))
    }

    /// The mail of that name that is to go out; `None` for one that went, or that came.
    pub async fn outgoing(&self, mail_id: &MailId) -> Result<Option<OutgoingMail>, StorageError> {
        let found: Option<AnyMail> = self.table.find(key(mail_id)).await?;
        let Some(AnyMail::Outgoing(found)) = found else { return Ok(None) };
        let OutgoingItem { mail_id, space_id, thread_id, number, tries, due_at, details, .. } =
            found;
        Ok(Some(OutgoingMail { mail_id, space_id, thread_id, number, tries, due_at, details }))
    }

    /// Takes one to send: nobody else tries it before the backoff has passed.
    pub async fn take(
        &self,
        mail: &OutgoingMail,
        now: Timestamp,
    ) -> Result<MailTaken, StorageError> {
        let Some(seen) = mail.due_at else { return Ok(MailTaken::Elsewhere) };
        if mail.tries >= MAIL_TRIES_MAX {
            let aside = self.table.update(
                key(&mail.mail_id),
                "SET #dueShard = :failed",
                "#dueAt = :seen",
                item([(":seen", n(seen)), (":failed", s("failed"))]),
            );
            aside.await?;
            return Ok(MailTaken::GivenUp);
        }
        let due = now.as_second() + (RETRY_BACKOFF_S << mail.tries.min(10));
        let taken = self
            .table
            .update(
                key(&mail.mail_id),
                "SET #dueAt = :due ADD #tries :one",
                "#dueAt = :seen",
                item([(":due", n(due)), (":seen", n(seen)), (":one", n(1))]),
            )
            .await?;
        Ok(if taken.is_some() { MailTaken::Yes } else { MailTaken::Elsewhere })
    }

    /// Forgets a mail that went.
    pub async fn sent(&self, mail_id: &MailId) -> Result<(), StorageError> {
        self.table.delete(key(mail_id)).await
    }

    /// Those of a shard that are due by `as_of`, oldest first.
    pub async fn due(
        &self,
        shard: u8,
        as_of: Timestamp,
        limit: i32,
    ) -> Result<Vec<MailId>, StorageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            mail_id: MailId,
        }
        let due: Vec<Key> = self.table.due(&shard_name(shard), as_of, limit).await?;
        Ok(due.into_iter().map(|key| key.mail_id).collect())
    }
}

impl OutgoingMail {
    /// To whom.
    pub fn open(&self, key: &SealingKey) -> Result<OutgoingDetails, StorageError> {
        sealing::open(key, details_place(&self.mail_id), &self.details)
    }
}

fn shard_name(shard: u8) -> String {
    format!("send.{shard:02}")
}

fn key(mail_id: &MailId) -> Item {
    item([("mailId", s(mail_id.as_str()))])
}

fn details_place(mail_id: &MailId) -> Place<'_> {
    Place { table: TABLE, key: mail_id.as_str(), attribute: "details" }
}
