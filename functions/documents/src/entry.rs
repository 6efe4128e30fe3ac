//! What a depositor says of a document, and what the document says of itself.
//!
//! Must not know: whether they may deposit it.

use espace_content::{Header, canonical_id};
use espace_domain::DocumentType;
use espace_domain::decision::Labels;
use espace_http::{FieldError, Problem, ProblemKind};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest title, characters.
const TITLE_CHARS_MAX: usize = 300;
/// Longest remark, characters (`domain.md` B7).
const COMMENT_CHARS_MAX: usize = 3_000;
/// Longest name given by a producer, characters.
const UNIQUE_CHARS_MAX: usize = 256;

/// An entry as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct EntryInput {
    /// A code of value set J07.
    #[serde(default)]
    type_code: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    event_date: Option<Date>,
    /// What its producer calls it: deposited again, it is the same document.
    #[serde(default)]
    unique_id: Option<String>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    visibility: Vec<LabelInput>,
}

/// A visibility label (JDV J08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum LabelInput {
    /// Hidden from professionals.
    #[serde(rename = "MASQUE_PS")]
    Masked,
    /// Not before the announcement consultation.
    #[serde(rename = "INVISIBLE_PATIENT")]
    InvisiblePatient,
    /// Secret care of a minor.
    #[serde(rename = "INVISIBLE_REPRESENTANTS_LEGAUX")]
    InvisibleRepresentatives,
}

/// An entry, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) document_type: DocumentType,
    pub(crate) title: String,
    pub(crate) event_date: Date,
    pub(crate) unique_id: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) labels: Labels,
}

/// Reads an entry's JSON.
pub(crate) fn read(json: &[u8]) -> Result<EntryInput, Problem> {
    serde_json::from_slice(json).map_err(|error| {
        if !error.is_data() {
            return Problem::from(ProblemKind::MalformedBody);
        }
        let code = if error.to_string().starts_with("unknown field") {
            "unknown-field"
        } else {
            "invalid-value"
        };
        let detail = "Un champ de la fiche n’est pas accepté.";
        Problem::invalid(vec![FieldError::new("/entry", code, detail)])
    })
}

/// Puts both together. Where both speak they must agree.
pub(crate) fn complete(input: EntryInput, header: Option<&Header>) -> Result<Entry, Problem> {
    let mut errors = Vec::new();
    let own = header.cloned().unwrap_or_default();
    let own_type = own.document_type.as_ref().and_then(|(code, system)| {
        DocumentType::parse(code).filter(|known| known.system() == system)
    });
    let said_type = input.type_code.as_deref().map(DocumentType::parse);
    if said_type == Some(None) {
        errors.push(FieldError::new("/typeCode", "unknown-type", "Ce type n’existe pas."));
    }
    let document_type = agree(said_type.flatten(), own_type)?;
    let title = agree(
        input.title.as_deref().and_then(clean),
        own.title.as_deref().and_then(clean).as_deref().map(cut),
    )?;
    let event_date = agree(input.event_date, own.event_date)?;
    let said_unique = input.unique_id.as_deref().and_then(clean).and_then(|unique| {
        let (root, extension) = match unique.split_once('^') {
            Some((root, extension)) => (root, Some(extension)),
            None => (unique.as_str(), None),
        };
        canonical_id(root, extension)
    });
    let unique_id = agree(said_unique, own.unique_id)?;
    let mut require = |is_there: bool, pointer: &str| {
        if !is_there {
            let detail = "Ce champ est obligatoire.";
            errors.push(FieldError::new(pointer, "missing-field", detail));
        }
    };
    require(document_type.is_some() || said_type == Some(None), "/typeCode");
    require(title.is_some(), "/title");
    require(event_date.is_some(), "/eventDate");
    let too_long = |text: &Option<String>, max: usize| {
        text.as_ref().is_some_and(|text| text.chars().count() > max)
    };
    for (pointer, text, max) in [
        ("/title", &title, TITLE_CHARS_MAX),
        ("/comment", &input.comment, COMMENT_CHARS_MAX),
        ("/uniqueId", &unique_id, UNIQUE_CHARS_MAX),
    ] {
        if too_long(text, max) {
            errors.push(FieldError::new(pointer, "too-long", "Ce texte est trop long."));
        }
    }
    let has = |label| input.visibility.contains(&label);
    let labels = Labels {
        masked: has(LabelInput::Masked),
        invisible_patient: has(LabelInput::InvisiblePatient),
        invisible_representatives: has(LabelInput::InvisibleRepresentatives),
    };
    match (document_type, title, event_date) {
        (Some(document_type), Some(title), Some(event_date)) if errors.is_empty() => {
            let comment = input.comment.filter(|comment| !comment.trim().is_empty());
            Ok(Entry { document_type, title, event_date, unique_id, comment, labels })
        }
        _ => Err(Problem::invalid(errors)),
    }
}

/// A document's own title, as long as titles are here.
fn cut(title: &str) -> String {
    title.chars().take(TITLE_CHARS_MAX).collect()
}

/// What one or both say.
fn agree<T: PartialEq>(said: Option<T>, own: Option<T>) -> Result<Option<T>, Problem> {
    match (said, own) {
        (Some(said), Some(own)) if said != own => Err(ProblemKind::EntryDisagrees.into()),
        (said, own) => Ok(said.or(own)),
    }
}

/// A text without control characters and doubled spaces; `None` where nothing is left.
pub(crate) fn clean(text: &str) -> Option<String> {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// Longest title, for who changes one.
pub(crate) fn title_fits(title: &str) -> bool {
    title.chars().count() <= TITLE_CHARS_MAX
}
