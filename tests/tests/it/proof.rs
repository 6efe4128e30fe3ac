//! The proof of a refusal: at once, later, and checked by anyone.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use journeys::Deployed;
use local_cloud::backend::python;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

/// An independent reader: text, language, tags and declared conformance.
const READ: &str = "import sys, json, io, pypdf
reader = pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read()))
root = reader.trailer['/Root']
def kinds(node, found):
    node = node.get_object()
    if isinstance(node, list):
        for child in node: kinds(child, found)
    elif isinstance(node, dict):
        if '/S' in node: found.append((str(node['/S']), str(node.get('/Alt', ''))))
        if '/K' in node: kinds(node['/K'], found)
    return found
json.dump({'text': reader.pages[0].extract_text(), 'pages': len(reader.pages),
  'lang': root.get('/Lang'), 'marked': bool(root['/MarkInfo']['/Marked']),
  'title': reader.metadata.title, 'shows_title': bool(root['/ViewerPreferences']['/DisplayDocTitle']),
  'ua': 'pdfuaid' in root['/Metadata'].get_object().get_data().decode(),
  'tags': kinds(root['/StructTreeRoot'], [])}, sys.stdout)";

/// What the independent reader says of a PDF.
fn read(pdf: &[u8]) -> Result<Value> {
    let mut child = Command::new(python())
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("an input")?.write_all(pdf)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the PDF cannot be read");
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test]
async fn a_proof_is_read_by_an_independent_reader_and_is_tagged() -> Result<()> {
    let deployed = Deployed::load().await?;
    let mut line = Deployed::people()
        .find(|p| {
            !p["email"].is_null() && !p["card"].is_null() && p["representatives"] == json!([])
        })
        .context("someone")?;
    line["hasDmp"] = json!(true);
    deployed.feed(std::slice::from_ref(&line), 0).await?;
    let person = local_cloud::api::Person(line);
    let code = deployed.api.wait_for_code(person.text("email"), 14).await?;
    let proven =
        deployed.api.post("/v1/activation/identity", None, &person.proof(&code)).await?.ok()?;
    let token = proven["enrolmentToken"].as_str();
    let confirmed = json!({"confirmed": true});
    let refused = deployed.api.post("/v1/opposition", token, &confirmed).await?.ok()?;
    let path = refused["receipt"].as_str().unwrap();
    let at_once = deployed.api.get(path, token).await?;
    assert_eq!(at_once.headers["content-type"], "application/pdf");
    std::fs::write(target_directory().join("local/proof.pdf"), &at_once.body)?;

    let seen = read(&at_once.body)?;
    let text = seen["text"].as_str().unwrap();
    let reference = refused["reference"].as_str().unwrap();
    let name = format!("{} ", person.0["firstNames"][0].as_str().unwrap());
    for part in [reference, &name, "Date du refus", "heure de Paris", "DMP"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!((&seen["lang"], &seen["pages"]), (&json!("fr"), &json!(1)));
    for property in ["marked", "ua", "shows_title"] {
        assert_eq!(seen[property], true, "{property}");
    }
    let tags = seen["tags"].as_array().unwrap();
    let has = |kind: &str| tags.iter().any(|tag| tag[0] == kind);
    assert!(has("/H1") && has("/P") && has("/Figure"), "{tags:?}");
    let figure = tags.iter().find(|tag| tag[0] == "/Figure").context("the QR code")?;
    assert!(figure[1].as_str().unwrap().contains(reference));

    // Later: reference, number and card; nothing less.
    let later = |nir: &str, card: &Value| json!({"reference": reference.to_lowercase(), "nir": nir, "card": card});
    let route = "/v1/opposition/receipt";
    let own = later(person.text("nir"), &person.0["card"]);
    let again = deployed.api.post(route, None, &own).await?;
    assert_eq!(again.body, at_once.body, "the same bytes, whenever");
    let other_card = json!({"type": "photo", "serial": "12345678901"});
    for wrong in [
        later(person.text("nir"), &other_card),
        later("2840588321025", &person.0["card"]),
        later(person.text("nir"), &Value::Null),
    ] {
        let answer = deployed.api.post(route, None, &wrong).await?;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (403, "receipt-not-recognised")
        );
    }
    // Anyone may check that it exists, and learns nothing else.
    let check = |reference: &str| json!({"reference": reference});
    let route = "/v1/certificates/verify";
    let known = deployed.api.post(route, None, &check(reference)).await?.ok()?;
    let expected =
        json!({"exists": true, "kind": "opposition", "registeredAt": refused["registeredAt"]});
    assert_eq!(known, expected);
    let nothing = json!({"exists": false, "kind": null, "registeredAt": null});
    for unknown in ["0000-0000-0000", "n'importe quoi", ""] {
        assert_eq!(deployed.api.post(route, None, &check(unknown)).await?.ok()?, nothing);
    }
    // Another's enrolment token does not fetch it.
    let other = deployed.invite(0).await?;
    let other = deployed.prove(&other).await?;
    assert_eq!(deployed.api.get(path, Some(&other)).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_proof_asked_for_by_letter_carries_its_reference_on_paper() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.prove(&invited).await?;
    let asked = json!({"confirmed": true, "receipt": "letter"});
    let refused = deployed.api.post("/v1/opposition", Some(&token), &asked).await?.ok()?;
    let reference = refused["reference"].as_str().unwrap().to_owned();
    for _ in 0..300 {
        let mail = deployed.api.mail().await?;
        if mail.iter().any(|m| m.channel == "letter" && m.body.contains(&reference)) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("the proof was not printed")
}
