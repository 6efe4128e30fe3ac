//! The data for another system: a FHIR R4 `Bundle` of type `collection`
//! (<https://hl7.org/fhir/R4/bundle.html>) with the `Patient`, a `DocumentReference` for each
//! version of each document and a `Communication` for each message. It says what is known and
//! invents nothing: no clinical status, no `docStatus`. Must not know how the archive is packed.

use std::collections::HashMap;

use espace_domain::{Attachment, DocumentId, Message, Nir, Sex, Thread};
use serde_json::{Value, json};

use crate::{KeptVersion, Owner};

/// What the names of resources are relative to; nobody answers there (RFC 2606).
const BASE: &str = "https://espace.invalid/fhir";
/// The OID of the national identifier (`domain.md` B1: INS-NIR).
const INS: &str = "urn:oid:1.2.250.1.213.1.4.8";
/// The OID of LOINC, which FHIR calls by its own name.
const LOINC_OID: &str = "2.16.840.1.113883.6.1";
const LOINC: &str = "http://loinc.org";

/// The versions that are in the archive, by document and number, with their names.
type Known = HashMap<(DocumentId, u32), String>;

/// The bundle.
pub fn bundle(
    owner: &Owner,
    documents: &[KeptVersion],
    conversations: &[(String, Thread, Vec<Message>)],
) -> Value {
    let mut entries = vec![entry(&patient(owner))];
    let known: Known =
        documents.iter().map(|d| ((d.document_id.clone(), d.version), name_of(d))).collect();
    entries.extend(documents.iter().map(|document| entry(&reference(document, &known))));
    for (name, thread, messages) in conversations {
        let messages = messages.iter();
        entries
            .extend(messages.map(|message| entry(&communication(name, thread, message, &known))));
    }
    json!({
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": owner.made_at.to_string(),
        "entry": entries,
    })
}

fn entry(resource: &Value) -> Value {
    let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = format!("{BASE}/{}/{}", text("resourceType"), text("id"));
    json!({"fullUrl": url, "resource": resource})
}

fn patient(owner: &Owner) -> Value {
    let traits = &owner.traits;
    let mut names = vec![json!({
        "use": "official", "family": traits.birth_name, "given": traits.first_names,
    })];
    if let Some(used) = &traits.used_name {
        names.push(json!({"use": "usual", "family": used, "given": [traits.first_name()]}));
    }
    let mut patient = json!({
        "resourceType": "Patient",
        "id": "titulaire",
        "name": names,
        "gender": match traits.sex { Sex::F => "female", Sex::M => "male" },
        "birthDate": traits.birth_date.to_string(),
    });
    let nir = owner.matricule.as_deref().and_then(|matricule| Nir::parse(matricule).ok());
    if let Some(nir) = nir {
        let value = format!("{}{:02}", nir.expose(), nir.key());
        let identifier = json!([{"use": "official", "system": INS, "value": value}]);
        patient = with(patient, "identifier", identifier);
    }
    patient
}

fn reference(document: &KeptVersion, known: &Known) -> Value {
    let kind = document.document_type;
    let coding = match kind.system() {
        // LOINC's own names are its own; ours is the French one, which stands as text.
        LOINC_OID => json!({"system": LOINC, "code": kind.code()}),
        oid => json!({
            "system": format!("urn:oid:{oid}"), "code": kind.code(), "display": kind.display(),
        }),
    };
    let mut reference = json!({
        "resourceType": "DocumentReference",
        "id": name_of(document),
        "status": if document.is_past { "superseded" } else { "current" },
        "type": {
            "coding": [coding],
            "text": kind.display(),
        },
        "category": [{"text": kind.category_label()}],
        "subject": {"reference": "Patient/titulaire"},
        "date": document.added_at.to_string(),
        "author": [{"display": document.author}],
        "description": document.title,
        "content": [{
            "attachment": {
                "contentType": document.content_type,
                "url": url_of(&document.path),
                "size": document.size,
                "title": document.title,
            },
        }],
        "context": {"period": {"start": document.event_date.to_string()}},
    });
    let before = known.get(&(document.document_id.clone(), document.version.saturating_sub(1)));
    // What is not in the archive is not spoken of.
    if let Some(before) = before {
        let target = json!({"reference": format!("DocumentReference/{before}")});
        reference = with(reference, "relatesTo", json!([{"code": "replaces", "target": target}]));
    }
    reference
}

fn communication(name: &str, thread: &Thread, message: &Message, known: &Known) -> Value {
    let mut payload = vec![json!({"contentString": said(&message.body)})];
    for joined in &message.attachments {
        if let Attachment::Document { document_id, version } = joined
            && let Some(document) = known.get(&(document_id.clone(), *version))
        {
            let reference = format!("DocumentReference/{document}");
            payload.push(json!({"contentReference": {"reference": reference}}));
        }
    }
    let author = &message.author;
    let sender = match author.kind.as_str() {
        "holder" => json!({"reference": "Patient/titulaire"}),
        kind => json!({"display": author.name.clone().unwrap_or_else(|| kind.to_owned())}),
    };
    json!({
        "resourceType": "Communication",
        "id": format!("{name}-{}", message.number),
        "status": "completed",
        "subject": {"reference": "Patient/titulaire"},
        "topic": {"text": said(&thread.subject)},
        "sent": message.at.to_string(),
        "sender": sender,
        "payload": payload,
    })
}

/// A resource with an element that not every one has.
fn with(mut resource: Value, element: &str, value: Value) -> Value {
    if let Value::Object(elements) = &mut resource {
        elements.insert(element.to_owned(), value);
    }
    resource
}

/// A text that FHIR takes: never empty.
fn said(text: &str) -> &str {
    if text.trim().is_empty() { "—" } else { text }
}

/// The name of a version's resource: 64 characters at most, letters, digits, `-` and `.`.
fn name_of(document: &KeptVersion) -> String {
    format!("{}-{}", document.document_id, document.version)
}

/// A path as a relative URL (RFC 3986).
pub(crate) fn url_of(path: &str) -> String {
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(char::from(byte));
            }
            other => {
                let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
                url.push('%');
                url.push(digit(other >> 4).to_ascii_uppercase());
                url.push(digit(other & 15).to_ascii_uppercase());
            }
        }
    }
    url
}
