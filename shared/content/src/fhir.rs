//! FHIR R4 documents: a Bundle of type `document`, read for its entry. Must not know the
//! space it is for.

use std::collections::HashMap;

use serde::Deserialize;

use crate::header::{canonical_id, collapsed, written_day};
use crate::{Header, Refused, fhir_media};

/// Most entries of a bundle.
const ENTRIES_MAX: usize = 2_000;
/// Most objects of a bundle, of whatever kind.
const OBJECTS_MAX: usize = 100_000;
/// Most members and items of a bundle, of whatever kind.
const MEMBERS_MAX: usize = 500_000;
/// Longest text of the header, characters.
const HEADER_CHARS_MAX: usize = 1_000;
/// The systems of document types, by their OID.
const SYSTEMS: [(&str, &str); 3] = [
    ("http://loinc.org", "2.16.840.1.113883.6.1"),
    (
        "https://mos.esante.gouv.fr/NOS/TRE_A05-TypeDocComplementaire/FHIR/TRE-A05-TypeDocComplementaire",
        "1.2.250.1.213.1.1.4.12",
    ),
    ("urn:oid:1.2.250.1.213.1.1.4.12", "1.2.250.1.213.1.1.4.12"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    resource_type: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    identifier: Option<Identifier>,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize, Default)]
struct Identifier {
    #[serde(default)]
    system: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    full_url: String,
    resource: Option<Resource>,
}

/// What is read of any resource.
#[expect(clippy::struct_field_names, reason = "FHIR's own names")]
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(default)]
    resource_type: String,
    #[serde(default)]
    id: String,
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
    title: Option<String>,
    date: Option<String>,
    status: Option<serde_json::Value>,
    #[serde(default)]
    subject: serde_json::Value,
    #[serde(default)]
    author: serde_json::Value,
    #[serde(default)]
    event: serde_json::Value,
    #[serde(default)]
    relates_to: serde_json::Value,
    #[serde(default)]
    identifier: serde_json::Value,
    #[serde(default)]
    name: serde_json::Value,
    birth_date: Option<String>,
}

/// Reads a whole document.
pub(crate) fn read(bytes: &[u8]) -> Result<Header, Refused> {
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    // Counted before anything is built of them.
    if bytes.iter().filter(|byte| **byte == b'{').take(OBJECTS_MAX + 1).count() > OBJECTS_MAX {
        return Err(Refused::TooComplex);
    }
    if bytes.iter().filter(|byte| **byte == b',').take(MEMBERS_MAX + 1).count() > MEMBERS_MAX {
        return Err(Refused::TooComplex);
    }
    // A medium inside is judged like a document of its own.
    fhir_media::check(bytes)?;
    let bundle: Bundle = serde_json::from_slice(bytes).map_err(|_| Refused::Malformed)?;
    if bundle.resource_type != "Bundle" || bundle.kind.as_deref() != Some("document") {
        return Err(Refused::NotClinical);
    }
    if bundle.entry.len() > ENTRIES_MAX {
        return Err(Refused::TooComplex);
    }
    let first = bundle.entry.first().and_then(|entry| entry.resource.as_ref());
    let composition =
        first.filter(|r| r.resource_type == "Composition").ok_or(Refused::NotClinical)?;
    let status = composition.status.as_ref().and_then(|status| status.as_str());
    if !matches!(status, Some("final" | "amended")) {
        return Err(Refused::NotClinical);
    }
    let mut resources = HashMap::new();
    for entry in &bundle.entry {
        let Some(resource) = &entry.resource else {
            continue;
        };
        resources.insert(entry.full_url.clone(), resource);
        resources.insert(format!("{}/{}", resource.resource_type, resource.id), resource);
    }
    let mut header = Header {
        unique_id: bundle.identifier.as_ref().and_then(unique_id),
        document_type: composition.kind.as_ref().and_then(document_type),
        title: composition.title.as_deref().and_then(|t| collapsed(t, HEADER_CHARS_MAX)),
        event_date: event_date(composition),
        ..Header::default()
    };
    let related = composition.relates_to.as_array().into_iter().flatten();
    for related in related.filter(|related| related["code"] == "replaces") {
        let target = identifier_of(&related["targetIdentifier"]);
        header.replaces.extend(unique_id(&target));
    }
    let subject = composition.subject.get("reference").and_then(|reference| reference.as_str());
    let patient = subject.and_then(|reference| resources.get(reference));
    let Some(patient) = patient.filter(|patient| patient.resource_type == "Patient") else {
        return Err(Refused::NotClinical);
    };
    let mut identifiers: Vec<_> = patient.identifier.as_array().into_iter().flatten().collect();
    identifiers.sort_by_key(|identifier| identifier["use"] == "old");
    for identifier in identifiers {
        let Identifier { system, value } = identifier_of(identifier);
        // A matricule of the past is one of theirs, but says no second person.
        let is_old = identifier["use"] == "old";
        let has_one =
            !header.patient.matricules.is_empty() || !header.patient.test_matricules.is_empty();
        if !is_old || !has_one {
            header.patient.identifier(&system, &value);
        }
    }
    if header.patient.is_several() {
        return Err(Refused::SeveralPatients);
    }
    header.patient.birth_date = patient.birth_date.as_deref().and_then(written_day);
    let names = patient.name.as_array().into_iter().flatten();
    header.patient.family_names =
        names.filter_map(|name| collapsed(name["family"].as_str()?, HEADER_CHARS_MAX)).collect();
    header.author = author(composition, &resources);
    Ok(header)
}

fn identifier_of(value: &serde_json::Value) -> Identifier {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Identifier { system: text("system"), value: text("value") }
}

/// The document's name, in the form a CDA has it.
fn unique_id(identifier: &Identifier) -> Option<String> {
    if identifier.system == "urn:ietf:rfc:3986" {
        canonical_id(&identifier.value, None)
    } else {
        canonical_id(&identifier.system, Some(&identifier.value))
    }
}

fn document_type(kind: &serde_json::Value) -> Option<(String, String)> {
    kind["coding"].as_array()?.iter().find_map(|coding| {
        let (code, system) = (coding["code"].as_str()?, coding["system"].as_str()?);
        let (_, oid) = SYSTEMS.iter().find(|(url, _)| *url == system)?;
        Some((code.to_owned(), (*oid).to_owned()))
    })
}

fn event_date(composition: &Resource) -> Option<jiff::civil::Date> {
    let period = composition.event.get(0).and_then(|event| event.get("period"));
    let part = |name: &str| period?.get(name)?.as_str();
    let candidates = [part("start"), part("end"), composition.date.as_deref()];
    candidates.into_iter().flatten().find_map(written_day)
}

fn author(composition: &Resource, resources: &HashMap<String, &Resource>) -> Option<String> {
    let first = composition.author.get(0)?;
    if let Some(display) = first["display"].as_str() {
        return collapsed(display, HEADER_CHARS_MAX);
    }
    let person = resources.get(first["reference"].as_str()?)?;
    let name = person.name.get(0)?;
    let given = name["given"].as_array().into_iter().flatten().filter_map(|given| given.as_str());
    let given: Vec<_> = given.collect();
    let family = name["family"].as_str().unwrap_or_default();
    collapsed(&format!("{} {family}", given.join(" ")), HEADER_CHARS_MAX)
}
