//! CDA R2: the header, and every medium inside. Also in the wrapping by which a document
//! presents itself (an XSL stylesheet that holds it). Must not know the space it is for.

use crate::header::{canonical_id, collapsed, written_day};
use crate::xml::{Element, Visitor, decode, walk};
use crate::{Header, Refused, embedded};

/// The namespace of HL7 v3.
const HL7: &str = "urn:hl7-org:v3";
/// The wrapping of documents that present themselves.
const XSL: &str = "http://www.w3.org/1999/XSL/Transform";
const WRAPPING: &str = "urn:asip-sante:ci-sis";
/// Pages and drawings: no part of a clinical document.
const ACTIVE_NAMESPACES: [&str; 2] = ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"];
/// Longest text of the header, characters.
const HEADER_CHARS_MAX: usize = 1_000;
/// Most names kept of a person.
const NAMES_MAX: usize = 20;

/// Reads a whole document.
pub(crate) fn read(bytes: &[u8]) -> Result<Header, Refused> {
    let text = decode(bytes)?;
    let mut reader = Reader::default();
    walk(&text, &mut reader)?;
    if !reader.has_document {
        return Err(Refused::NotClinical);
    }
    if reader.recipients != 1 || reader.header.patient.is_several() {
        return Err(Refused::SeveralPatients);
    }
    let mut header = reader.header;
    header.event_date = [reader.act, reader.encounter, reader.written]
        .iter()
        .flat_map(Times::parts)
        .find_map(written_day);
    header.author = reader.author.name();
    header.organization = collapsed(&reader.author.organization, HEADER_CHARS_MAX);
    Ok(header)
}

/// The times of an act, as written.
#[derive(Debug, Default)]
struct Times {
    value: Option<String>,
    low: Option<String>,
    high: Option<String>,
}

impl Times {
    /// The beginning first; each as far as it is there.
    fn parts(&self) -> impl Iterator<Item = &str> {
        [&self.low, &self.value, &self.high].into_iter().flatten().map(String::as_str)
    }

    fn note(&mut self, part: &str, value: Option<String>) {
        let slot = match part {
            "low" => &mut self.low,
            "high" => &mut self.high,
            _ => &mut self.value,
        };
        if slot.is_none() {
            *slot = value;
        }
    }
}

/// The first author.
#[derive(Debug, Default)]
struct Author {
    prefix: String,
    given: Vec<String>,
    family: String,
    device: String,
    organization: String,
}

impl Author {
    fn name(&self) -> Option<String> {
        let person = format!("{} {} {}", self.prefix, self.given.join(" "), self.family);
        collapsed(&person, HEADER_CHARS_MAX).or_else(|| collapsed(&self.device, HEADER_CHARS_MAX))
    }
}

/// Where the reader is.
#[derive(Debug, Default)]
struct Reader {
    header: Header,
    /// The names of the open elements below the document; `?` for those of others.
    path: Vec<String>,
    /// How deep the document's root is; 0 outside of it.
    root_depth: usize,
    has_document: bool,
    is_over: bool,
    recipients: u32,
    authors: u32,
    acts: u32,
    act: Times,
    encounter: Times,
    written: Times,
    author: Author,
    wants_text: bool,
    media: Vec<usize>,
    wrapping: Vec<String>,
}

impl Visitor for Reader {
    fn start(&mut self, element: &Element<'_>) -> Result<(), Refused> {
        self.wants_text = false;
        let is_document = element.namespace == HL7 && element.name == "ClinicalDocument";
        if is_document {
            let is_wrapped = self.wrapping == ["stylesheet", "Contenu"];
            if self.has_document || !(element.depth == 1 || is_wrapped) {
                return Err(Refused::NotClinical);
            }
            self.has_document = true;
            self.root_depth = element.depth;
            self.path.clear();
            return Ok(());
        }
        if self.root_depth == 0 {
            return self.outside(element);
        }
        let name = if element.namespace == HL7 { element.name } else { "?" };
        self.path.push(name.to_owned());
        if ACTIVE_NAMESPACES.contains(&element.namespace) {
            // Opened in a browser, a page or a drawing inside runs.
            return Err(Refused::Active);
        }
        if self.is_over {
            self.body(element)?;
        } else {
            self.header_element(element)?;
        }
        if element.attribute("representation")?.as_deref() == Some("B64") {
            self.wants_text = true;
            self.media.push(element.depth);
        }
        Ok(())
    }

    fn end(&mut self, depth: usize, text: String) -> Result<(), Refused> {
        if self.root_depth == 0 {
            if self.wrapping.len() >= depth {
                self.wrapping.truncate(depth - 1);
            }
            return Ok(());
        }
        if depth == self.root_depth {
            self.root_depth = 0;
            return Ok(());
        }
        if self.media.last() == Some(&depth) {
            self.media.pop();
            embedded::check(&text)?;
        } else if !self.is_over {
            self.header_text(&text);
        }
        self.path.pop();
        Ok(())
    }

    fn wants_text(&self) -> bool {
        self.wants_text
    }
}

impl Reader {
    /// An element outside of the document: the wrapping, or what else a stylesheet holds.
    fn outside(&mut self, element: &Element<'_>) -> Result<(), Refused> {
        let is_root = element.depth == 1;
        let is_stylesheet =
            element.namespace == XSL && matches!(element.name, "stylesheet" | "transform");
        if is_root && !is_stylesheet {
            return Err(Refused::NotClinical);
        }
        self.wrapping.truncate(element.depth - 1);
        let name = match (element.depth, element.namespace, element.name) {
            (1, ..) => "stylesheet",
            (2, WRAPPING, "Contenu") => "Contenu",
            _ => "?",
        };
        if self.wrapping.len() == element.depth - 1 {
            self.wrapping.push(name.to_owned());
        }
        Ok(())
    }

    /// An element of the body.
    fn body(&self, element: &Element<'_>) -> Result<(), Refused> {
        let is_external = element.name == "reference"
            && self.path == ["component", "nonXMLBody", "text", "reference"];
        if is_external { Err(Refused::External) } else { Ok(()) }
    }

    /// An element of the header, by its path alone: the same names recur in the body and
    /// in other persons' parts.
    fn header_element(&mut self, element: &Element<'_>) -> Result<(), Refused> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let id = |element: &Element<'_>| -> Result<Option<String>, Refused> {
            let root = element.attribute("root")?.unwrap_or_default();
            Ok(canonical_id(&root, element.attribute("extension")?.as_deref()))
        };
        let mut wants_text = false;
        match path.as_slice() {
            ["component"] => self.is_over = true,
            ["id"] if self.header.unique_id.is_none() => self.header.unique_id = id(element)?,
            ["code"] => {
                let code = element.attribute("code")?;
                let system = element.attribute("codeSystem")?;
                self.header.document_type = code.zip(system);
            }
            ["effectiveTime"] => self.written.note("value", element.attribute("value")?),
            ["recordTarget"] => self.recipients += 1,
            ["recordTarget", "patientRole", "id"] => {
                let root = element.attribute("root")?.unwrap_or_default();
                let extension = element.attribute("extension")?.unwrap_or_default();
                self.header.patient.identifier(&root, &extension);
            }
            ["recordTarget", "patientRole", "patient", "birthTime"] => {
                let value = element.attribute("value")?;
                self.header.patient.birth_date = value.as_deref().and_then(written_day);
            }
            ["author"] => self.authors += 1,
            ["relatedDocument", "parentDocument", "id"] => {
                self.header.replaces.extend(id(element)?);
            }
            ["documentationOf", "serviceEvent"] => self.acts += 1,
            ["documentationOf", "serviceEvent", "effectiveTime"] if self.acts == 1 => {
                self.act.note("value", element.attribute("value")?);
            }
            ["documentationOf", "serviceEvent", "effectiveTime", part] if self.acts == 1 => {
                let part = (*part).to_owned();
                self.act.note(&part, element.attribute("value")?);
            }
            ["componentOf", "encompassingEncounter", "effectiveTime"] => {
                self.encounter.note("value", element.attribute("value")?);
            }
            ["componentOf", "encompassingEncounter", "effectiveTime", part] => {
                let part = (*part).to_owned();
                self.encounter.note(&part, element.attribute("value")?);
            }
            ["title"] | ["recordTarget", "patientRole", "patient", "name", "family"] => {
                wants_text = true;
            }
            ["author", "assignedAuthor", ..] => wants_text = self.authors == 1,
            _ => {}
        }
        if path.first() == Some(&"relatedDocument") && path.len() == 1 {
            // Only what replaces; an addendum or a transformation replaces nothing.
            let replaces = element.attribute("typeCode")?.as_deref() == Some("RPLC");
            if !replaces {
                self.path.pop();
                self.path.push("?".to_owned());
            }
        }
        self.wants_text = wants_text;
        Ok(())
    }

    /// The text of an element of the header that ends.
    fn header_text(&mut self, text: &str) {
        let Some(text) = collapsed(text, HEADER_CHARS_MAX) else {
            return;
        };
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["title"] if self.header.title.is_none() => self.header.title = Some(text),
            ["recordTarget", "patientRole", "patient", "name", "family"]
                if self.header.patient.family_names.len() < NAMES_MAX =>
            {
                self.header.patient.family_names.push(text);
            }
            ["author", "assignedAuthor", rest @ ..] if self.authors == 1 => match rest {
                ["assignedPerson", "name", "prefix"] => self.author.prefix = text,
                ["assignedPerson", "name", "given"] if self.author.given.len() < NAMES_MAX => {
                    self.author.given.push(text);
                }
                ["assignedPerson", "name", "family"] => self.author.family = text,
                ["assignedAuthoringDevice", "softwareName" | "manufacturerModelName"] => {
                    self.author.device = text;
                }
                ["representedOrganization", "name"] => self.author.organization = text,
                _ => {}
            },
            _ => {}
        }
    }
}
