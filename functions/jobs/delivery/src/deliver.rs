//! One message.
//!
//! Must not know: why the message was written.

use espace_domain::{Contact, NotificationId};
use espace_jobs::{JobContext, JobError};
use espace_notifications::{Notice, ProofText, SERVICE};
use espace_pdf::{Proof, prove};
use espace_storage::{
    Attached, DELIVERY_ATTEMPTS_MAX, Envelope, Mail, OutboxEntry, OutboxState, Parcel,
};
use jiff::Timestamp;

use crate::App;
use crate::push::Pushed;

/// The name under which words to browsers are counted.
const PUSH: &str = "push";

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Sent by e-mail.
    Email,
    /// Sent by SMS.
    Sms,
    /// A browser's push service has it.
    Push,
    /// The browser is no more.
    Gone,
    /// Handed to the print batches.
    ToPrint,
    /// Another delivery has it, or had it.
    Elsewhere,
    /// Tried too often; set aside for an operator.
    GivenUp,
}

impl Delivered {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Gone => "gone",
            Self::ToPrint => "toPrint",
            Self::Elsewhere => "elsewhere",
            Self::GivenUp => "givenUp",
        }
    }
}

/// Delivers one message, if it is still to be delivered.
pub(crate) async fn deliver(
    app: &App,
    id: &NotificationId,
    context: &JobContext,
) -> Result<Delivered, JobError> {
    let now = context.clock.now();
    let Some(entry) = app.outbox.find(id).await? else {
        return Ok(Delivered::Elsewhere);
    };
    if entry.state != OutboxState::Pending {
        return Ok(Delivered::Elsewhere);
    }
    if entry.attempts >= DELIVERY_ATTEMPTS_MAX {
        app.outbox.mark_failed(&entry).await?;
        return Ok(Delivered::GivenUp);
    }
    // Taken before it is opened: one that does not open must not stand at the
    // head of the queue for ever.
    if !app.outbox.take(&entry, now).await? {
        return Ok(Delivered::Elsewhere);
    }
    match send(app, &entry, now).await {
        Ok(delivered) => Ok(delivered),
        Err(error) => {
            if !matches!(&error, JobError::Storage(cause) if cause.is_throttled()) {
                app.outbox.count_failure(&entry).await?;
            }
            Err(error)
        }
    }
}

/// Opens a message and sends it.
async fn send(app: &App, entry: &OutboxEntry, now: Timestamp) -> Result<Delivered, JobError> {
    let envelope: Envelope<Notice> = match app.outbox.open(entry).await? {
        Parcel::Letter(envelope) => envelope,
        Parcel::Push(notice) => {
            let pushed = app.pusher.tell(&notice, now).await?;
            let entry = std::slice::from_ref(entry);
            app.outbox.mark_sent(entry, PUSH, &app.campaigns, now).await?;
            let told = pushed == Pushed::Told;
            return Ok(if told { Delivered::Push } else { Delivered::Gone });
        }
    };
    let channel = envelope.to.channel();
    let rendered = envelope.notice.render(channel, &app.site);
    let delivered = match &envelope.to {
        Contact::Letter(_) => {
            app.outbox.mark_to_print(entry, now).await?;
            return Ok(Delivered::ToPrint);
        }
        Contact::Email(email) => {
            let attached = match envelope.notice.proof(&app.site) {
                Some((name, text)) => {
                    let (content_type, bytes) = ("application/pdf", proof_pdf(text)?);
                    Some(Attached { name, content_type, bytes })
                }
                None => None,
            };
            let stop = envelope.notice.unsubscribe();
            let stop = stop.map(|token| format!("{}/v1/unsubscriptions/{token}", app.origin));
            let mail = Mail {
                subject: rendered.subject,
                text: &rendered.text,
                attached,
                unsubscribe: stop.as_deref(),
            };
            app.mailer.send(email, mail).await?;
            Delivered::Email
        }
        Contact::Sms(phone) => {
            app.texter.send(phone, &rendered.text).await?;
            Delivered::Sms
        }
    };
    app.outbox
        .mark_sent(std::slice::from_ref(entry), channel.as_str(), &app.campaigns, now)
        .await?;
    Ok(delivered)
}

/// A proof, to be attached.
fn proof_pdf(text: ProofText) -> Result<Vec<u8>, JobError> {
    let paragraphs = text.paragraphs();
    let proof = Proof {
        sender: SERVICE.to_owned(),
        dated: text.dated,
        title: text.title.to_owned(),
        paragraphs,
        qr: text.check.map(|check| (check.qr, check.qr_alternative)),
    };
    prove(&proof).map_err(|_| JobError::Work("the PDF of a proof failed"))
}
