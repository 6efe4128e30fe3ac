//! What a person answered goes to a professional's mailbox: the message as a mail, its
//! documents joined, a CDA within an XDM archive. Sent and killed before that is written down,
//! it is sent again under the same id, by which mail programs know it.
//!
//! Must not know: who decided that it may be answered.

use espace_crypto::{ContentPlace, SealingKey};
use espace_domain::decision::SpaceStanding;
use espace_domain::{Attachment, DocumentId, MailId, Message, Nir, SpaceId};
use espace_jobs::{JobContext, JobError};
use espace_mail::{Answer, JoinedFile, MailAddress, XDM_NAME, domain_of, pack_xdm, write};
use espace_storage::{
    Correspondence, MailTaken, OutgoingDetails, OutgoingMail, PastVersion, Space, StoredContent,
};

use crate::App;

/// Most bytes of what is joined to a mail; the rest is told of in its text.
const JOINED_BYTES_MAX: u64 = 15 * 1_000_000;
/// Messages looked at for the mail that one answers.
const LOOKED_AT_MAX: u32 = 20;
/// The media type of a CDA.
const CDA: &str = "application/cda+xml";

/// What became of a mail that was to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It went.
    Yes,
    /// Another run has it, or had it.
    Elsewhere,
    /// What it was to say is no more.
    Moot,
    /// Tried too often; set aside for an operator.
    GivenUp,
}

impl Sent {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yes => "sent",
            Self::Elsewhere => "elsewhere",
            Self::Moot => "moot",
            Self::GivenUp => "givenUp",
        }
    }
}

/// Sends one mail, where nobody has yet.
pub(crate) async fn send(
    app: &App,
    mail_id: &MailId,
    context: &JobContext,
) -> Result<Sent, JobError> {
    let Some(outgoing) = app.mails.outgoing(mail_id).await? else { return Ok(Sent::Elsewhere) };
    match app.mails.take(&outgoing, context.clock.now()).await? {
        MailTaken::Yes => {}
        MailTaken::Elsewhere => return Ok(Sent::Elsewhere),
        MailTaken::GivenUp => return Ok(Sent::GivenUp),
    }
    let Some((from, to, mail)) = written(app, &outgoing).await? else {
        app.mails.sent(mail_id).await?;
        return Ok(Sent::Moot);
    };
    app.gateway.send(&from, &to, mail).await?;
    app.mails.sent(mail_id).await?;
    Ok(Sent::Yes)
}

/// The mail; `None` where the space or the message is no more.
async fn written(
    app: &App,
    outgoing: &OutgoingMail,
) -> Result<Option<(MailAddress, MailAddress, Vec<u8>)>, JobError> {
    let space_id = &outgoing.space_id;
    let Some(space) = app.acts.spaces().find(space_id).await? else { return Ok(None) };
    let Some(key) = app.space_keys.content(space_id).await? else { return Ok(None) };
    let (thread_id, number) = (&outgoing.thread_id, outgoing.number);
    let Some(stored) = app.messages.find(space_id, thread_id, &key).await? else {
        return Ok(None);
    };
    let Some(message) = app.messages.message(space_id, thread_id, number, &key).await? else {
        return Ok(None);
    };
    let holder = space.whole_holder(&key)?;
    let nir = holder.matricule.as_deref().and_then(|number| Nir::parse(number).ok());
    let nir = nir.ok_or(JobError::Work("a person without a matricule answers by mail"))?;
    let matricule = format!("{}{:02}", nir.expose(), nir.key());
    let from = MailAddress::of_patient(&matricule, &app.domain);
    let details = outgoing.open(&key)?;
    let to = MailAddress::parse(&details.mailbox);
    let (Some(from), Some(to)) = (from, to) else {
        return Err(JobError::Work("not an address of a mail"));
    };
    if !is_still_theirs(app, &space, &details, &to).await? {
        return Ok(None);
    }
    let name = format!("{} {}", holder.traits.first_name(), holder.traits.last_name());
    let answered = answered(app, outgoing, &key).await?;
    let (files, left_out) = joined(app, (space_id, &key), &message, &matricule).await?;
    let mail = write(Answer {
        from: (&name, &from),
        to: &to,
        subject: &stored.thread.subject,
        message_id: &format!("{thread_id}.{number}@{}", app.domain),
        answers: answered.as_deref(),
        text: &text(&message, &name, left_out),
        at: message.at,
        files,
    });
    let mail = mail.map_err(|_| JobError::Work("a mail could not be written"))?;
    Ok(Some((from, to, mail)))
}

/// Whether a mail may still go: the space stands, its holder has not kept the professional out
/// since, and the mailbox is theirs in the trust space today.
async fn is_still_theirs(
    app: &App,
    space: &Space,
    details: &OutgoingDetails,
    to: &MailAddress,
) -> Result<bool, JobError> {
    let standing = SpaceStanding::of(&space.state, space.suspension);
    let block = app.relations.names().await?.block(&space.space_id, &details.rpps);
    if standing != SpaceStanding::Active || app.consents.is_there(&space.space_id, &block).await? {
        return Ok(false);
    }
    let known = app.trust_space.of(to.as_str(), domain_of(to)).await?;
    Ok(matches!(known, Correspondence::Known(mailbox) if mailbox.rpps == details.rpps))
}

/// The id of the newest mail before a message, that it answers.
async fn answered(
    app: &App,
    outgoing: &OutgoingMail,
    key: &SealingKey,
) -> Result<Option<String>, JobError> {
    let (space_id, thread_id) = (&outgoing.space_id, &outgoing.thread_id);
    let first = outgoing.number.saturating_sub(LOOKED_AT_MAX);
    for number in (first..outgoing.number).rev().filter(|number| *number > 0) {
        let found = app.messages.message(space_id, thread_id, number, key).await?;
        if let Some(id) = found.and_then(|found| found.mail).filter(|id| !id.is_empty()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// What the mail says: the message, who wrote it where that is not the person, and what was
/// too large to go with it.
fn text(message: &Message, holder: &str, left_out: usize) -> String {
    let mut text = message.body.clone();
    let writer = message.author.name.as_deref().filter(|name| *name != holder);
    let role = match message.author.kind.as_str() {
        "caregiver" => Some("aidant"),
        "representative" => Some("représentant légal"),
        _ => None,
    };
    if let (Some(writer), Some(role)) = (writer, role) {
        let line = format!("\n\n— Écrit par {writer}, {role} de {holder}.");
        text.push_str(&line);
    }
    if left_out > 0 {
        let line = format!(
            "\n\n— {left_out} pièce(s) trop volumineuse(s) pour la messagerie : à lire dans \
             l’espace de santé, dans cet échange."
        );
        text.push_str(&line);
    }
    text
}

/// The documents of a message as files, and how many are too large to go.
async fn joined(
    app: &App,
    (space_id, key): (&SpaceId, &SealingKey),
    message: &Message,
    matricule: &str,
) -> Result<(Vec<JoinedFile>, usize), JobError> {
    let (mut files, mut left_out, mut held) = (Vec::new(), 0, 0);
    for attachment in &message.attachments {
        let Attachment::Document { document_id, version } = attachment else { continue };
        // Deleted since: it is not sent.
        let Some(document) = app.documents.find(space_id, document_id, key).await? else {
            continue;
        };
        // What was sent, whatever replaced it since.
        let Some(sent) = document.details.version(*version) else { continue };
        if held + sent.size > JOINED_BYTES_MAX {
            left_out += 1;
            continue;
        }
        held += sent.size;
        let which = (space_id, document_id);
        let Some(bytes) = content(app, which, key, &sent).await? else { continue };
        files.push(as_file(document_id, &sent, bytes, matricule)?);
    }
    Ok((files, left_out))
}

/// The content of a document; `None` where it was deleted at this moment.
async fn content(
    app: &App,
    (space_id, document_id): (&SpaceId, &DocumentId),
    key: &SealingKey,
    details: &PastVersion,
) -> Result<Option<Vec<u8>>, JobError> {
    let stored = StoredContent {
        place: ContentPlace {
            space: space_id.as_str(),
            document: document_id.as_str(),
            version: details.version,
        },
        object: &details.object,
        content_key: &details.content_key,
        size: details.size,
    };
    Ok(stored.read(&app.vault, key, (0, details.size)).await?)
}

/// A document as it is joined.
fn as_file(
    document_id: &DocumentId,
    details: &PastVersion,
    bytes: Vec<u8>,
    matricule: &str,
) -> Result<JoinedFile, JobError> {
    if details.content_type == CDA {
        let unique = details.unique_id.as_deref().unwrap_or(document_id.as_str());
        let packed = pack_xdm(&bytes, (&details.title, unique), matricule)
            .map_err(|_| JobError::Work("an archive could not be packed"))?;
        return Ok(JoinedFile {
            name: XDM_NAME.to_owned(),
            content_type: "application/zip".to_owned(),
            bytes: packed,
        });
    }
    let name = espace_mail::file_name(Some(&format!("{}.{}", details.title, details.extension)));
    Ok(JoinedFile { name, content_type: details.content_type.clone(), bytes })
}
