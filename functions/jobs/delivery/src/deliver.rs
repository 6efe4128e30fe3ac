//! One message.

use espace_domain::{Contact, NotificationId};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::{DELIVERY_ATTEMPTS_MAX, Envelope, OutboxState};

use crate::App;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Sent by e-mail.
    Email,
    /// Sent by SMS.
    Sms,
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
    let envelope: Envelope<Notice> = app.outbox.open(&entry).await?;
    let channel = envelope.to.channel();
    if matches!(envelope.to, Contact::Letter(_)) {
        app.outbox.mark_to_print(&entry, now).await?;
        return Ok(Delivered::ToPrint);
    }
    if !app.outbox.take(&entry, now).await? {
        return Ok(Delivered::Elsewhere);
    }
    let rendered = envelope.notice.render(channel, &app.site);
    let delivered = match &envelope.to {
        Contact::Email(email) => {
            app.mailer.send(email, rendered.subject, &rendered.text).await?;
            Delivered::Email
        }
        Contact::Sms(phone) => {
            app.texter.send(phone, &rendered.text).await?;
            Delivered::Sms
        }
        Contact::Letter(_) => return Ok(Delivered::ToPrint),
    };
    app.outbox
        .mark_sent(std::slice::from_ref(&entry), channel.as_str(), &app.campaigns, now)
        .await?;
    Ok(delivered)
}
