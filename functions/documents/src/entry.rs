//! What a depositor says of a document, as sent.
//!
//! Must not know: whether they may deposit it, nor what the document says of itself.

use espace_deposit::{COMMENT_CHARS_MAX, Fault, FieldFault, Said, TITLE_CHARS_MAX};
use espace_domain::decision::Labels;
use espace_http::{FieldError, Problem, ProblemKind};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

/// An entry as sent. What a CDA or FHIR document says of itself may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct EntryInput {
    /// A code of value set J07.
    #[serde(default)]
    pub(crate) type_code: Option<String>,
    #[serde(default)]
    #[schema(max_length = 300)]
    pub(crate) title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) event_date: Option<Date>,
    /// What its producer calls it: deposited again, it is the same document.
    #[serde(default)]
    pub(crate) unique_id: Option<String>,
    #[serde(default)]
    #[schema(max_length = 3000)]
    pub(crate) comment: Option<String>,
    #[serde(default)]
    pub(crate) visibility: Vec<LabelInput>,
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

impl EntryInput {
    /// What it says.
    pub(crate) fn said(self) -> Said {
        let has = |label| self.visibility.contains(&label);
        Said {
            labels: Labels {
                masked: has(LabelInput::Masked),
                invisible_patient: has(LabelInput::InvisiblePatient),
                invisible_representatives: has(LabelInput::InvisibleRepresentatives),
            },
            type_code: self.type_code,
            title: self.title,
            event_date: self.event_date,
            unique_id: self.unique_id,
            comment: self.comment,
        }
    }
}

/// What a depositor is told of a fault.
pub(crate) fn problem_of(fault: Fault) -> Problem {
    match fault {
        Fault::Fields(faults) => Problem::invalid(faults.into_iter().map(field_error).collect()),
        Fault::Disagrees => ProblemKind::EntryDisagrees.into(),
        Fault::AnotherPatient => ProblemKind::AnotherPatient.into(),
        Fault::Malware => ProblemKind::MalwareFound.into(),
        Fault::Content(refused) => {
            let name = serde_json::Value::String(refused.name());
            Problem::from(ProblemKind::ContentRefused).with_member("reason", name)
        }
    }
}

/// A field at fault, in French.
pub(crate) fn field_error(fault: FieldFault) -> FieldError {
    let detail = match fault.code {
        "unknown-type" => "Ce type n’existe pas.".to_owned(),
        "too-long" if fault.pointer == "/title" => {
            format!("Le titre a {TITLE_CHARS_MAX} caractères au plus.")
        }
        "too-long" if fault.pointer == "/comment" => {
            format!("La remarque a {COMMENT_CHARS_MAX} caractères au plus.")
        }
        "too-long" => "Ce texte est trop long.".to_owned(),
        _ => "Ce champ est obligatoire.".to_owned(),
    };
    FieldError::new(fault.pointer, fault.code, &detail)
}
