//! Sending: e-mail through SES, text messages through SNS. Must not know what
//! the texts say.

use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, Body, Content, Destination, EmailContent, Message, MessageHeader,
};
use espace_domain::{Email, Phone};

use crate::{Aws, Environment, StorageError};

/// Sends e-mails.
#[derive(Debug, Clone)]
pub struct Mailer {
    ses: aws_sdk_sesv2::Client,
    from: String,
}

/// A file that goes with an e-mail.
#[derive(Debug, Clone)]
pub struct Attached {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// An e-mail.
#[derive(Debug)]
pub struct Mail<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// Its text. No HTML: nothing to click, nothing to track.
    pub text: &'a str,
    /// The file that goes with it.
    pub attached: Option<Attached>,
    /// Where the reader's mail program asks for no more of its kind (RFC 8058): not shown in
    /// the text.
    pub unsubscribe: Option<&'a str>,
}

/// Sends text messages.
#[derive(Debug, Clone)]
pub struct Texter {
    sns: aws_sdk_sns::Client,
}

impl Mailer {
    /// Sends from the address of `ESPACE_MAIL_FROM`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { ses: aws.ses(), from: environment.required("ESPACE_MAIL_FROM") }
    }

    /// Sends a plain-text e-mail.
    pub async fn send(&self, to: &Email, mail: Mail<'_>) -> Result<(), StorageError> {
        let Mail { subject, text, attached, unsubscribe } = mail;
        let content = |data: &str| {
            Content::builder()
                .data(data)
                .charset("UTF-8")
                .build()
                .map_err(|_| StorageError::Corrupt { what: "e-mail" })
        };
        let attachment = attached
            .map(|attached| {
                Attachment::builder()
                    .file_name(attached.name)
                    .content_type(attached.content_type)
                    .raw_content(Blob::new(attached.bytes))
                    .build()
                    .map_err(|_| StorageError::Corrupt { what: "e-mail attachment" })
            })
            .transpose()?;
        let message = Message::builder()
            .set_attachments(attachment.map(|attachment| vec![attachment]))
            .subject(content(subject)?)
            .set_headers(unsubscribe.map(unsubscribe_headers).transpose()?)
            .body(Body::builder().text(content(text)?).build())
            .build();
        self.ses
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to.expose()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("ses:SendEmail", e))
    }
}

/// The headers by which a mail program asks for no more, with one press (RFC 8058).
fn unsubscribe_headers(url: &str) -> Result<Vec<MessageHeader>, StorageError> {
    let header = |name: &str, value: String| {
        let built = MessageHeader::builder().name(name).value(value).build();
        built.map_err(|_| StorageError::Corrupt { what: "e-mail header" })
    };
    Ok(vec![
        header("List-Unsubscribe", format!("<{url}>"))?,
        header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?,
    ])
}

impl Texter {
    /// Sends through SNS.
    pub fn new(aws: &Aws) -> Self {
        Self { sns: aws.sns() }
    }

    /// Sends a text message.
    pub async fn send(&self, to: &Phone, text: &str) -> Result<(), StorageError> {
        let transactional = aws_sdk_sns::types::MessageAttributeValue::builder()
            .data_type("String")
            .string_value("Transactional")
            .build()
            .map_err(|_| StorageError::Corrupt { what: "text message" })?;
        self.sns
            .publish()
            .phone_number(to.expose())
            .message(text)
            // Transactional: a one-time code must not queue behind advertising.
            .message_attributes("AWS.SNS.SMS.SMSType", transactional)
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("sns:Publish", e))
    }
}
