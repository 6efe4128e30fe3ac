//! A conversation between a person's side and professionals (`domain.md` B9, A27): who takes
//! part, what was said, up to where each has read. One order for all: a message's number in
//! its conversation. Must not know how it is sealed, nor how a mail travels.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decision::{MessagingFacts, Party};
use crate::{DocumentId, MessageId};

/// Longest subject, characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// Longest message, bytes of UTF-8: 100 kB.
pub const BODY_BYTES_MAX: usize = 100_000;
/// Most attachments of one message.
pub const ATTACHMENTS_MAX: usize = 10;
/// Most messages of one conversation: another is opened then.
pub const MESSAGES_MAX: u32 = 1_000;
/// Before a message's number among the elements of a trace.
pub const MESSAGE_NUMBER_ELEMENT: &str = "number:";
/// Readings remembered of each reader, the oldest forgotten first.
const READINGS_MAX: usize = 20;

/// The two sides of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The person, and who acts or helps for them.
    Patient,
    /// The professionals.
    Care,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ThreadState {
    /// It may be answered.
    Open,
    /// A professional ended it.
    Closed,
}

/// A conversation: all that is known of it but its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// What it is about.
    pub subject: String,
    /// Where it stands.
    pub state: ThreadState,
    /// The structure whose professionals all take part; none where one alone does.
    pub structure: Option<String>,
    /// The professionals who wrote, or were written to first.
    pub correspondents: Vec<Correspondent>,
    /// Whether it is with a pharmacy, which may be written to first (`domain.md` B9).
    pub with_pharmacy: bool,
    /// Whether it is about secret care of a minor: the holder's alone.
    pub secret: bool,
    /// Which side wrote each message, in order: `p` for the patient's, `c` for care's.
    sides: String,
    /// When the newest came.
    pub last_message_at: Timestamp,
    /// Up to where each reader has read.
    readings: BTreeMap<String, Vec<Reading>>,
    /// The readers who put it away.
    archived: Vec<String>,
}

/// A professional who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Correspondent {
    /// Their RPPS number.
    pub rpps: String,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Their profession's code, where it is known.
    pub profession: Option<String>,
    /// Their address in the trust space, where they write from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
}

/// That a reader had read up to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reading {
    /// The number of the last message read.
    upto: u32,
    /// When.
    at: Timestamp,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageAuthor {
    /// As what: `holder`, `representative`, `caregiver`, `professional`.
    pub kind: String,
    /// A professional's RPPS number.
    pub id: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// A professional's profession.
    pub profession: Option<String>,
    /// A professional's structure.
    pub structure: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its name.
    pub message_id: MessageId,
    /// Its number in the conversation, from 1.
    pub number: u32,
    /// Which side wrote it.
    pub side: Side,
    /// Who wrote it.
    pub author: MessageAuthor,
    /// When it came.
    pub at: Timestamp,
    /// What it says, plain text.
    pub body: String,
    /// What is joined to it.
    pub attachments: Vec<Attachment>,
    /// Where it came by mail from the trust space: the mail's own id, or nothing where it had
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

/// What is joined to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Attachment {
    /// A document of the space.
    #[serde(rename_all = "camelCase")]
    Document {
        /// Which.
        document_id: DocumentId,
        /// Which version: what was sent stays what was sent.
        version: u32,
    },
    /// A file that came by mail, which is no document until it is filed.
    File(ReceivedFile),
    /// A file that came by mail and is of no kind that is kept.
    Refused {
        /// The name it came under, made safe.
        name: String,
    },
}

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedFile {
    /// Under which name its content is sealed.
    pub file_id: DocumentId,
    /// The name it came under, made safe.
    pub name: String,
    /// Its media type, as its bytes say.
    pub content_type: String,
    /// The ending of its name.
    pub extension: String,
    /// Bytes.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub sha256: String,
    /// Where its content lies.
    pub object: String,
    /// Its sealed key.
    pub content_key: Vec<u8>,
}

/// A message that is being written.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its name.
    pub message_id: MessageId,
    /// Which side writes it.
    pub side: Side,
    /// Who writes it.
    pub author: MessageAuthor,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub body: String,
    /// What is joined to it.
    pub attachments: Vec<Attachment>,
    /// Where it came by mail: the mail's own id.
    pub mail: Option<String>,
}

impl Thread {
    /// A conversation that nobody has said anything in.
    pub fn new(subject: String, structure: Option<String>, now: Timestamp) -> Self {
        Self {
            subject,
            state: ThreadState::Open,
            structure,
            correspondents: Vec::new(),
            with_pharmacy: false,
            secret: false,
            sides: String::new(),
            last_message_at: now,
            readings: BTreeMap::new(),
            archived: Vec::new(),
        }
    }

    /// How many messages it has.
    pub fn messages(&self) -> u32 {
        u32::try_from(self.sides.len()).unwrap_or(u32::MAX)
    }

    /// Adds a message at the end; `None` where it has [`MESSAGES_MAX`]. Who put the
    /// conversation away sees it again.
    pub fn add(&mut self, new: NewMessage) -> Option<Message> {
        if self.messages() >= MESSAGES_MAX {
            return None;
        }
        self.sides.push(new.side.letter());
        self.last_message_at = new.at;
        self.archived.clear();
        Some(Message {
            message_id: new.message_id,
            number: self.messages(),
            side: new.side,
            author: new.author,
            at: new.at,
            body: new.body,
            attachments: new.attachments,
            mail: new.mail,
        })
    }

    /// Counts a professional in, or learns more of one who is.
    pub fn joined_by(&mut self, who: Correspondent) {
        match self.correspondents.iter_mut().find(|known| known.rpps == who.rpps) {
            Some(known) => {
                let mailbox = who.mailbox.or_else(|| known.mailbox.take());
                *known = Correspondent { mailbox, ..who };
            }
            None => self.correspondents.push(who),
        }
    }

    /// Whether a professional takes part: one of the structure it is shared in; where it is
    /// shared in none, one who wrote or was written to.
    pub fn includes(&self, rpps: &str, structure: Option<&str>) -> bool {
        match &self.structure {
            // Who left the structure left the conversation.
            Some(own) => Some(own.as_str()) == structure,
            None => self.correspondents.iter().any(|known| known.rpps == rpps),
        }
    }

    /// What is true of it for a decision.
    pub fn facts(&self, takes_part: bool) -> MessagingFacts {
        MessagingFacts {
            takes_part,
            closed: self.state == ThreadState::Closed,
            secret: self.secret,
            with_pharmacy: self.with_pharmacy,
        }
    }

    /// Messages of the other side that a reader has not read.
    pub fn unread(&self, reader: &str, side: Side) -> u32 {
        let read = usize::try_from(self.read_upto(reader)).unwrap_or(usize::MAX);
        let other = |letter: &char| *letter != side.letter();
        u32::try_from(self.sides.chars().skip(read).filter(other).count()).unwrap_or(u32::MAX)
    }

    /// A reader has read up to a message; `false` where that is nothing new.
    pub fn read_by(&mut self, reader: &str, upto: u32, at: Timestamp) -> bool {
        let upto = upto.min(self.messages());
        if upto <= self.read_upto(reader) {
            return false;
        }
        let readings = self.readings.entry(reader.to_owned()).or_default();
        readings.push(Reading { upto, at });
        if readings.len() > READINGS_MAX {
            readings.remove(0);
        }
        true
    }

    /// When a message was first read by someone of the other side than it came from; of one
    /// whose reading is long past, when it had been read at the latest.
    pub fn read_at(&self, number: u32, side: Side) -> Option<Timestamp> {
        let others = self.readings.iter().filter(|(reader, _)| side_of(reader) != side);
        let first = |readings: &Vec<Reading>| {
            readings.iter().find(|reading| reading.upto >= number).map(|reading| reading.at)
        };
        others.filter_map(|(_, readings)| first(readings)).min()
    }

    /// Whether a reader put it away.
    pub fn is_archived_by(&self, reader: &str) -> bool {
        self.archived.iter().any(|known| known == reader)
    }

    /// A reader puts it away, or back.
    pub fn archive(&mut self, reader: &str, away: bool) {
        self.archived.retain(|known| known != reader);
        if away {
            self.archived.push(reader.to_owned());
        }
    }

    /// The name under which a professional's readings are kept: those of a team are one's.
    pub fn care_reader(&self, rpps: &str) -> String {
        if self.structure.is_some() { "care.team".to_owned() } else { format!("care.{rpps}") }
    }

    /// The name under which the readings of one of the person's side are kept; `own` is
    /// their own space, where it is another.
    pub fn patient_reader(party: Party, own: Option<&str>) -> String {
        match own {
            Some(own) if party != Party::Holder => format!("patient.{own}"),
            _ => "patient".to_owned(),
        }
    }

    fn read_upto(&self, reader: &str) -> u32 {
        self.readings.get(reader).and_then(|r| r.last()).map_or(0, |reading| reading.upto)
    }
}

/// The side of a reader, by their name.
fn side_of(reader: &str) -> Side {
    if reader.starts_with("patient") { Side::Patient } else { Side::Care }
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Patient => Self::Care,
            Self::Care => Self::Patient,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Patient => 'p',
            Self::Care => 'c',
        }
    }
}

impl ThreadState {
    /// The name used in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn message(side: Side, second: i64) -> NewMessage {
        let author = MessageAuthor {
            kind: "holder".to_owned(),
            id: None,
            name: None,
            profession: None,
            structure: None,
        };
        NewMessage {
            message_id: MessageId::from_bytes([1; 16]),
            side,
            author,
            at: at(second),
            body: "Bonjour".to_owned(),
            attachments: Vec::new(),
            mail: None,
        }
    }

    #[test]
    fn unread_is_what_the_other_side_wrote_since() {
        let mut thread = Thread::new("Suites".to_owned(), None, at(0));
        let care = thread.care_reader("10100997245");
        for (side, second) in [(Side::Care, 1), (Side::Care, 2), (Side::Patient, 3)] {
            assert!(thread.add(message(side, second)).is_some());
        }
        assert_eq!(thread.unread("patient", Side::Patient), 2);
        assert_eq!(thread.unread(&care, Side::Care), 1);
        assert!(thread.read_by("patient", 1, at(4)));
        assert!(!thread.read_by("patient", 1, at(5)), "read is read");
        assert_eq!(thread.unread("patient", Side::Patient), 1);
        assert!(thread.read_by("patient", 9, at(6)), "no further than there is");
        assert_eq!(thread.unread("patient", Side::Patient), 0);
        assert_eq!(thread.read_at(1, Side::Care), Some(at(4)));
        assert_eq!(thread.read_at(2, Side::Care), Some(at(6)));
        assert_eq!(thread.read_at(3, Side::Patient), None);
    }

    #[test]
    fn a_new_message_brings_back_what_was_put_away() {
        let mut thread = Thread::new("Suites".to_owned(), None, at(0));
        thread.archive("patient", true);
        assert!(thread.is_archived_by("patient"));
        assert!(thread.add(message(Side::Care, 1)).is_some());
        assert!(!thread.is_archived_by("patient"));
    }

    #[test]
    fn a_conversation_is_full_at_its_limit_and_remembers_few_readings() {
        let mut thread = Thread::new("Suites".to_owned(), Some("S1".to_owned()), at(0));
        for number in 1..=MESSAGES_MAX {
            let added = thread.add(message(Side::Care, i64::from(number)));
            assert_eq!(added.map(|added| added.number), Some(number));
            assert!(thread.read_by("patient", number, at(i64::from(number))));
        }
        assert!(thread.add(message(Side::Care, 5_000)).is_none());
        assert_eq!(thread.readings.get("patient").map(Vec::len), Some(READINGS_MAX));
        assert!(thread.read_at(1, Side::Care).is_some(), "at the latest then");
        assert!(thread.includes("x", Some("S1")) && !thread.includes("x", None));
    }
}
