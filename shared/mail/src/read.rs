//! A mail that came, read: from whom, to whom, about what, the text and the files; or why it
//! is unfit. Must not know whether its sender is trusted, nor who the person is.

use espace_domain::{BODY_BYTES_MAX, SUBJECT_CHARS_MAX};
use mail_parser::{HeaderName, HeaderValue, Message, MimeHeaders};

use crate::text::{decode, file_name, of_html, one_line, shown};
use crate::walk::{Leaf, Walked, walk};
use crate::{MailAddress, MailFile, Patient, Unfit};

/// Largest mail that is taken, bytes (operators of `MSSanté` take 10 to 25 MB).
pub const MAIL_BYTES_MAX: usize = 25 * 1_000_000;
/// Most files of a mail.
pub const FILES_MAX: usize = 10;
/// Most ids of earlier mails that are looked at.
const REFERENCES_MAX: usize = 20;
/// Longest id of a mail.
const MESSAGE_ID_CHARS_MAX: usize = 250;
/// What a mail is called that says nothing of itself.
const NO_SUBJECT: &str = "(sans objet)";

/// A mail that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Who wrote it.
    pub from: MailAddress,
    /// To whom: the one person among its recipients.
    pub patient: Patient,
    /// What it is about, at most as long as a subject is.
    pub subject: String,
    /// Its own id, where it has one that is one.
    pub message_id: Option<String>,
    /// The ids of the mails it answers, the nearest first.
    pub answers: Vec<String>,
    /// What it says, at most as long as a message is.
    pub text: String,
    /// What is joined to it, archives unopened.
    pub files: Vec<MailFile>,
}

/// Reads a mail to a person at `domain`.
pub fn read(raw: &[u8], domain: &str) -> Result<ReceivedMail, Unfit> {
    if raw.len() > MAIL_BYTES_MAX {
        return Err(Unfit::TooLarge);
    }
    let has_text = raw.iter().any(|byte| !byte.is_ascii_whitespace());
    if !has_text {
        return Err(Unfit::Empty);
    }
    let walked = walk(raw)?;
    let header = walked.header.as_ref().ok_or(Unfit::Sender)?;
    if is_automatic(header) {
        return Err(Unfit::Automatic);
    }
    let from = sender(header)?;
    let patient = recipient(header, domain)?;
    let (text, files) = parts(&walked)?;
    if text.len() > BODY_BYTES_MAX {
        return Err(Unfit::BodyTooLong);
    }
    if text.is_empty() && files.is_empty() {
        return Err(Unfit::Empty);
    }
    let subject = one_line(header.subject().unwrap_or_default(), SUBJECT_CHARS_MAX);
    let ids = |name: HeaderName<'static>| {
        let values = header.header_values(name).filter_map(HeaderValue::as_text_list);
        values.flatten().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut answers = ids(HeaderName::InReplyTo);
    answers.extend(ids(HeaderName::References).into_iter().rev());
    answers.retain(|id| is_message_id(id));
    answers.truncate(REFERENCES_MAX);
    let own = header.header_values(HeaderName::MessageId).find_map(HeaderValue::as_text);
    Ok(ReceivedMail {
        from,
        patient,
        subject: if subject.is_empty() { NO_SUBJECT.to_owned() } else { subject },
        message_id: own.map(str::to_owned).filter(|id| is_message_id(id)),
        answers,
        text,
        files,
    })
}

/// Whether no one wrote it (RFC 3834, RFC 3462).
fn is_automatic(header: &Message<'_>) -> bool {
    let is_report = header
        .content_type()
        .is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("report"));
    let said = header.header_values("Auto-Submitted").filter_map(HeaderValue::as_text);
    let mut said = said.map(str::trim);
    is_report || said.any(|value| !value.eq_ignore_ascii_case("no"))
}

/// The one address it is from.
fn sender(header: &Message<'_>) -> Result<MailAddress, Unfit> {
    let named = addresses(header, HeaderName::From);
    match named.as_slice() {
        [Some(one)] if header.header_values(HeaderName::From).count() == 1 => Ok(one.clone()),
        _ => Err(Unfit::Sender),
    }
}

/// The one person it is to.
fn recipient(header: &Message<'_>, domain: &str) -> Result<Patient, Unfit> {
    let mut named = addresses(header, HeaderName::To);
    named.extend(addresses(header, HeaderName::Cc));
    let mut named: Vec<MailAddress> = named.into_iter().flatten().collect();
    named.sort_unstable();
    named.dedup();
    let at_domain = |address: &&MailAddress| crate::domain_of(address).eq_ignore_ascii_case(domain);
    let mut persons = named.iter().filter(at_domain).map(|address| address.patient(domain));
    match (persons.next(), persons.next()) {
        (Some(Some(patient)), None) => Ok(patient),
        _ => Err(Unfit::Recipient),
    }
}

/// Every address of every field of that name; `None` for what is none.
fn addresses(header: &Message<'_>, name: HeaderName<'static>) -> Vec<Option<MailAddress>> {
    header
        .header_values(name)
        .filter_map(HeaderValue::as_address)
        .flat_map(|list| list.iter())
        .map(|one| one.address().and_then(MailAddress::parse))
        .collect()
}

/// The text and the files of a mail.
fn parts(walked: &Walked<'_>) -> Result<(String, Vec<MailFile>), Unfit> {
    let mut text = String::new();
    let mut files = Vec::new();
    let mut forwarded = 0;
    for (at, leaf) in walked.leaves.iter().enumerate() {
        if leaf.media == "application/pkcs7-mime" || leaf.media == "application/x-pkcs7-mime" {
            return Err(Unfit::Encrypted);
        }
        // A signature signs what we do not keep as it came.
        if leaf.media.ends_with("pkcs7-signature") {
            continue;
        }
        while forwarded < leaf.forwarded {
            if let Some((who, what)) = walked.forwarded.get(forwarded) {
                let (who, what) = (one_line(who, 100), one_line(what, SUBJECT_CHARS_MAX));
                let line = format!("\n\n— Message transféré de {who} : {what} —\n");
                text.push_str(&line);
            }
            forwarded += 1;
        }
        if is_text(leaf) {
            if !is_another_version(&walked.leaves, at) {
                text.push('\n');
                text.push_str(&as_text(leaf));
            }
        } else {
            let bytes = leaf.bytes.clone();
            files.push(MailFile { name: file_name(leaf.name.as_deref()), bytes });
        }
        if files.len() > FILES_MAX {
            return Err(Unfit::TooManyAttachments);
        }
    }
    Ok((shown(&text), files))
}

/// Whether a part is to be read as the mail's text.
fn is_text(leaf: &Leaf) -> bool {
    let is_words = leaf.media == "text/plain" || leaf.media == "text/html";
    is_words && !leaf.is_attachment && leaf.name.is_none()
}

/// Whether a text says in HTML what another of the same says plainly.
fn is_another_version(leaves: &[Leaf], at: usize) -> bool {
    let Some(leaf) = leaves.get(at) else { return false };
    let is_plain_too = |other: &Leaf| {
        other.alternative == leaf.alternative && other.media == "text/plain" && is_text(other)
    };
    leaf.alternative.is_some() && leaf.media == "text/html" && leaves.iter().any(is_plain_too)
}

fn as_text(leaf: &Leaf) -> String {
    let text = decode(&leaf.bytes, leaf.charset.as_deref());
    if leaf.media == "text/html" { of_html(&text) } else { text }
}

/// Whether an id is one that may be written into a header again.
pub(crate) fn is_message_id(id: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_graphic() && !b"<>\"(),;:\\[]".contains(&b);
    id.len() <= MESSAGE_ID_CHARS_MAX
        && id.bytes().all(is_plain)
        && id.bytes().filter(|b| *b == b'@').count() == 1
}
