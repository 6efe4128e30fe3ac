//! Secure mail between professionals and persons (`MSSanté`, `domain.md` B9).
//!
//! For: the bridge. A mail that comes is read within limits, or is unfit for a reason; an
//! answer is written as a mail; XDM archives are opened and packed. Hostile input is the
//! ordinary case here: nothing recurses, every part and every byte is bounded. Must not know:
//! AWS, HTTP, who may write to whom, nor what a document is.

mod address;
mod read;
mod text;
mod walk;
mod write;
mod xdm;

pub use address::{MAIL_ADDRESS_CHARS_MAX, MailAddress, Patient, domain_of};
pub use read::{FILES_MAX, MAIL_BYTES_MAX, ReceivedMail, read};
pub use text::file_name;
pub use write::{Answer, JoinedFile, write};
pub use xdm::{ARCHIVED_BYTES_MAX, ArchivedFile, XDM_NAME, is_archive, open_archive, pack_xdm};

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFile {
    /// Its name, made safe.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a mail is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// More bytes than are taken.
    #[error("tooLarge")]
    TooLarge,
    /// Too many fields before the text, or too long ones.
    #[error("headers")]
    Headers,
    /// Not exactly one sender.
    #[error("sender")]
    Sender,
    /// Not exactly one person among the recipients.
    #[error("recipient")]
    Recipient,
    /// An automatic answer, a receipt, or word of a mail that did not arrive.
    #[error("automatic")]
    Automatic,
    /// Parts within parts within parts.
    #[error("tooDeep")]
    TooDeep,
    /// More files than are taken.
    #[error("tooManyAttachments")]
    TooManyAttachments,
    /// A text longer than a message is.
    #[error("bodyTooLong")]
    BodyTooLong,
    /// Neither text nor file.
    #[error("empty")]
    Empty,
    /// Nobody here has the key.
    #[error("encrypted")]
    Encrypted,
    /// An archive that is not what it says, or too much.
    #[error("archive")]
    Archive,
    /// A program among the files, or a document that acts by itself.
    #[error("active")]
    Active,
    /// Malware.
    #[error("malware")]
    Malware,
    /// Nobody survived reading it.
    #[error("unreadable")]
    Unreadable,
    /// The sender is not in the trust space.
    #[error("untrusted")]
    Untrusted,
    /// The sender's mailbox is in no directory: nobody can tell whether they are blocked.
    #[error("unknownSender")]
    UnknownSender,
    /// Nobody takes mail at that address: unknown, closed, refused or blocked alike.
    #[error("noMailbox")]
    NoMailbox,
}
