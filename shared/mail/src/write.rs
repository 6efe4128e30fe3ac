//! A person's answer, as a mail of the trust space: plain text, files joined, a CDA within an
//! XDM archive. Must not know how it is sent.

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;

use crate::read::is_message_id;
use crate::{MailAddress, Unfit};

/// Most ids of earlier mails that are named.
const REFERENCES_MAX: usize = 10;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// The person's address, and how they are called.
    pub from: (&'a str, &'a MailAddress),
    /// Who is answered.
    pub to: &'a MailAddress,
    /// What it is about.
    pub subject: &'a str,
    /// Its own id, without brackets.
    pub message_id: &'a str,
    /// The id of the mail that it answers, as that came.
    pub answers: Option<&'a str>,
    /// What it says.
    pub text: &'a str,
    /// When it was written.
    pub at: Timestamp,
    /// What is joined to it.
    pub files: Vec<JoinedFile>,
}

/// A file that is joined.
#[derive(Debug, Clone)]
pub struct JoinedFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Writes it as bytes (RFC 5322): ASCII throughout.
pub fn write(answer: Answer<'_>) -> Result<Vec<u8>, Unfit> {
    let (name, from) = answer.from;
    let mut mail = MessageBuilder::new()
        .from((name, from.as_str()))
        .to(answer.to.as_str())
        .subject(answer.subject)
        .date(answer.at.as_second())
        .message_id(answer.message_id)
        .header("Auto-Submitted", Raw::new("no"))
        .text_body(answer.text);
    // Ids come from outside and are written as they are: only what is one.
    let answers: Vec<String> = answer
        .answers
        .into_iter()
        .filter(|id| is_message_id(id))
        .take(REFERENCES_MAX)
        .map(str::to_owned)
        .collect();
    if !answers.is_empty() {
        mail = mail.in_reply_to(answers.clone()).references(answers);
    }
    for file in answer.files {
        mail = mail.attachment(file.content_type, file.name, file.bytes);
    }
    mail.write_to_vec().map_err(|_| Unfit::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn what_is_written_is_read_again() {
        let patient = MailAddress::parse("269054958815780@patient.mssante.fr");
        let doctor = MailAddress::parse("anne.morel@medecin.mssante.fr");
        let (Some(patient), Some(doctor)) = (patient, doctor) else { return };
        let answer = Answer {
            from: ("Dr Zélie Œuf", &doctor),
            to: &patient,
            subject: "Réponse à l’été",
            message_id: "t.1@patient.mssante.fr",
            answers: Some("abc@medecin.mssante.fr"),
            text: "Ça va mieux.\n.\nFin",
            at: Timestamp::UNIX_EPOCH,
            files: vec![JoinedFile {
                name: "é.pdf".to_owned(),
                content_type: "application/pdf".to_owned(),
                bytes: b"%PDF-1.4".to_vec(),
            }],
        };
        let raw = write(answer).unwrap_or_default();
        assert!(raw.is_ascii());
        let back = read(&raw, "patient.mssante.fr");
        let back = back.unwrap_or_else(|unfit| panic!("{unfit}"));
        assert_eq!(back.from, doctor);
        assert_eq!(back.subject, "Réponse à l’été");
        assert_eq!(back.text, "Ça va mieux.\n.\nFin");
        assert_eq!(back.message_id.as_deref(), Some("t.1@patient.mssante.fr"));
        assert_eq!(back.answers.first().map(String::as_str), Some("abc@medecin.mssante.fr"));
        assert_eq!(back.files.first().map(|file| file.name.as_str()), Some("é.pdf"));
    }

    #[test]
    fn an_id_from_outside_writes_no_header() {
        let address = MailAddress::parse("a@b.c");
        let Some(address) = address else { return };
        let answer = Answer {
            from: ("x", &address),
            to: &address,
            subject: "s\r\nBcc: y@z.w",
            message_id: "m@b.c",
            answers: Some("x@y.z>\r\nBcc: evil@example.org"),
            text: "t",
            at: Timestamp::UNIX_EPOCH,
            files: Vec::new(),
        };
        let raw = String::from_utf8(write(answer).unwrap_or_default()).unwrap_or_default();
        assert!(!raw.to_lowercase().contains("\nbcc:"), "{raw}");
    }
}
