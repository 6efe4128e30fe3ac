//! The vault: what goes in comes out, to whom it may, and nothing else does.

use anyhow::{Context, Result};
use journeys::{Deployed, Patient, rpps};
use local_cloud::api::Answer;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

pub(crate) const PHYSICIAN: &str = "10";
/// A report that professionals deposit.
pub(crate) const REPORT: &str = "11490-0";
/// A document of the patient's own.
pub(crate) const OWN: &str = "EXPPAT_2";

/// A small PDF with some text in it.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    format!("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n% {text}\ntrailer\n<<>>\n%%EOF\n")
        .into_bytes()
}

pub(crate) fn entry(type_code: &str, title: &str) -> Value {
    json!({"typeCode": type_code, "title": title, "eventDate": "2026-03-04"})
}

pub(crate) async fn deposit(
    deployed: &Deployed,
    token: &str,
    space: &str,
    entry: &Value,
    content: Vec<u8>,
) -> Result<Answer> {
    let form = Form::new()
        .part("entry", Part::text(entry.to_string()).mime_str("application/json")?)
        .part("content", Part::bytes(content).file_name("x.bin"));
    let path = format!("/v1/spaces/{space}/documents");
    let request = deployed.api.request(Method::POST, &path).bearer_auth(token);
    Answer::of(request.multipart(form).send().await?).await
}

/// A physician who has come in.
pub(crate) async fn doctor(deployed: &Deployed, patient: &Patient) -> Result<(String, String)> {
    let number = rpps();
    let token = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let code = patient.presence_code(deployed).await?;
    let access = json!({"mode": "normal", "attestation": "oral", "presenceCode": code});
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    deployed.api.post(&path, Some(&token), &access).await?.ok()?;
    Ok((number, token))
}

pub(crate) async fn content(
    deployed: &Deployed,
    token: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Answer> {
    let mut request =
        deployed.api.request(Method::GET, &format!("{path}/content")).bearer_auth(token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await?).await
}

pub(crate) fn path_of(space: &str, document: &Value) -> String {
    format!("/v1/spaces/{space}/documents/{}", document["documentId"].as_str().unwrap())
}

#[tokio::test]
async fn what_goes_in_comes_out_byte_for_byte() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let text = "\u{feff}Compte rendu: été, œdème, 20 µg.".as_bytes().to_vec();
    let png = {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in [(b"IHDR", vec![0; 13]), (b"IDAT", vec![7; 300_000]), (b"IEND", vec![])]
        {
            png.extend(u32::try_from(data.len())?.to_be_bytes());
            png.extend(kind);
            png.extend(data);
            png.extend([0; 4]);
        }
        png
    };
    for (bytes, media) in [
        (pdf("bonjour"), "application/pdf"),
        (text, "text/plain; charset=utf-8"),
        (png, "image/png"),
        (b"{\\rtf1 bonjour}".to_vec(), "application/rtf"),
    ] {
        let title = format!("Échographie du 4 mars ({media})");
        let own = entry(OWN, &title);
        let new = deposit(&deployed, &patient.token, space, &own, bytes.clone()).await?;
        assert_eq!(new.status, 201, "{}", new.json());
        let new = new.json();
        assert_eq!((&new["contentType"], &new["size"]), (&json!(media), &json!(bytes.len())));
        assert_eq!((&new["state"], &new["version"]), (&json!("available"), &json!(1)));
        let path = path_of(space, &new);
        let whole = content(&deployed, &patient.token, &path, &[]).await?;
        assert_eq!(whole.status, 200);
        assert!(whole.body == bytes, "{media} is not what was sent");
        assert_eq!(whole.headers["content-type"], media);
        assert_eq!(whole.headers["cache-control"], "private, no-store");
        let named = whole.headers["content-disposition"].to_str()?;
        assert!(named.starts_with("attachment; filename=\"Echographie du 4 mars"), "{named}");
        // A range, also in the middle of a character and across chunks.
        let (from, to) = (bytes.len() / 3, bytes.len() * 2 / 3);
        let range = format!("bytes={from}-{to}");
        let tag = whole.headers["etag"].to_str()?;
        for headers in [vec![("range", range.as_str())], vec![("range", &range), ("if-range", tag)]]
        {
            let part = content(&deployed, &patient.token, &path, &headers).await?;
            assert_eq!(part.status, 206);
            assert!(part.body == bytes[from..=to], "{media}");
            let told = format!("bytes {from}-{to}/{}", bytes.len());
            assert_eq!(part.headers["content-range"], told.as_str());
        }
        let other = [("range", range.as_str()), ("if-range", "\"another\"")];
        assert_eq!(content(&deployed, &patient.token, &path, &other).await?.status, 200);
        let beyond = content(&deployed, &patient.token, &path, &[("range", "bytes=9999999-")]);
        let beyond = beyond.await?;
        assert_eq!(
            (beyond.status.as_u16(), beyond.problem().as_str()),
            (416, "range-not-satisfiable")
        );
        assert_eq!(beyond.headers["content-range"], format!("bytes */{}", bytes.len()).as_str());
        let known = content(&deployed, &patient.token, &path, &[("if-none-match", tag)]).await?;
        assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    }
    let listed = patient.get(&deployed, "/documents").await?.ok()?;
    let types: Vec<_> = listed["items"]
        .as_array()
        .context("items")?
        .iter()
        .map(|item| item["contentType"].as_str().unwrap_or_default().to_owned())
        .collect();
    let newest_first =
        ["application/rtf", "image/png", "text/plain; charset=utf-8", "application/pdf"];
    assert_eq!(types, newest_first);
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

#[tokio::test]
async fn what_is_no_document_or_acts_by_itself_is_refused() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let mut active = pdf("x");
    active.splice(20..20, b"/OpenAction << /S /Java#53cript >>".iter().copied());
    let zip = [b"\xff\xd8\xff\xe0 picture \xff\xd9".as_slice(), b"PK\x05\x06", &[0; 18]].concat();
    let doctype = b"<!DOCTYPE a [<!ENTITY x 'y'>]><ClinicalDocument xmlns='urn:hl7-org:v3'>&x;\
        </ClinicalDocument>";
    let eicar = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
    let refused: [(&str, Vec<u8>, &str, &str); 10] = [
        ("nothing", Vec::new(), "content-refused", "empty-content"),
        (
            "a program",
            b"\x7fELF\x02\x01\x01\0\0\0".to_vec(),
            "content-refused",
            "unsupported-content",
        ),
        ("a page", b" <html><script>".to_vec(), "content-refused", "not-a-clinical-document"),
        ("a PDF with a script", active, "content-refused", "active-content"),
        ("a PDF cut off", b"%PDF-1.4\n1 0 obj".to_vec(), "content-refused", "truncated-content"),
        ("a picture with an archive", zip, "content-refused", "active-content"),
        ("entities", doctype.to_vec(), "content-refused", "malformed-document"),
        ("Latin-1", b"\xe9t\xe9".to_vec(), "content-refused", "unsupported-content"),
        (
            "JSON",
            b"{\"resourceType\": \"Patient\"}".to_vec(),
            "content-refused",
            "not-a-clinical-document",
        ),
        ("malware", eicar.to_vec(), "malware-found", ""),
    ];
    for (what, bytes, problem, reason) in refused {
        let (token, space, own) = (&patient.token, &patient.space_id, entry(OWN, "Essai"));
        let new = deposit(&deployed, token, space, &own, bytes).await?;
        assert_eq!((new.status.as_u16(), new.problem().as_str()), (422, problem), "{what}");
        if !reason.is_empty() {
            assert_eq!(new.json()["reason"], reason, "{what}");
        }
    }
    let bad = json!({"typeCode": "NOPE", "eventDate": "2026-03-04"});
    let new = deposit(&deployed, &patient.token, &patient.space_id, &bad, pdf("x")).await?;
    let pointers: Vec<_> = new.json()["errors"].as_array().context("errors")?.clone();
    let pointers: Vec<_> = pointers.iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/typeCode", "/title"]);
    // Nothing was kept of any.
    assert_eq!(patient.get(&deployed, "/documents").await?.ok()?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn each_sees_and_changes_what_is_decided() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let (_, physician) = doctor(&deployed, &patient).await?;
    let depositor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    // No consent is needed to deposit, only a space.
    let report = entry(REPORT, "Compte rendu d’hospitalisation");
    let report = deposit(&deployed, &depositor, space, &report, pdf("report")).await?.ok()?;
    assert_eq!(report["author"]["kind"], "professional");
    let own = entry(OWN, "Mes notes");
    let own = deposit(&deployed, &patient.token, space, &own, pdf("own")).await?.ok()?;
    let (report_path, own_path) = (path_of(space, &report), path_of(space, &own));
    let api = &deployed.api;
    let status = async |method: Method, path: &str, token: &str, body: Option<Value>| {
        let answer = api.send(method, path, Some(token), body.as_ref()).await?;
        let problem = if answer.status.is_success() { String::new() } else { answer.problem() };
        Ok::<_, anyhow::Error>((answer.status.as_u16(), problem))
    };
    let ok = |code: u16| (code, String::new());
    let said = |code: u16, problem: &str| (code, problem.to_owned());
    // Who has opened no access reads nothing, not even what is there.
    let absent = format!("/v1/spaces/{space}/documents/{}", "0".repeat(26));
    for path in [&report_path, &absent] {
        let stranger = api.professional(&rpps(), PHYSICIAN, None).await?;
        assert_eq!(status(Method::GET, path, &stranger, None).await?, said(403, "access-required"));
    }
    assert_eq!(status(Method::GET, &report_path, &physician, None).await?, ok(200));
    // Masked, it is not there; unmasked, it is again.
    let mask = |masked: bool| Some(json!({"masked": masked}));
    assert_eq!(status(Method::PATCH, &report_path, &patient.token, mask(true)).await?, ok(200));
    for path in [&report_path, &absent] {
        assert_eq!(status(Method::GET, path, &physician, None).await?, said(404, "not-found"));
    }
    let listed = api.get(&format!("/v1/spaces/{space}/documents"), Some(&physician)).await?.ok()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(status(Method::GET, &report_path, &depositor, None).await?.0, 403);
    assert_eq!(status(Method::PATCH, &report_path, &patient.token, mask(false)).await?, ok(200));
    assert_eq!(status(Method::GET, &report_path, &physician, None).await?, ok(200));
    // What a professional deposited is theirs to change, not the patient's.
    let title = Some(json!({"title": "Autre titre"}));
    let refused = status(Method::PATCH, &report_path, &patient.token, title.clone()).await?;
    assert_eq!(refused, said(403, "not-yours"));
    let refused = status(Method::DELETE, &report_path, &patient.token, None).await?;
    assert_eq!(refused, said(403, "not-yours"));
    assert_eq!(status(Method::PATCH, &own_path, &patient.token, title).await?, ok(200));
    // A lost update is told.
    let read = api.get(&own_path, Some(&patient.token)).await?;
    let tag = read.headers["etag"].to_str()?.to_owned();
    for (sent, expected) in [(tag.as_str(), 200), (tag.as_str(), 412)] {
        let request = api.request(Method::PATCH, &own_path).bearer_auth(&patient.token);
        let request = request.header("if-match", sent).json(&json!({"pinned": true}));
        assert_eq!(request.send().await?.status().as_u16(), expected);
    }
    assert_eq!(status(Method::DELETE, &own_path, &patient.token, None).await?, ok(204));
    assert_eq!(status(Method::GET, &own_path, &patient.token, None).await?, said(404, "not-found"));
    // The log tells all of it, in order and whole.
    assert!(patient.verified(&deployed).await?);
    let log = patient.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let has = |action: &str, element: &Value| {
        let mut items = log["items"].as_array().unwrap().iter();
        items.any(|item| item["action"] == action && item["elements"][0] == *element)
    };
    for action in ["depositDocument", "readDocument", "maskDocument"] {
        assert!(has(action, &report["documentId"]), "{action}");
    }
    assert!(has("deleteDocument", &own["documentId"]));
    Ok(())
}

#[tokio::test]
async fn the_same_name_is_the_same_document_and_other_bytes_are_refused() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (space, token) = (&patient.space_id, &patient.token);
    let mut named = entry(OWN, "Ordonnance");
    named["uniqueId"] = json!("1.2.250.1.999.7");
    let first = deposit(&deployed, token, space, &named, pdf("one")).await?.ok()?;
    let again = deposit(&deployed, token, space, &named, pdf("one")).await?.ok()?;
    assert_eq!(first["documentId"], again["documentId"]);
    let other = deposit(&deployed, token, space, &named, pdf("two")).await?;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (409, "unique-id-taken"));
    // Another depositor's name is their own.
    let depositor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    named["typeCode"] = json!(REPORT);
    let theirs = deposit(&deployed, &depositor, space, &named, pdf("two")).await?.ok()?;
    assert_ne!(first["documentId"], theirs["documentId"]);
    let path = path_of(space, &first);
    deployed.api.send(Method::DELETE, &path, Some(token), None).await?;
    named["typeCode"] = json!(OWN);
    let anew = deposit(&deployed, token, space, &named, pdf("two")).await?;
    assert_eq!(anew.status, 201, "deleted, its name is free again");
    Ok(())
}

#[tokio::test]
async fn pages_are_stable_and_a_search_finds_words_however_they_are_typed() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let titles = ["Échographie rénale", "Bilan sanguin", "Échographie cardiaque", "Vaccin"];
    for title in titles {
        let (token, space, own) = (&patient.token, &patient.space_id, entry(OWN, title));
        deposit(&deployed, token, space, &own, pdf(title)).await?.ok()?;
    }
    let mut found = Vec::new();
    let mut path = "/documents?limit=3".to_owned();
    loop {
        let page = patient.get(&deployed, &path).await?.ok()?;
        for item in page["items"].as_array().context("items")? {
            found.push(item["title"].as_str().unwrap_or_default().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/documents?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, ["Vaccin", "Échographie cardiaque", "Bilan sanguin", "Échographie rénale"]);
    let search = async |body: Value| {
        let found = patient.post(&deployed, "/documents/search", &body).await?.ok()?;
        let items = found["items"].as_array().context("items")?;
        Ok::<_, anyhow::Error>(items.len())
    };
    assert_eq!(search(json!({"text": "ECHOGRAPHIE"})).await?, 2);
    assert_eq!(search(json!({"text": "echo card"})).await?, 1);
    assert_eq!(
        search(json!({"typeCode": OWN, "from": "2026-03-04", "to": "2026-03-04"})).await?,
        4
    );
    assert_eq!(search(json!({"from": "2026-03-05"})).await?, 0);
    assert_eq!(search(json!({"typeCode": REPORT})).await?, 0);
    Ok(())
}

#[tokio::test]
async fn nothing_of_a_document_stands_in_clear() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let planted = "SecretMedicalPlante";
    let new = entry(OWN, planted);
    let new = deposit(&deployed, &patient.token, &patient.space_id, &new, pdf(planted)).await?;
    new.ok()?;
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    for table in ["DocumentsTable", "TracesTable", "ConsentsTable"] {
        let items = client
            .query()
            .table_name(deployed.stack.output(table)?)
            .key_condition_expression("spaceId = :space")
            .expression_attribute_values(
                ":space",
                aws_sdk_dynamodb::types::AttributeValue::S(patient.space_id.clone()),
            )
            .send()
            .await?;
        for item in items.items() {
            let text = format!("{item:?}");
            assert!(!text.contains(planted) && !text.contains(OWN), "{table}: {text}");
        }
    }
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("VaultBucket")?;
    let listed = s3.list_objects_v2().bucket(bucket).send().await?;
    for object in listed.contents() {
        let key = object.key().unwrap_or_default();
        let got = s3.get_object().bucket(bucket).key(key).send().await;
        // Another test may have deleted its own.
        let Ok(got) = got else { continue };
        let bytes = got.body.collect().await?.into_bytes();
        assert!(!bytes.windows(planted.len()).any(|window| window == planted.as_bytes()));
        assert!(!bytes.windows(5).any(|window| window == b"%PDF-"), "{key} is in clear");
    }
    Ok(())
}

#[tokio::test]
async fn four_mebibytes_come_and_go_in_one_request_and_no_more() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let most = 4 * 1024 * 1024;
    let text = |size: usize| "Un texte assez long. ".bytes().cycle().take(size).collect::<Vec<_>>();
    let own = entry(OWN, "Long");
    let new = deposit(&deployed, &patient.token, space, &own, text(most)).await?.ok()?;
    let whole = content(&deployed, &patient.token, &path_of(space, &new), &[]).await?;
    assert_eq!(whole.status, 200);
    assert!(whole.body == text(most));
    let more = deposit(&deployed, &patient.token, space, &own, text(most + 1)).await?;
    assert_eq!((more.status.as_u16(), more.problem().as_str()), (413, "body-too-large"));
    Ok(())
}

#[tokio::test]
async fn a_folder_is_the_holders_alone() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let own = entry(OWN, "Carnet");
    let mut paths = Vec::new();
    for text in ["one", "two"] {
        let new = deposit(&deployed, &patient.token, space, &own, pdf(text)).await?.ok()?;
        paths.push(path_of(space, &new));
    }
    let api = &deployed.api;
    let put = |path: String, folder: String| {
        let token = patient.token.clone();
        async move {
            let body = json!({"folder": folder});
            api.send(Method::PATCH, &path, Some(&token), Some(&body)).await
        }
    };
    let put_in = put(paths[0].clone(), "  Grossesse ".to_owned()).await?.ok()?;
    assert_eq!(put_in["folder"], "Grossesse");
    let long = put(paths[0].clone(), "x".repeat(61)).await?;
    assert_eq!((long.status.as_u16(), long.problem().as_str()), (422, "invalid-body"));
    let folders = patient.get(&deployed, "/folders").await?.ok()?;
    assert_eq!(folders["items"], json!([{"name": "Grossesse", "count": 1}]));
    let wanted = json!({"folder": "Grossesse"});
    let found = patient.post(&deployed, "/documents/search", &wanted).await?.ok()?;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    // To a professional there is none, and none is looked into.
    let (_, doctor) = doctor(&deployed, &patient).await?;
    let at = |path: &str| format!("/v1/spaces/{space}{path}");
    let seen = api.get(&at("/documents"), Some(&doctor)).await?.ok()?;
    assert!(seen["items"].as_array().unwrap().iter().all(|item| item.get("folder").is_none()));
    let folders = api.get(&at("/folders"), Some(&doctor)).await?.ok()?;
    assert_eq!(folders["items"], json!([]));
    let found = api.post(&at("/documents/search"), Some(&doctor), &wanted).await?.ok()?;
    assert_eq!(found["items"], json!([]));
    assert!(put(paths[0].clone(), String::new()).await?.ok()?.get("folder").is_none());
    let folders = patient.get(&deployed, "/folders").await?.ok()?;
    assert_eq!(folders["items"], json!([]));
    Ok(())
}

/// A letter in CDA about the person of that number.
pub(crate) fn cda(nir: &str, key: &str) -> Vec<u8> {
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?><ClinicalDocument \
         xmlns=\"urn:hl7-org:v3\"><id root=\"1.2.250.1.999.{nir}\"/>\
         <code code=\"{REPORT}\" codeSystem=\"2.16.840.1.113883.6.1\"/><title>Séjour</title>\
         <effectiveTime value=\"20260305\"/><recordTarget><patientRole>\
         <id extension=\"{nir}{key}\" root=\"1.2.250.1.213.1.4.8\"/><patient/></patientRole>\
         </recordTarget><component><structuredBody/></component></ClinicalDocument>"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_clinical_document_fills_its_entry_and_must_be_the_holders() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let depositor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let person = &patient.invited.person;
    let (nir, key) = (person.text("nir"), person.text("nirKey"));
    let nothing = json!({});
    let space = &patient.space_id;
    let new = deposit(&deployed, &depositor, space, &nothing, cda(nir, key)).await?;
    assert_eq!(new.status, 201, "{}", new.json());
    let new = new.json();
    assert_eq!((&new["title"], &new["eventDate"]), (&json!("Séjour"), &json!("2026-03-05")));
    assert_eq!(
        (&new["typeCode"], &new["contentType"]),
        (&json!(REPORT), &json!("application/cda+xml"))
    );
    // Its own id is its name: again, it is the same.
    let again = deposit(&deployed, &depositor, space, &nothing, cda(nir, key)).await?.ok()?;
    assert_eq!(new["documentId"], again["documentId"]);
    // The patient reads the very bytes, mark and all.
    let read = content(&deployed, &patient.token, &path_of(space, &new), &[]).await?;
    assert!(read.body == cda(nir, key));
    let first = [("range", "bytes=0-0")];
    let part = content(&deployed, &patient.token, &path_of(space, &new), &first).await?;
    assert_eq!(part.body, [0xef]);
    // A wrong key is the writer's mistake; another matricule is another person.
    let other = deployed.patient().await?;
    let elsewhere =
        deposit(&deployed, &depositor, &other.space_id, &nothing, cda(nir, key)).await?;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.problem().as_str()), (422, "another-patient"));
    let wrong_key = if key == "01" { "02" } else { "01" };
    let again = deposit(&deployed, &patient.token, space, &nothing, cda(nir, wrong_key)).await?;
    assert_eq!(again.problem(), "type-not-depositable", "a report is not the patient's to deposit");
    let colleague = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let warned =
        deposit(&deployed, &colleague, space, &nothing, cda(nir, wrong_key)).await?.ok()?;
    assert_eq!((&warned["warnings"], &new["warnings"]), (&json!(["matricule-key"]), &json!(null)));
    let disagrees = json!({"title": "Autre chose"});
    let refused = deposit(&deployed, &depositor, space, &disagrees, cda(nir, key)).await?;
    assert_eq!(refused.problem(), "entry-disagrees");
    Ok(())
}
