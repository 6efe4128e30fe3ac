//! XDM archives (IHE ITI XDM; `IHE_XDM.ZIP` of MSSanté): opened within limits, and packed.
//! Must not know what the documents say.

use std::io::{Cursor, Read, Write};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use data_encoding::HEXLOWER;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::Unfit;
use crate::text::file_name;

/// The name of the archive.
pub const XDM_NAME: &str = "IHE_XDM.ZIP";
/// Most entries of an archive.
const ENTRIES_MAX: usize = 100;
/// Most bytes of all that the archives of one mail hold.
pub const ARCHIVED_BYTES_MAX: u64 = 50 * 1_000_000;
/// How many times larger a file may be than its compressed form: text reaches 20.
const RATIO_MAX: u64 = 100;
/// Where documents lie.
const FOLDER: &str = "IHE_XDM/";
/// What tells of them and is none.
const METADATA: &str = "METADATA.XML";

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Its name, made safe.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Whether bytes are an archive.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The documents of an XDM archive; `None` for an archive of another kind (an office document
/// is one too), which is not opened. An XDM archive that is more than it says, that is
/// encrypted, or whose names lead elsewhere, is unfit; so is one that holds more than is
/// `left` for the mail it came with, which is counted down.
pub fn open_archive(
    name: &str,
    bytes: &[u8],
    left: &mut u64,
) -> Result<Option<Vec<ArchivedFile>>, Unfit> {
    let unfit = |_| Unfit::Archive;
    let is_called_so = name.eq_ignore_ascii_case(XDM_NAME);
    let mut archive = match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(_) if is_called_so => return Err(Unfit::Archive),
        Err(_) => return Ok(None),
    };
    let holds_set = (0..archive.len().min(ENTRIES_MAX)).any(|index| {
        let entry = archive.name_for_index(index).and_then(Result::ok);
        entry.is_some_and(|entry| entry.to_ascii_uppercase().starts_with(FOLDER))
    });
    if !is_called_so && !holds_set {
        return Ok(None);
    }
    if archive.len() > ENTRIES_MAX {
        return Err(Unfit::Archive);
    }
    require_apart(&mut archive)?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unfit)?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(unfit)?.into_owned();
        let declared = entry.size();
        let is_dense = declared > entry.compressed_size().max(1).saturating_mul(RATIO_MAX);
        if is_dense || declared > *left {
            return Err(Unfit::Archive);
        }
        let mut content = Vec::new();
        // One byte more than it says would be a lie.
        entry.by_ref().take(declared + 1).read_to_end(&mut content).map_err(|_| Unfit::Archive)?;
        if content.len() as u64 != declared {
            return Err(Unfit::Archive);
        }
        *left -= declared;
        files.push((name, content));
    }
    let is_xdm = files.iter().any(|(name, _)| is_document(name));
    let kept = files.into_iter().filter(|(name, _)| !is_xdm || is_document(name));
    let named =
        |(name, bytes): (String, Vec<u8>)| ArchivedFile { name: file_name(Some(&name)), bytes };
    Ok(Some(kept.map(named).collect()))
}

/// Refuses entries that lie over each other, lead elsewhere or are encrypted.
fn require_apart(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), Unfit> {
    let mut places = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| Unfit::Archive)?;
        let start = entry.data_start().ok_or(Unfit::Archive)?;
        if entry.encrypted() || entry.enclosed_name().is_none() || entry.is_symlink() {
            return Err(Unfit::Archive);
        }
        places.push((start, start.saturating_add(entry.compressed_size())));
    }
    places.sort_unstable();
    let are_apart = places.windows(2).all(|pair| match pair {
        [(_, end), (next, _)] => end <= next,
        _ => true,
    });
    if are_apart { Ok(()) } else { Err(Unfit::Archive) }
}

/// Whether an entry is a document of a submission set.
fn is_document(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.starts_with(FOLDER) && !upper.ends_with(METADATA)
}

/// Packs one CDA document as an XDM archive with its metadata (ITI TF-2 3.32).
pub fn pack_xdm(
    cda: &[u8],
    (title, unique_id): (&str, &str),
    matricule: &str,
) -> Result<Vec<u8>, Unfit> {
    let unfit = |_| Unfit::Archive;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let readme = "Document de sante transmis par messagerie securisee (IHE XDM).\r\n";
    let index = "<!DOCTYPE html><html lang=\"fr\"><head><meta charset=\"utf-8\">\
                 <title>Document de santé</title></head><body>\
                 <p><a href=\"IHE_XDM/SUBSET01/DOC0001.XML\">Document</a></p></body></html>";
    let metadata = metadata(cda, (title, unique_id), matricule);
    for (name, content) in [
        ("README.TXT", readme.as_bytes()),
        ("INDEX.HTM", index.as_bytes()),
        ("IHE_XDM/SUBSET01/METADATA.XML", metadata.as_bytes()),
        ("IHE_XDM/SUBSET01/DOC0001.XML", cda),
    ] {
        archive.start_file(name, options).map_err(unfit)?;
        archive.write_all(content).map_err(|_| Unfit::Archive)?;
    }
    Ok(archive.finish().map_err(unfit)?.into_inner())
}

/// What the archive says of its one document.
fn metadata(cda: &[u8], (title, unique_id): (&str, &str), matricule: &str) -> String {
    // The hash that XDS metadata carry is SHA-1 (ITI TF-3 4.2.3.2.10): it guards nothing here.
    let hash = HEXLOWER.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, cda).as_ref());
    let (title, unique_id) = (escaped(title), escaped(unique_id));
    let slot = |name: &str, value: &str| {
        format!(
            "<rim:Slot name=\"{name}\"><rim:ValueList><rim:Value>{value}</rim:Value>\
             </rim:ValueList></rim:Slot>"
        )
    };
    // Assigning authority of the INS-NIR (`domain.md` B1).
    let patient = format!("{matricule}^^^&amp;1.2.250.1.213.1.4.8&amp;ISO^NH");
    let slots = [
        slot("hash", &hash),
        slot("size", &cda.len().to_string()),
        slot("URI", "DOC0001.XML"),
        slot("languageCode", "fr-FR"),
        slot("sourcePatientId", &patient),
    ]
    .concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <lcm:SubmitObjectsRequest xmlns:lcm=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\" \
         xmlns:rim=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\"><rim:RegistryObjectList>\
         <rim:ExtrinsicObject id=\"Document01\" mimeType=\"text/xml\" \
         objectType=\"urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1\">{slots}\
         <rim:Name><rim:LocalizedString value=\"{title}\"/></rim:Name>\
         <rim:ExternalIdentifier id=\"Document01-id\" registryObject=\"Document01\" \
         identificationScheme=\"urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab\" \
         value=\"{unique_id}\"><rim:Name><rim:LocalizedString \
         value=\"XDSDocumentEntry.uniqueId\"/></rim:Name></rim:ExternalIdentifier>\
         <rim:ExternalIdentifier id=\"Document01-patient\" registryObject=\"Document01\" \
         identificationScheme=\"urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427\" \
         value=\"{patient}\"><rim:Name><rim:LocalizedString \
         value=\"XDSDocumentEntry.patientId\"/></rim:Name></rim:ExternalIdentifier>\
         </rim:ExtrinsicObject></rim:RegistryObjectList></lcm:SubmitObjectsRequest>\n"
    )
}

/// A text within XML.
fn escaped(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_opens_again() {
        let cda = b"<ClinicalDocument/>";
        let packed = pack_xdm(cda, ("Lettre \"A\" & B", "1.2.3"), "269054958815780");
        let packed = packed.unwrap_or_default();
        let mut left = 10_000;
        let opened = open_archive(XDM_NAME, &packed, &mut left);
        let expected = ArchivedFile { name: "DOC0001.XML".to_owned(), bytes: cda.to_vec() };
        assert_eq!(opened, Ok(Some(vec![expected])));
        assert!(left < 10_000);
        assert_eq!(open_archive(XDM_NAME, &packed, &mut 10), Err(Unfit::Archive), "no room");
    }
}
