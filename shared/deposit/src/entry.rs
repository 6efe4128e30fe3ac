//! What a depositor says of a document, and what the document says of itself, put
//! together. Must not know whether they may deposit it, nor in what form they said it.

use espace_content::{Header, canonical_id};
use espace_domain::DocumentType;
use espace_domain::decision::Labels;
use jiff::civil::Date;

use crate::{Fault, FieldFault};

/// Longest title, characters.
pub const TITLE_CHARS_MAX: usize = 300;
/// Longest remark, characters (`domain.md` B7).
pub const COMMENT_CHARS_MAX: usize = 3_000;
/// Longest name given by a producer, characters.
const UNIQUE_CHARS_MAX: usize = 256;

/// What a depositor says.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// A code of value set J07.
    pub type_code: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The day it is about.
    pub event_date: Option<Date>,
    /// What its producer calls it.
    pub unique_id: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Who is not to see it.
    pub labels: Labels,
}

/// An entry, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its type.
    pub document_type: DocumentType,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub event_date: Date,
    /// What its producer calls it, in one form.
    pub unique_id: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Who is not to see it.
    pub labels: Labels,
}

/// Puts both together. Where both speak they must agree.
pub fn complete(said: Said, header: Option<&Header>) -> Result<Entry, Fault> {
    let mut faults = Vec::new();
    let own = header.cloned().unwrap_or_default();
    let own_type = own.document_type.as_ref().and_then(|(code, system)| {
        DocumentType::parse(code).filter(|known| known.system() == system)
    });
    let said_type = said.type_code.as_deref().map(DocumentType::parse);
    if said_type == Some(None) {
        faults.push(FieldFault { pointer: "/typeCode", code: "unknown-type" });
    }
    let document_type = agree(said_type.flatten(), own_type)?;
    let title = agree(
        said.title.as_deref().and_then(clean),
        own.title.as_deref().and_then(clean).as_deref().map(cut),
    )?;
    let event_date = agree(said.event_date, own.event_date)?;
    let said_unique = said.unique_id.as_deref().and_then(clean).and_then(|unique| {
        let (root, extension) = match unique.split_once('^') {
            Some((root, extension)) => (root, Some(extension)),
            None => (unique.as_str(), None),
        };
        canonical_id(root, extension)
    });
    let unique_id = agree(said_unique, own.unique_id)?;
    let mut require = |is_there: bool, pointer| {
        if !is_there {
            faults.push(FieldFault { pointer, code: "missing-field" });
        }
    };
    require(document_type.is_some() || said_type == Some(None), "/typeCode");
    require(title.is_some(), "/title");
    require(event_date.is_some(), "/eventDate");
    for (pointer, text, max) in [
        ("/title", &title, TITLE_CHARS_MAX),
        ("/comment", &said.comment, COMMENT_CHARS_MAX),
        ("/uniqueId", &unique_id, UNIQUE_CHARS_MAX),
    ] {
        if text.as_ref().is_some_and(|text| text.chars().count() > max) {
            faults.push(FieldFault { pointer, code: "too-long" });
        }
    }
    match (document_type, title, event_date) {
        (Some(document_type), Some(title), Some(event_date)) if faults.is_empty() => {
            let comment = said.comment.filter(|comment| !comment.trim().is_empty());
            let labels = said.labels;
            Ok(Entry { document_type, title, event_date, unique_id, comment, labels })
        }
        _ => Err(Fault::Fields(faults)),
    }
}

/// A document's own title, as long as titles are here.
fn cut(title: &str) -> String {
    title.chars().take(TITLE_CHARS_MAX).collect()
}

/// What one or both say.
fn agree<T: PartialEq>(said: Option<T>, own: Option<T>) -> Result<Option<T>, Fault> {
    match (said, own) {
        (Some(said), Some(own)) if said != own => Err(Fault::Disagrees),
        (said, own) => Ok(said.or(own)),
    }
}

/// A text without control characters and doubled spaces; `None` where nothing is left.
pub fn clean(text: &str) -> Option<String> {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}
