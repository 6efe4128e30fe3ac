//! Everything that was sent: e-mails and text messages from the emulator's
//! outboxes, letters from the print batches, which a stand-in for the mailing
//! house fetches, decrypts and reads with an independent PDF reader. Must not
//! know what the messages mean.

use std::collections::{HashMap, HashSet};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aws_config::SdkConfig;
use espace_domain::{Clock, SystemClock};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::backend::python;
use crate::mssante::Operator;
use crate::push_service::PushService;

/// Reads a PDF on standard input; prints the text of its pages as JSON.
const READ_PAGES: &str = "import sys, json, io, pypdf
reader = pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read()))
json.dump([page.extract_text() for page in reader.pages], sys.stdout)";

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `email`, `sms`, `letter`, `push` for a word to a browser, `mssante` for a mail to a
    /// professional.
    pub channel: String,
    /// The address; of a letter, name and address on one line.
    pub to: String,
    /// The subject; empty for a text message.
    pub subject: String,
    /// The text.
    pub body: String,
    /// When it was sent, or seen where the channel does not say.
    pub at: Timestamp,
}

/// The mailbox of a system.
#[derive(Clone)]
pub struct Mailbox {
    http: reqwest::Client,
    s3: aws_sdk_s3::Client,
    endpoint: String,
    print_bucket: String,
    identity: Arc<age::x25519::Identity>,
    pushes: PushService,
    operator: Operator,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    messages: Vec<Message>,
    emails: HashSet<String>,
    texts: HashMap<String, usize>,
    batches: HashSet<String>,
    pushes: usize,
    secure: usize,
}

/// The mailing house's index of a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexLine {
    first_page: usize,
    last_page: usize,
    addressee: Vec<String>,
}

impl Mailbox {
    /// The mailbox of the system at `config`'s endpoint.
    pub fn new(
        config: &SdkConfig,
        print_bucket: &str,
        identity: age::x25519::Identity,
        (pushes, operator): (PushService, Operator),
    ) -> Self {
        Self {
            http: reqwest::Client::new(),
            s3: aws_sdk_s3::Client::new(config),
            endpoint: config.endpoint_url().unwrap_or_default().to_owned(),
            print_bucket: print_bucket.to_owned(),
            identity: Arc::new(identity),
            pushes,
            operator,
            seen: Arc::default(),
        }
    }

    /// Everything sent so far, newest last.
    pub async fn messages(&self) -> Result<Vec<Message>> {
        let mut seen = self.seen.lock().await;
        let mut new = self.new_emails(&mut seen).await?;
        new.extend(self.new_texts(&mut seen).await?);
        new.extend(self.new_letters(&mut seen).await?);
        let taken = self.pushes.taken();
        new.extend(taken.iter().skip(seen.pushes).cloned());
        seen.pushes = taken.len();
        let taken = self.operator.taken();
        new.extend(taken.iter().skip(seen.secure).cloned());
        seen.secure = taken.len();
        new.sort_by_key(|message| message.at);
        seen.messages.extend(new);
        Ok(seen.messages.clone())
    }

    async fn new_emails(&self, seen: &mut Seen) -> Result<Vec<Message>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Sent {
            message_id: String,
            to: Vec<String>,
            subject: String,
            body_text: String,
            timestamp: f64,
        }
        #[derive(Deserialize)]
        struct Outbox {
            messages: HashMap<String, Vec<Sent>>,
        }
        let url = format!("{}/_ministack/ses/messages", self.endpoint);
        let outbox: Outbox = self.http.get(url).send().await?.json().await?;
        let mut new = Vec::new();
        for sent in outbox.messages.into_values().flatten() {
            if seen.emails.insert(sent.message_id) {
                #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century")]
                let milliseconds = (sent.timestamp * 1_000.0) as i64;
                new.push(Message {
                    channel: "email".to_owned(),
                    to: sent.to.join(", "),
                    subject: sent.subject,
                    body: sent.body_text,
                    at: Timestamp::from_millisecond(milliseconds)?,
                });
            }
        }
        Ok(new)
    }

    async fn new_texts(&self, seen: &mut Seen) -> Result<Vec<Message>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Sent {
            message: String,
        }
        #[derive(Deserialize)]
        struct Outbox {
            sms_messages: HashMap<String, Vec<Sent>>,
        }
        let region = crate::backend::REGION;
        let url = format!("{}/_ministack/sns/sms-messages?region={region}", self.endpoint);
        let outbox: Outbox = self.http.get(url).send().await?.json().await?;
        let mut new = Vec::new();
        for (number, sent) in outbox.sms_messages {
            let known = seen.texts.insert(number.clone(), sent.len()).unwrap_or(0);
            for sent in sent.into_iter().skip(known) {
                new.push(Message {
                    channel: "sms".to_owned(),
                    to: number.clone(),
                    subject: String::new(),
                    body: sent.message,
                    at: SystemClock.now(),
                });
            }
        }
        Ok(new)
    }

    async fn new_letters(&self, seen: &mut Seen) -> Result<Vec<Message>> {
        let mut new = Vec::new();
        let mut pages =
            self.s3.list_objects_v2().bucket(&self.print_bucket).into_paginator().send();
        while let Some(page) = pages.next().await {
            for object in page?.contents() {
                let Some(folder) =
                    object.key().and_then(|key| key.strip_suffix("index.ndjson.age"))
                else {
                    continue;
                };
                if !seen.batches.contains(folder) {
                    new.extend(self.read_batch(folder).await?);
                    seen.batches.insert(folder.to_owned());
                }
            }
        }
        Ok(new)
    }

    /// What the mailing house does: fetch, decrypt, print.
    async fn read_batch(&self, folder: &str) -> Result<Vec<Message>> {
        let index = self.fetch(&format!("{folder}index.ndjson.age")).await?;
        let pdf = self.fetch(&format!("{folder}letters.pdf.age")).await?;
        let pages = read_pages(&pdf).await?;
        let mut letters = Vec::new();
        for line in std::str::from_utf8(&index)?.lines() {
            let line: IndexLine = serde_json::from_str(line)?;
            let text: Vec<_> = pages
                .iter()
                .skip(line.first_page - 1)
                .take(line.last_page + 1 - line.first_page)
                .cloned()
                .collect();
            let body = text.join("\n");
            letters.push(Message {
                channel: "letter".to_owned(),
                to: line.addressee.join(", "),
                subject: String::new(),
                body,
                at: SystemClock.now(),
            });
        }
        Ok(letters)
    }

    async fn fetch(&self, key: &str) -> Result<Vec<u8>> {
        let object = self.s3.get_object().bucket(&self.print_bucket).key(key).send().await?;
        let encrypted = object.body.collect().await?.into_bytes();
        age::decrypt(self.identity.as_ref(), &encrypted)
            .with_context(|| format!("{key} is not encrypted to the mailing house"))
    }
}

/// The text of each page.
async fn read_pages(pdf: &[u8]) -> Result<Vec<String>> {
    let mut child = Command::new(python())
        .args(["-c", READ_PAGES])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take().context("no standard input")?;
    input.write_all(pdf).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "the PDF of a batch cannot be read");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The code that a message carries, on its line `code : …`.
pub fn code_in(body: &str) -> Option<String> {
    body.lines().find_map(|line| line.trim().strip_prefix("code : ")).map(str::to_owned)
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailbox({})", self.endpoint)
    }
}
