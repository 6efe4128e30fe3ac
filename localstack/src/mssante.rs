//! A stand-in for an operator of secure mail (`MSSanté`): takes mails by SMTP (RFC 5321), and
//! by HTTPS as an operator's gateway; hands those for persons to the system's bucket, and
//! tells of those for professionals. Must not know what a mail says.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use espace_crypto::SystemRandom;
use espace_domain::{Clock, MailId, SystemClock};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::mail::Message;

/// The domain of persons' addresses, as the template has it where nothing else is said.
pub const PATIENT_DOMAIN: &str = "patient.mssante.fr";
/// Largest mail taken: above the bridge's own limit, so that it is what answers.
const MAIL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest line of a command.
const LINE_BYTES_MAX: u64 = 4_096;

/// The operator of one system.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    taken: Arc<Mutex<Vec<Message>>>,
    /// Where mails for persons go, once it is there.
    bucket: Arc<OnceLock<(aws_sdk_s3::Client, String)>>,
}

impl Operator {
    /// Hands mails for persons to a bucket from now on.
    pub fn deliver_to(&self, config: &SdkConfig, bucket: &str) {
        let _again = self.bucket.set((aws_sdk_s3::Client::new(config), bucket.to_owned()));
    }

    /// Every mail for a professional, newest last: the channel is `mssante`, the body the mail
    /// as it was sent.
    pub fn taken(&self) -> Vec<Message> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its gateway's route: `POST /mssante`.
    pub fn router(self) -> Router {
        Router::new().route("/mssante", post(by_https)).with_state(self)
    }

    /// Serves SMTP on a listener.
    pub fn serve(self, listener: TcpListener) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let operator = self.clone();
                tokio::spawn(async move {
                    // A client that breaks off has said all it wanted.
                    let _ended = operator.talk(stream).await;
                });
            }
        })
    }

    /// One conversation.
    async fn talk(&self, stream: TcpStream) -> Result<()> {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        let (mut sender, mut recipients) = (String::new(), Vec::<String>::new());
        write.write_all(b"220 stand-in of an operator\r\n").await?;
        loop {
            let mut line = Vec::new();
            let read_now = (&mut read).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
            if read_now == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let upper = line.to_ascii_uppercase();
            let answer: &[u8] = if upper.starts_with("EHLO") {
                b"250-stand-in\r\n250-8BITMIME\r\n250 SIZE 67108864\r\n"
            } else if upper.starts_with("RCPT TO:") {
                let address = line.split_once(':').map_or("", |(_, address)| address.trim());
                recipients.push(address.trim_matches(['<', '>']).to_owned());
                b"250 OK\r\n"
            } else if upper == "DATA" {
                write.write_all(b"354 go on\r\n").await?;
                let mail = data(&mut read).await?;
                for recipient in recipients.drain(..) {
                    self.take((&sender, &recipient), mail.clone()).await?;
                }
                b"250 taken\r\n"
            } else if upper == "QUIT" {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            } else if upper.starts_with("MAIL FROM:") {
                // What follows the address are the client's wishes (RFC 1870, RFC 6152).
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                address.clone_into(&mut sender);
                recipients.clear();
                b"250 OK\r\n"
            } else if upper == "RSET" {
                recipients.clear();
                b"250 OK\r\n"
            } else if upper.starts_with("HELO") || upper == "NOOP" {
                b"250 OK\r\n"
            } else {
                b"500 not known here\r\n"
            };
            write.write_all(answer).await?;
        }
    }

    /// Takes a mail for one recipient.
    async fn take(&self, (sender, recipient): (&str, &str), mail: Vec<u8>) -> Result<()> {
        let at_domain = format!("@{PATIENT_DOMAIN}");
        if recipient.to_ascii_lowercase().ends_with(&at_domain) {
            let (s3, bucket) = self.bucket.get().context("no system to deliver to")?;
            let name = MailId::generate(&SystemRandom);
            let key = format!("incoming/{name}.eml");
            // Whom it authenticated, whatever the mail says of itself.
            let put = s3.put_object().bucket(bucket).key(key).metadata("envelope-from", sender);
            put.body(mail.into()).send().await?;
            return Ok(());
        }
        let message = Message {
            channel: "mssante".to_owned(),
            to: recipient.to_owned(),
            subject: String::new(),
            body: String::from_utf8_lossy(&mail).into_owned(),
            at: SystemClock.now(),
        };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        Ok(())
    }
}

/// The mail after `DATA`, its dots undone.
async fn data(read: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if read.read_until(b'\n', &mut line).await? == 0 || line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        anyhow::ensure!(mail.len() <= MAIL_BYTES_MAX, "a mail that is too large");
    }
}

/// Takes a mail as the operator's gateway.
async fn by_https(State(operator): State<Operator>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let to = headers.get("x-envelope-to").and_then(|value| value.to_str().ok());
    let from = headers.get("x-envelope-from").and_then(|value| value.to_str().ok());
    let Some((from, to)) = from.zip(to) else { return StatusCode::BAD_REQUEST };
    match operator.take((from, to), body.to_vec()).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}
