//! What bytes are taken for, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]

use data_encoding::BASE64;
use espace_content::{Inspector, Media, Refused, inspect};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use std::io::Write;

/// A CDA of a fictitious patient; `body` stands in its first component.
fn cda(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?xml-stylesheet href=\"cda.xsl\"?>\n\
         <ClinicalDocument xmlns=\"urn:hl7-org:v3\">\
         <id root=\"1.2.250.1.999\" extension=\"D-7\"/>\
         <code code=\"34112-3\" codeSystem=\"2.16.840.1.113883.6.1\"/>\
         <title>Compte rendu\n  d&#8217;hospitalisation</title>\
         <effectiveTime value=\"20260305101500+0100\"/>\
         <recordTarget><patientRole>\
         <id extension=\"1234567890121\" root=\"1.2.3.4\"/>\
         <id extension=\"255081416802538\" root=\"1.2.250.1.213.1.4.8\"/>\
         <patient><name><family qualifier=\"BR\">Le-Goff</family><given>Zélie</given></name>\
         <birthTime value=\"19550812\"/>\
         <guardian><guardianPerson><name><family>Autre</family></name></guardianPerson></guardian>\
         </patient></patientRole></recordTarget>\
         <author><assignedAuthor><assignedPerson><name><prefix>DR</prefix><given>Camille</given>\
         <family>Soignant</family></name></assignedPerson>\
         <representedOrganization><name>Clinique</name></representedOrganization>\
         </assignedAuthor></author>\
         <author><assignedAuthor><assignedPerson><name><family>Second</family></name>\
         </assignedPerson></assignedAuthor></author>\
         <relatedDocument typeCode=\"RPLC\"><parentDocument><id root=\"1.2.250.1.998\"/>\
         </parentDocument></relatedDocument>\
         <relatedDocument typeCode=\"APND\"><parentDocument><id root=\"1.2.250.1.997\"/>\
         </parentDocument></relatedDocument>\
         <documentationOf><serviceEvent><effectiveTime><low value=\"202603042350+0100\"/>\
         </effectiveTime></serviceEvent></documentationOf>\
         <component>{body}</component></ClinicalDocument>"
    )
}

const BODY: &str = "<structuredBody><component><section><id root=\"9.9\"/><title>Dans le corps</title>\
    <text>Été &amp; œdème</text></section></component></structuredBody>";

fn pdf(objects: &str) -> Vec<u8> {
    format!("%PDF-1.7\n{objects}\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n").into_bytes()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A PDF with an object stream that holds `inside`.
fn pdf_with_stream(dictionary: &str, inside: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("%PDF-1.7\n5 0 obj\n<< /Type /ObjStm /N 1 /First 4 {dictionary} >>\nstream\r\n")
            .into_bytes();
    bytes.extend_from_slice(inside);
    bytes.extend_from_slice(b"\nendstream\nendobj\n%%EOF\n");
    bytes
}

#[test]
fn a_cda_says_what_it_is_and_whose() {
    for text in [cda(BODY), wrapped(&cda(BODY))] {
        let found = inspect(text.as_bytes()).unwrap();
        assert_eq!(found.media, Media::Cda);
        let header = found.header.unwrap();
        assert_eq!(header.unique_id.as_deref(), Some("1.2.250.1.999^D-7"));
        let kind = header.document_type.unwrap();
        assert_eq!((kind.0.as_str(), kind.1.as_str()), ("34112-3", "2.16.840.1.113883.6.1"));
        assert_eq!(header.title.as_deref(), Some("Compte rendu d’hospitalisation"));
        // The day as written, whatever the offset; that of the act, not of the writing.
        assert_eq!(header.event_date.map(|day| day.to_string()).as_deref(), Some("2026-03-04"));
        assert_eq!(header.patient.matricules, ["2550814168025"]);
        assert_eq!(header.patient.family_names, ["Le-Goff"]);
        assert_eq!(header.patient.birth_date.map(|d| d.to_string()).as_deref(), Some("1955-08-12"));
        assert_eq!(header.author.as_deref(), Some("DR Camille Soignant"));
        assert_eq!(header.organization.as_deref(), Some("Clinique"));
        assert_eq!(header.replaces, ["1.2.250.1.998"]);
    }
}

/// A document that presents itself: inside a stylesheet.
fn wrapped(cda: &str) -> String {
    let inner = cda.split_once("<ClinicalDocument").unwrap().1;
    format!(
        "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\">\
         <Contenu xmlns=\"urn:asip-sante:ci-sis\"><ClinicalDocument{inner}</Contenu>\
         <xsl:template match=\"ClinicalDocument\"><html/></xsl:template></xsl:stylesheet>"
    )
}

#[test]
fn a_medium_inside_is_judged_like_a_document() {
    let with = |bytes: &[u8]| {
        let text = BASE64.encode(bytes);
        let lines: Vec<_> =
            text.as_bytes().chunks(60).map(|l| String::from_utf8_lossy(l)).collect();
        let text = lines.join("\r\n");
        cda(&format!(
            "<nonXMLBody><text mediaType=\"application/pdf\" representation=\"B64\">{text}</text>\
             </nonXMLBody>"
        ))
    };
    assert!(inspect(with(&pdf("1 0 obj\n<<>>\nendobj")).as_bytes()).is_ok());
    let active = pdf("1 0 obj << /S /JavaScript /JS (x) >> endobj");
    assert_eq!(inspect(with(&active).as_bytes()), Err(Refused::Active));
    assert_eq!(inspect(with(b"<svg onload='x'/>").as_bytes()), Err(Refused::Active));
    assert_eq!(inspect(with(b"MZ\x90\0").as_bytes()), Err(Refused::Unsupported));
    let external = cda("<nonXMLBody><text><reference value=\"http://x\"/></text></nonXMLBody>");
    assert_eq!(inspect(external.as_bytes()), Err(Refused::External));
}

#[test]
fn another_document_or_two_patients_are_refused() {
    let two = cda(BODY).replace("<author>", "<recordTarget/><author>");
    assert_eq!(inspect(two.as_bytes()), Err(Refused::SeveralPatients));
    let twice = cda(BODY).replace(
        "<patient>",
        "<id root=\"1.2.250.1.213.1.4.8\" extension=\"284052A321025\"/><patient>",
    );
    assert_eq!(inspect(twice.as_bytes()), Err(Refused::SeveralPatients));
    assert_eq!(inspect(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Err(Refused::NotClinical));
    assert_eq!(inspect(b"<?xml version='1.0'?><a><b/></a>"), Err(Refused::NotClinical));
    assert_eq!(
        inspect(cda(BODY).replace("</ClinicalDocument>", "").as_bytes()),
        Err(Refused::Truncated)
    );
}

#[test]
fn a_fhir_document_says_what_it_is_and_whose() {
    let bundle = r#"{"resourceType": "Bundle", "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:ABC"},
        "entry": [
          {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Composition", "status": "final",
            "type": {"coding": [{"system": "http://loinc.org", "code": "34112-3"}]},
            "subject": {"reference": "Patient/p"}, "date": "2026-03-05T10:00:00+01:00",
            "author": [{"display": "Dr Camille"}], "title": "Compte rendu",
            "event": [{"period": {"start": "2026-03-04"}}]}},
          {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Patient", "id": "p",
            "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "255081416802538"}],
            "name": [{"family": "Le-Goff"}], "birthDate": "1955-08-12"}}]}"#;
    let found = inspect(bundle.as_bytes()).unwrap();
    let header = found.header.unwrap();
    assert_eq!(found.media, Media::Fhir);
    assert_eq!(header.unique_id.as_deref(), Some("abc"));
    assert_eq!(header.document_type.unwrap().1, "2.16.840.1.113883.6.1");
    assert_eq!(header.event_date.map(|day| day.to_string()).as_deref(), Some("2026-03-04"));
    assert_eq!(header.patient.matricules, ["2550814168025"]);
    assert_eq!(header.author.as_deref(), Some("Dr Camille"));
    let draft = bundle.replace("\"final\"", "\"preliminary\"");
    assert_eq!(inspect(draft.as_bytes()), Err(Refused::NotClinical));
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(inspect(format!("{{\"a\": {deep}}}").as_bytes()), Err(Refused::Malformed));
}

#[test]
fn active_content_of_a_pdf_is_found_wherever_it_hides() {
    assert!(
        inspect(&pdf("1 0 obj << /OpenAction 2 0 R /AcroForm << >> /URI (x) >> endobj")).is_ok()
    );
    for active in [
        "<< /S /JavaScript /JS (x) >>",
        "<< /S /J#61vaScript >>",
        "<< /S/Launch >>",
        "<< /Type /EmbeddedFile >>",
        "<< /EF << /F 3 0 R >> >>",
        "<< /XFA [ 1 0 R ] >>",
        "<< /XFA 12 0 R >>",
        "<< /S /SubmitForm >>",
    ] {
        assert_eq!(inspect(&pdf(active)), Err(Refused::Active), "{active}");
    }
    assert!(inspect(&pdf("(EF) /EF /x /XFA (y)")).is_ok());
    let inside = b"1 0 << /S /JavaScript /JS (x) >>";
    let hidden = pdf_with_stream("/Filter /FlateDecode", &deflated(inside));
    assert_eq!(inspect(&hidden), Err(Refused::Active));
    let array = pdf_with_stream("/Filter [ /FlateDecode ]", &deflated(inside));
    assert_eq!(inspect(&array), Err(Refused::Active));
    let harmless = pdf_with_stream("/Filter /FlateDecode", &deflated(b"1 0 << /Type /Catalog >>"));
    assert!(inspect(&harmless).is_ok());
    for unread in [
        "/Filter /LZWDecode",
        "/Filter [ /ASCII85Decode /FlateDecode ]",
        "/Filter /FlateDecode /DecodeParms << /Predictor 12 >>",
        "/Filter /FlateDecode /DecodeParms << /Pred#69ctor 15 >>",
        "/Filter /FlateDecode /DecodeParms 8 0 R",
        "/F#69lter /ASCIIHexDecode",
    ] {
        let bytes = pdf_with_stream(unread, &deflated(b"1 0 null"));
        assert_eq!(inspect(&bytes), Err(Refused::Unreadable), "{unread}");
    }
    // Hidden behind strings, comments, signs, white space.
    for between in ["/X (endobj)", "/X (stream)", "% stream\n", "/Y (a\\)b(c)) "] {
        let bytes = pdf_with_stream(&format!("{between} /Filter /FlateDecode"), &deflated(inside));
        assert_eq!(inspect(&bytes), Err(Refused::Active), "{between}");
    }
    let signed = pdf_with_stream("/Filter /FlateDecode", &deflated(inside));
    let signed = String::from_utf8_lossy(&signed).contains("/First 4").then_some(signed).unwrap();
    let at = signed.windows(8).position(|w| w == b"/First 4").unwrap();
    let mut plus = signed.clone();
    plus.splice(at + 7..at + 8, b"+4".iter().copied());
    assert_eq!(inspect(&plus), Err(Refused::Active));
    let far = " ".repeat(5_000);
    let far = pdf_with_stream(&format!("{far} /Filter /FlateDecode"), &deflated(inside));
    assert_eq!(inspect(&far), Err(Refused::Unreadable));
    let commented = pdf("<< /EF%x\n<< /F 3 0 R >> >>");
    assert_eq!(inspect(&commented), Err(Refused::Active));
    // It inflates to more than is worth looking at.
    let bomb = pdf_with_stream("/Filter /FlateDecode", &deflated(&vec![b' '; 64 << 20]));
    assert_eq!(inspect(&bomb), Err(Refused::TooComplex));
}

#[test]
fn the_same_is_found_however_the_bytes_come() {
    let padding = " ".repeat(9_000);
    let inside = deflated(format!("1 0 {padding} << /S /Launch >>").as_bytes());
    let mut late = pdf(&format!("{padding}<< /Root 1 0 R >>{padding}"));
    late.splice(9_500..9_500, b"<< /S /JavaScript >>".iter().copied());
    for (bytes, expected) in [
        (pdf_with_stream("/Filter /FlateDecode", &inside), Err(Refused::Active)),
        (late, Err(Refused::Active)),
        (pdf(&padding), Ok(Media::Pdf)),
        (cda(BODY).into_bytes(), Ok(Media::Cda)),
    ] {
        for size in [1, 7, 4_096, bytes.len()] {
            let mut inspector = Inspector::default();
            let fed = bytes.chunks(size).try_for_each(|piece| inspector.feed(piece));
            let found = fed.and_then(|()| inspector.finish()).map(|found| found.media);
            assert_eq!(found, expected, "{size} at a time");
        }
    }
}

#[test]
fn other_formats_are_told_by_their_bytes() {
    let dicom = |class: &str, preamble: u8| {
        let mut bytes = vec![preamble; 128];
        bytes.extend(b"DICM");
        let padded = if class.len() % 2 == 1 { format!("{class}\0") } else { class.to_owned() };
        bytes.extend([2, 0, 2, 0]);
        bytes.extend(b"UI");
        bytes.extend(u16::try_from(padded.len()).unwrap().to_le_bytes());
        bytes.extend(padded.as_bytes());
        bytes
    };
    let key_object = "1.2.840.10008.5.1.4.1.1.88.59";
    assert_eq!(inspect(&dicom(key_object, 0)).unwrap().media, Media::Dicom);
    assert_eq!(inspect(&dicom(key_object, 1)), Err(Refused::Active));
    assert_eq!(inspect(&dicom("1.2.840.10008.5.1.4.1.1.104.1", 0)), Err(Refused::Active));
    assert_eq!(inspect(b"II\x2a\0\x08\0\0\0\x01\0").unwrap().media, Media::Tiff);
    assert_eq!(inspect(b"II\x2a\0\xff\0\0\0\x01\0"), Err(Refused::Truncated));
    assert_eq!(inspect(b"\xff\xd8\xff\xe0 \xff\xd9").unwrap().media, Media::Jpeg);
    assert_eq!(inspect(b"{\\rtf1 {\\object\\objdata 00}}"), Err(Refused::Active));
    assert_eq!(inspect(b"{\\rtf1 {\\field{\\*\\fldinst DDEAUTO x}}}"), Err(Refused::Active));
    assert_eq!(inspect(b"{\\rtf1 caf\\'e9}").unwrap().media, Media::Rtf);
    assert_eq!(inspect(b"#!/bin/sh"), Err(Refused::Active));
    assert_eq!(inspect("Bonjour, été".as_bytes()).unwrap().media, Media::Text);
    assert_eq!(inspect(b""), Err(Refused::Empty));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..3_000), kind in 0..8) {
        let heads: [&[u8]; 8] = [b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"<?xml", b"{", b"{\\rtf",
            b"II\x2a\0", b"%PDF-1.7\n<< /First 1 /Filter /FlateDecode >>stream\n"];
        let head = heads.get(usize::try_from(kind).unwrap_or(0)).copied().unwrap_or_default();
        let whole = [head, &bytes].concat();
        let _judged = inspect(&whole);
    }
}
