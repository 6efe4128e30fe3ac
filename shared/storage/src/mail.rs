//! Sending: e-mail through SES, text messages through SNS. Must not know what
//! the texts say.

use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Attachment, Body, Content, Destination, EmailContent, Message};
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

    /// Sends a plain-text e-mail. No HTML: nothing to click, nothing to track.
    pub async fn send(
        &self,
        to: &Email,
        subject: &str,
        text: &str,
        attached: Option<Attached>,
    ) -> Result<(), StorageError> {
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
