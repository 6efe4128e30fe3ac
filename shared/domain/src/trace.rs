//! What a trace of an act says (R.1111-43, L.1111-19: who, when, what, in which mode).
//! It holds document ids and no medical content: it outlives the content by years
//! (`domain.md` B6). Must not know how traces are chained, sealed or shown.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Random;
use crate::decision::{AccessMode, Action};

/// Before the name of the emergency access in which something was done, among the elements of
/// its trace.
pub const EMERGENCY_ELEMENT: &str = "access:";
/// Random bytes in each trace: its hash, which is public, cannot be guessed from what
/// it says.
const SALT_BYTES: usize = 16;

/// What a trace says. Its JSON text, as first written, is what is hashed and sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// Random, so that a hash tells nothing.
    pub salt: String,
    /// When, to the second.
    pub at: Timestamp,
    /// Who.
    pub actor: TraceActor,
    /// How a professional had come in.
    pub mode: Option<AccessMode>,
    /// The act's name ([`Action::name`]).
    pub action: String,
    /// What it was about: ids of documents, of consents.
    pub elements: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was refused ([`crate::decision::Reason::name`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who did it, as the holder reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceActor {
    /// The kind of party ([`crate::decision::Party::name`]).
    pub kind: String,
    /// The RPPS number of a professional, the number of an agent.
    pub id: Option<String>,
    /// Their name, where it is the holder's to know.
    pub name: Option<String>,
    /// The profession's code.
    pub profession: Option<String>,
    /// The structure they work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
}

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It was done.
    Allowed,
    /// It was refused.
    Refused,
    /// It was allowed, and could not be done.
    Failed,
}

impl Trace {
    /// What an act that is done leaves.
    pub fn new(at: Timestamp, actor: TraceActor, action: Action, random: &dyn Random) -> Self {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        Self {
            salt: BASE64URL_NOPAD.encode(&salt),
            at: Timestamp::from_second(at.as_second()).unwrap_or(at),
            actor,
            mode: None,
            action: action.name().to_owned(),
            elements: Vec::new(),
            outcome: Outcome::Allowed,
            reason: None,
        }
    }
}
