//! A conversation as a person reads it, and as a mail program does. Must not know how it is
//! kept.

use std::collections::HashMap;

use espace_domain::{Attachment, DocumentId, Message, MessageAuthor, PARIS, Thread, ThreadState};
use jiff::Timestamp;
use mail_builder::MessageBuilder;

/// The domain of addresses that stand for people without one (RFC 2606).
const NOBODYS_DOMAIN: &str = "espace.invalid";

/// A conversation.
#[derive(Debug, Clone, Copy)]
pub struct Conversation<'a> {
    /// What is known of it.
    pub thread: &'a Thread,
    /// Its name.
    pub name: &'a str,
    /// Its messages, in order.
    pub messages: &'a [Message],
    /// Where what is joined to them is in the archive: documents by name and version, files by
    /// name.
    pub joined: &'a HashMap<(DocumentId, u32), String>,
}

/// The whole conversation as text.
pub fn text_of(conversation: &Conversation<'_>) -> String {
    let Conversation { thread, messages, .. } = conversation;
    let names: Vec<_> = thread
        .correspondents
        .iter()
        .map(|who| who.name.clone().unwrap_or_else(|| format!("professionnel {}", who.rpps)))
        .collect();
    let state = match thread.state {
        ThreadState::Open => "ouverte",
        ThreadState::Closed => "terminée par le professionnel",
    };
    let mut text = format!(
        "{}\nAvec : {}\nConversation {state}\n",
        thread.subject,
        if names.is_empty() { "—".to_owned() } else { names.join(", ") },
    );
    for message in *messages {
        let who = written_by(&message.author);
        text.push_str(&["\n———\n", &moment(message.at), ", ", &who, "\n\n"].concat());
        text.push_str(&message.body);
        text.push('\n');
        for joined in &message.attachments {
            text.push_str(&["Pièce jointe : ", &joined_as(conversation, joined), "\n"].concat());
        }
    }
    text
}

/// One message as a mail (RFC 5322). What is joined is named by where it is in the archive.
pub fn mail_of(conversation: &Conversation<'_>, message: &Message) -> Vec<u8> {
    let mut body = message.body.clone();
    for joined in &message.attachments {
        body.push_str(&["\n\nPièce jointe : ", &joined_as(conversation, joined)].concat());
    }
    let id = |number: u32| format!("{}.{number}@{NOBODYS_DOMAIN}", conversation.name);
    let from = message.author.id.clone().unwrap_or_else(|| message.author.kind.clone());
    let mut mail = MessageBuilder::new()
        .from((written_by(&message.author), format!("{from}@{NOBODYS_DOMAIN}")))
        .to(format!("{}@{NOBODYS_DOMAIN}", conversation.name))
        .subject(conversation.thread.subject.clone())
        .date(message.at.as_second())
        .message_id(id(message.number))
        .text_body(body);
    if message.number > 1 {
        mail = mail.in_reply_to(id(message.number - 1)).references(id(message.number - 1));
    }
    mail.write_to_vec().unwrap_or_default()
}

/// Who wrote it, in words.
fn written_by(author: &MessageAuthor) -> String {
    match (author.kind.as_str(), &author.name) {
        ("holder", _) => "le titulaire".to_owned(),
        ("representative", Some(name)) => format!("{name}, pour le titulaire"),
        ("caregiver", Some(name)) => format!("{name}, qui aide le titulaire"),
        (_, Some(name)) => name.clone(),
        (_, None) => "un professionnel".to_owned(),
    }
}

fn joined_as(conversation: &Conversation<'_>, joined: &Attachment) -> String {
    let (key, otherwise) = match joined {
        Attachment::Document { document_id, version } => {
            ((document_id.clone(), *version), "un document qui n’est pas dans cette archive")
        }
        Attachment::File(file) => ((file.file_id.clone(), 0), file.name.as_str()),
        Attachment::Refused { name } => {
            return format!("{name} (d’un type qui n’est pas conservé)");
        }
    };
    conversation.joined.get(&key).cloned().unwrap_or_else(|| otherwise.to_owned())
}

/// An instant as a person reads it.
fn moment(at: Timestamp) -> String {
    at.to_zoned(PARIS.clone()).strftime("%d/%m/%Y à %H h %M").to_string()
}
