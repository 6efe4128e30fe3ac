//! A mail that came: read, its sender known, its person found; else set aside with a reason.
//! It stays where it lies until it is a message, or until an operator decides.
//!
//! Must not know: how a message is written.

use aws_lc_rs::digest::{SHA256, digest};
use espace_domain::{MailId, Registration};
use espace_jobs::{JobContext, JobError};
use espace_mail::{
    Answer, MAIL_BYTES_MAX, MailAddress, ReceivedMail, Unfit, domain_of, read, write,
};
use espace_storage::{Correspondence, FetchedMail, MailBegun, Verdict};
use jiff::Timestamp;

use crate::deliver::{Delivered, deliver};
use crate::{App, files};

/// The name before the `@` of who tells a sender that nobody is there.
const POSTMASTER: &str = "postmaster";

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// It is a message.
    Delivered,
    /// It was one already, or is gone.
    Again,
    /// It is set aside.
    Aside,
}

impl Received {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again => "again",
            Self::Aside => "aside",
        }
    }
}

/// The name of a mail, by where it lies.
pub(crate) fn mail_id(object: &str) -> MailId {
    let mut name = [0; 16];
    let hash = digest(&SHA256, object.as_bytes());
    for (to, from) in name.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    MailId::from_bytes(name)
}

/// Takes a mail in.
pub(crate) async fn receive(
    app: &App,
    object: &str,
    context: &JobContext,
) -> Result<Received, JobError> {
    let now = context.clock.now();
    let mail_id = mail_id(object);
    let taken = match app.mails.begin(&mail_id).await? {
        MailBegun::Yes => {
            let Some(mail) = app.objects.fetch(object, MAIL_BYTES_MAX).await? else {
                app.mails.ended(&mail_id).await?;
                return Ok(Received::Again);
            };
            take(app, (object, &mail), &mail_id, now).await?
        }
        MailBegun::TooOften => Err(Unfit::Unreadable),
        // Its reason stands; that it still lies here is all that is left to do.
        MailBegun::Aside => {
            app.objects.set_aside(object).await?;
            app.objects.delete(object).await?;
            return Ok(Received::Again);
        }
    };
    match taken {
        Ok(delivered) => {
            app.objects.delete(object).await?;
            app.mails.ended(&mail_id).await?;
            Ok(match delivered {
                Delivered::Yes => Received::Delivered,
                Delivered::Before => Received::Again,
            })
        }
        Err(unfit) => {
            let aside = app.objects.set_aside(object).await?;
            app.mails.quarantine(&mail_id, &aside, &unfit.to_string(), now).await?;
            app.objects.delete(object).await?;
            Ok(Received::Aside)
        }
    }
}

/// The message that a mail becomes, or why it becomes none.
async fn take(
    app: &App,
    (object, fetched): (&str, &FetchedMail),
    mail_id: &MailId,
    now: Timestamp,
) -> Result<Result<Delivered, Unfit>, JobError> {
    let mail = match read(&fetched.raw, &app.domain) {
        Ok(mail) => mail,
        Err(unfit) => return Ok(Err(unfit)),
    };
    // What a mail says of itself anyone can write: who sent it, the operator knows.
    let sent_by = fetched.envelope_from.as_deref().and_then(MailAddress::parse);
    if sent_by.as_ref() != Some(&mail.from) {
        return Ok(Err(Unfit::Sender));
    }
    let sender = match app.trust_space.of(mail.from.as_str(), domain_of(&mail.from)).await? {
        Correspondence::Known(sender) => sender,
        Correspondence::Unknown => return Ok(Err(Unfit::UnknownSender)),
        Correspondence::Untrusted => return Ok(Err(Unfit::Untrusted)),
    };
    if app.scanner.scan_object(app.objects.bucket(), object).await? == Verdict::Infected {
        return Ok(Err(Unfit::Malware));
    }
    let files = match files::inspect(&mail.files) {
        Ok(files) => files,
        Err(unfit) => return Ok(Err(unfit)),
    };
    let found = app.registry.find(&mail.patient.nir).await?;
    let space_id = found.and_then(|person| match person.registration {
        Registration::Held { space_id } => Some(space_id),
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => None,
    });
    let delivered = match space_id {
        Some(space_id) => deliver(app, &space_id, (&mail, &sender), files, now).await?,
        None => None,
    };
    if let Some(delivered) = delivered {
        return Ok(Ok(delivered));
    }
    tell_nobody_is_there(app, &mail, mail_id, now).await?;
    Ok(Err(Unfit::NoMailbox))
}

/// Tells a sender that their mail reached nobody: the same whether the person is unknown, has
/// refused or closed their space, or keeps this professional out.
async fn tell_nobody_is_there(
    app: &App,
    mail: &ReceivedMail,
    mail_id: &MailId,
    now: Timestamp,
) -> Result<(), JobError> {
    let from = MailAddress::parse(&format!("{POSTMASTER}@{}", app.domain));
    let from = from.ok_or(JobError::Work("the persons' domain is none"))?;
    let written = write(Answer {
        from: ("Messagerie Espace santé", &from),
        to: &mail.from,
        subject: "Message non remis",
        // Told again, it is the same mail.
        message_id: &format!("{mail_id}@{}", app.domain),
        answers: mail.message_id.as_deref(),
        text: "Bonjour,\n\nVotre message n’a pas pu être remis : aucune boîte aux lettres de \
               patient n’est ouverte à cette adresse pour vous.\n\nVérifiez le matricule INS, ou \
               prenez contact avec la personne autrement.",
        at: now,
        files: Vec::new(),
    });
    let written = written.map_err(|_| JobError::Work("a mail could not be written"))?;
    app.gateway.send(&from, &mail.from, written).await
}
