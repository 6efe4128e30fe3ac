//! Backend calls of each operation, warm: they are the bill, and stand in
//! `docs/backend-calls.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use espace_crypto::SystemRandom;
use espace_storage::Aws;
use journeys::{Deployed, InProcess, PASSWORD, login_of, now};
use local_cloud::system::project;
use serde_json::json;

/// `service:Operation n, …` as the document writes it.
fn written(calls: &BTreeMap<String, u32>) -> String {
    let parts: Vec<_> = calls.iter().map(|(name, count)| format!("{name} {count}")).collect();
    parts.join(", ")
}

/// Compares with the document's row.
fn hold(operation: &str, calls: &BTreeMap<String, u32>) {
    let text = std::fs::read_to_string(project().join("docs/backend-calls.md")).unwrap();
    let row = format!("| {operation} | {} |", written(calls));
    assert!(text.contains(&row), "docs/backend-calls.md lacks the row\n{row}");
}

/// A request that must succeed, and the calls it made.
async fn calls_of(
    function: &InProcess,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&serde_json::Value>,
) -> Result<(serde_json::Value, BTreeMap<String, u32>)> {
    function.calls();
    let answer = function.send(method, path, token, body).await?;
    let value = answer.ok()?;
    Ok((value, function.calls()))
}

/// The calls without those that fetch a system key the process does not hold
/// yet (one read, one unwrapping) or that does not exist yet (one read, one
/// drawing, one write): once in five minutes a process, and once ever.
/// `decrypts` and `drawn` are the operation's own.
fn warm(mut calls: BTreeMap<String, u32>, decrypts: u32, drawn: u32) -> BTreeMap<String, u32> {
    let mut without = |name: &str, own: u32, with: &[&str]| {
        let extra = calls.get(name).copied().unwrap_or(0).saturating_sub(own);
        for name in with.iter().chain([&name]) {
            if let Some(count) = calls.get_mut(*name) {
                *count -= extra;
            }
        }
    };
    without("kms:Decrypt", decrypts, &["dynamodb:GetItem"]);
    without("kms:GenerateDataKey", drawn, &["dynamodb:GetItem", "dynamodb:PutItem"]);
    calls.retain(|_, count| *count > 0);
    calls
}

#[tokio::test]
async fn the_calls_of_each_operation_are_as_stated() -> Result<()> {
    let deployed = Deployed::load().await?;
    let people = deployed.invite_many(2, 0).await?;
    let random = || Arc::new(SystemRandom);
    let activation = deployed.activation(&[], now()).await?;
    let identity = "/v1/activation/identity";
    let proof = |n: usize| people[n].person.proof(&people[n].code);
    let (proven, calls) = calls_of(&activation, "POST", identity, None, Some(&proof(0))).await?;
    hold("POST /v1/activation/identity", &warm(calls, 0, 0));

    let code = json!({"nir": people[1].person.text("nir"), "channel": "email",
        "birthDate": people[1].person.text("birthDate"), "card": null});
    let (_, calls) =
        calls_of(&activation, "POST", "/v1/activation/codes", None, Some(&code)).await?;
    hold("POST /v1/activation/codes", &warm(calls, 0, 0));
    let mut wrong = proof(0);
    wrong["code"] = json!("0000-0000-0000");
    activation.calls();
    let refused = activation.send("POST", identity, None, Some(&wrong)).await?;
    assert_eq!(refused.status, 403);
    hold("POST /v1/activation/identity (not recognised)", &warm(activation.calls(), 0, 0));

    let token = proven["enrolmentToken"].as_str();
    let account = json!({"login": login_of(&people[0].person), "password": PASSWORD});
    let (_, calls) = calls_of(&activation, "POST", "/v1/activation", token, Some(&account)).await?;
    hold("POST /v1/activation", &warm(calls, 0, 1));

    let opposition = deployed.opposition(&[], now()).await?;
    // The code asked for above replaced the invitation's.
    let code = deployed.api.wait_for_code(people[1].person.text("email"), 24).await?;
    let proof = |_: usize| people[1].person.proof(&code);
    let (proven, _) = calls_of(&activation, "POST", identity, None, Some(&proof(1))).await?;
    let token = proven["enrolmentToken"].as_str();
    let body = json!({"confirmed": true});
    let (refused, calls) =
        calls_of(&opposition, "POST", "/v1/opposition", token, Some(&body)).await?;
    hold("POST /v1/opposition", &warm(calls, 0, 0));
    let path = refused["receipt"].as_str().context("a receipt")?.to_owned();
    opposition.calls();
    opposition.send("GET", &path, token, None).await?;
    hold("GET /v1/opposition/{oppositionId}/receipt", &warm(opposition.calls(), 0, 0));
    let check = json!({"reference": refused["reference"]});
    let path = "/v1/certificates/verify";
    let (_, calls) = calls_of(&opposition, "POST", path, None, Some(&check)).await?;
    hold("POST /v1/certificates/verify", &warm(calls, 0, 0));
    let agent = deployed.api.support("A-930").await?;
    let lost = json!({"reference": refused["reference"], "nir": people[1].person.text("nir"),
        "birthDate": people[1].person.text("birthDate"), "receipt": "email"});
    let path = "/v1/support/receipts";
    calls_of(&opposition, "POST", path, Some(&agent), Some(&lost)).await?;
    let (_, calls) = calls_of(&opposition, "POST", path, Some(&agent), Some(&lost)).await?;
    hold("POST /v1/support/receipts (a final refusal)", &warm(calls, 0, 0));

    let sessions = deployed.sessions(&[], now()).await?;
    let provider = json!({"provider": "professional"});
    let path = "/v1/sessions/authorization";
    let (_, calls) = calls_of(&sessions, "POST", path, None, Some(&provider)).await?;
    hold("POST /v1/sessions/authorization", &warm(calls, 0, 0));
    let address = people[0].person.text("email");
    let credentials = json!({"login": account["login"], "password": PASSWORD});
    let (begun, calls) =
        calls_of(&sessions, "POST", "/v1/sessions", None, Some(&credentials)).await?;
    hold("POST /v1/sessions", &warm(calls, 1, 0));
    let otp = deployed.api.wait_for_code(address, 6).await?;
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let (opened, calls) =
        calls_of(&sessions, "POST", &path, None, Some(&json!({"otp": otp, "client": "mobile"})))
            .await?;
    hold("POST /v1/sessions/{id}/otp (first in five minutes)", &calls);
    let renewal = json!({"refreshToken": opened["refreshToken"]});
    let path = "/v1/sessions/refresh";
    let (opened, calls) = calls_of(&sessions, "POST", path, None, Some(&renewal)).await?;
    hold("POST /v1/sessions/refresh", &calls);
    let token = opened["accessToken"].as_str();
    calls_of(&sessions, "GET", "/v1/me", token, None).await?;
    let (_, calls) = calls_of(&sessions, "GET", "/v1/me", token, None).await?;
    hold("GET /v1/me", &calls);

    let (_, calls) = calls_of(&sessions, "GET", "/v1/sessions", token, None).await?;
    hold("GET /v1/sessions", &calls);
    let build = |aws: &espace_storage::Aws, environment, clock| {
        space::App::new(aws, environment, clock, random()).map(|app| space::router(app).0)
    };
    let space = deployed.in_process("SpaceFunction", &[], now(), build).await?;
    calls_of(&space, "GET", "/v1/spaces/me", token, None).await?;
    let (_, calls) = calls_of(&space, "GET", "/v1/spaces/me", token, None).await?;
    hold("GET /v1/spaces/{spaceId}", &calls);

    let build = |aws: &espace_storage::Aws, environment, clock| {
        campaigns::App::new(aws, environment, clock, random()).map(|app| campaigns::router(app).0)
    };
    let campaigns = deployed.in_process("CampaignsFunction", &[], now(), build).await?;
    let insurer = deployed.api.insurer().await?;
    let now = espace_domain::Clock::now(&espace_domain::SystemClock);
    let new = json!({"name": "Essai", "sentAt": format!("{now:.0}")});
    calls_of(&campaigns, "POST", "/v1/campaigns", Some(&insurer), Some(&new)).await?;
    let (created, calls) =
        calls_of(&campaigns, "POST", "/v1/campaigns", Some(&insurer), Some(&new)).await?;
    hold("POST /v1/campaigns", &calls);
    let campaign = created["campaignId"].as_str().context("a campaign")?;
    let path = format!("/v1/campaigns/{campaign}");
    let (_, calls) = calls_of(&campaigns, "GET", &path, Some(&insurer), None).await?;
    hold("GET /v1/campaigns/{campaignId}", &calls);
    Ok(())
}

#[tokio::test]
async fn the_calls_of_closing_and_reopening_are_as_stated() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let person = &patient.invited.person;
    let address = person.text("email");
    let space = deployed.space(&[], now()).await?;
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["confirmation"] = json!("FERMER");
    body["password"] = json!("Marée-basse8");
    // The keys of the space come into hand.
    let path = "/v1/spaces/me/closure";
    let wrong = space.send("POST", path, Some(&patient.token), Some(&body)).await?;
    assert_eq!(wrong.problem(), "password-wrong");
    space.calls();
    body["password"] = json!(PASSWORD);
    let (_, calls) = calls_of(&space, "POST", path, Some(&patient.token), Some(&body)).await?;
    hold("POST …/closure", &warm(calls, 0, 0));
    let token = deployed.api.log_in(&login_of(person), PASSWORD, address).await?;
    let body = deployed.step_up(&token, "reopening", address).await?;
    let path = "/v1/spaces/me/reopening";
    let (_, calls) = calls_of(&space, "POST", path, Some(&token), Some(&body)).await?;
    hold("POST …/reopening", &warm(calls, 0, 0));
    Ok(())
}

#[tokio::test]
async fn the_calls_of_the_phone_line_are_as_stated() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, other) = (deployed.patient().await?, deployed.patient().await?);
    let build = |aws: &Aws, environment, clock| {
        phone_line::App::new(aws, environment, clock, Arc::new(SystemRandom))
            .map(|app| phone_line::router(app).0)
    };
    let line = deployed.in_process("PhoneLineFunction", &[], now(), build).await?;
    let agent = deployed.api.support("B-1").await?;
    let agent = Some(agent.as_str());
    let path = "/v1/support/closures";
    // The keys of the system come into hand; each caller's space is another.
    let said = crate::closing_by_phone::said(&other.invited);
    calls_of(&line, "POST", path, agent, Some(&said)).await?;
    let said = crate::closing_by_phone::said(&patient.invited);
    let (begun, calls) = calls_of(&line, "POST", path, agent, Some(&said)).await?;
    hold("POST /v1/support/closures", &warm(calls, 2, 0));
    let otp = crate::closing_by_phone::read_out(&deployed, &patient.invited, &begun).await?;
    let id = begun["closureId"].as_str().context("an id")?;
    let path = format!("{path}/{id}/confirmation");
    let body = json!({"otp": otp});
    let (_, calls) = calls_of(&line, "POST", &path, agent, Some(&body)).await?;
    hold("POST /v1/support/closures/{closureId}/confirmation", &warm(calls, 0, 0));
    let dead = deployed.patient().await?;
    crate::heirs::die(&deployed, &dead.invited).await?;
    let claim = crate::heirs::claim(&dead.invited, &other.invited);
    let (_, calls) = calls_of(&line, "POST", "/v1/support/heirs", agent, Some(&claim)).await?;
    hold("POST /v1/support/heirs", &warm(calls, 3, 0));
    Ok(())
}

#[tokio::test]
async fn the_calls_of_taking_everything_away_and_erasing_are_as_stated() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let address = patient.invited.person.text("email");
    let token = Some(patient.token.as_str());
    let space = deployed.space(&[], now()).await?;
    let list = format!("/v1/spaces/{}/exports", patient.space_id);
    // The keys of the space come into hand.
    calls_of(&space, "GET", &list, token, None).await?;
    let (_, calls) = calls_of(&space, "GET", &list, token, None).await?;
    hold("GET …/exports", &calls);
    let body = deployed.step_up(&patient.token, "export", address).await?;
    let (asked, calls) = calls_of(&space, "POST", &list, token, Some(&body)).await?;
    hold("POST …/exports", &warm(calls, 0, 0));
    let path = format!("{list}/{}", asked["exportId"].as_str().context("an id")?);
    crate::exports::ready(&deployed, &patient.token, &path).await?;
    let (_, calls) = calls_of(&space, "GET", &path, token, None).await?;
    hold("GET …/exports/{exportId}", &calls);
    for row in ["…/exports/{exportId}/content", "…/exports/{exportId}/content (again)"] {
        space.calls();
        let read = space.send("GET", &format!("{path}/content"), token, None).await?;
        assert_eq!(read.status, 200);
        hold(&format!("GET {row}"), &space.calls());
    }
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["confirmation"] = json!("EFFACER");
    body["eraseNow"] = json!(true);
    body["password"] = json!(PASSWORD);
    let path = "/v1/spaces/me/closure";
    let (_, calls) = calls_of(&space, "POST", path, token, Some(&body)).await?;
    hold("POST …/closure (erased)", &warm(calls, 0, 0));
    Ok(())
}

#[tokio::test]
async fn the_calls_of_an_access_are_as_stated() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = deployed.api.professional(&journeys::rpps(), "10", None).await?;
    let other = deployed.api.professional(&journeys::rpps(), "10", None).await?;
    let consent = deployed.consent(&[], now()).await?;
    let own = Some(patient.token.as_str());
    let base = format!("/v1/spaces/{}", patient.space_id);
    let at = |rest: &str| format!("{base}{rest}");
    // The keys of the system and of the space come into hand.
    consent.send("POST", &at("/presence-codes"), own, Some(&json!({}))).await?;
    let drawn = calls_of(&consent, "POST", &at("/presence-codes"), own, Some(&json!({}))).await?;
    hold("POST …/presence-codes", &drawn.1);
    let normal = json!({"mode": "normal", "attestation": "oral",
        "presenceCode": drawn.0["presenceCode"]});
    let (_, calls) =
        calls_of(&consent, "POST", &at("/accesses"), Some(&doctor), Some(&normal)).await?;
    hold("POST …/accesses (presence code)", &calls);
    let again = json!({"mode": "normal", "attestation": "oral"});
    let (_, calls) =
        calls_of(&consent, "POST", &at("/accesses"), Some(&doctor), Some(&again)).await?;
    hold("POST …/accesses (prior consent)", &calls);
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let (_, calls) =
        calls_of(&consent, "POST", &at("/accesses"), Some(&other), Some(&glass)).await?;
    hold("POST …/accesses (breakGlass)", &calls);
    let (_, calls) = calls_of(&consent, "GET", &at("/consents"), own, None).await?;
    hold("GET …/consents", &calls);
    let number = json!({"rpps": journeys::rpps()});
    let (_, calls) = calls_of(&consent, "POST", &at("/consents"), own, Some(&number)).await?;
    hold("POST …/consents", &calls);
    let (_, calls) = calls_of(&consent, "GET", &at("/access-log"), own, None).await?;
    hold("GET …/access-log", &calls);
    let cold = deployed.consent(&[], now()).await?;
    let (_, calls) = calls_of(&cold, "GET", &at("/access-log"), own, None).await?;
    hold("GET …/access-log (cold)", &calls);

    let search = deployed.search(&[], now()).await?;
    let person = &patient.invited.person;
    let body = json!({"nir": person.text("nir"), "birthName": person.text("birthName"),
        "firstName": person.0["firstNames"][0], "birthDate": person.text("birthDate")});
    let find = "/v1/spaces/search";
    calls_of(&search, "POST", find, Some(&doctor), Some(&body)).await?;
    let (_, calls) = calls_of(&search, "POST", find, Some(&other), Some(&body)).await?;
    hold("POST /v1/spaces/search (by NIR)", &calls);
    let (_, calls) = calls_of(&search, "POST", find, Some(&other), Some(&body)).await?;
    hold("POST /v1/spaces/search (by NIR, again)", &calls);
    documents_calls(&deployed, &patient.token, &patient.space_id).await?;
    // Last: a job traces it soon after, in the same chain.
    consent.calls();
    let third = deployed.api.professional(&journeys::rpps(), "10", None).await?;
    let refused = consent.send("POST", &at("/accesses"), Some(&third), Some(&again)).await?;
    assert_eq!(refused.status, 403);
    hold("POST …/accesses (refused)", &warm(consent.calls(), 0, 0));
    Ok(())
}

/// The calls of writing, listing and reading messages, warm.
#[tokio::test]
async fn the_calls_of_messages_are_as_stated() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let physician = deployed.api.professional(&journeys::rpps(), "10", None).await?;
    let messaging = deployed.messaging(&[], now()).await?;
    let threads = format!("/v1/spaces/{}/threads", patient.space_id);
    let new = json!({"subject": "Suites", "body": "Bonjour"});
    calls_of(&messaging, "POST", &threads, Some(&physician), Some(&new)).await?;
    let (opened, calls) =
        calls_of(&messaging, "POST", &threads, Some(&physician), Some(&new)).await?;
    hold("POST …/threads", &calls);
    let thread = format!("{threads}/{}", opened["threadId"].as_str().context("an id")?);
    let (path, answer) = (format!("{thread}/messages"), json!({"body": "Oui"}));
    let token = Some(patient.token.as_str());
    let (_, calls) = calls_of(&messaging, "POST", &path, token, Some(&answer)).await?;
    hold("POST …/threads/{threadId}/messages", &calls);
    let (_, calls) = calls_of(&messaging, "GET", &threads, token, None).await?;
    hold("GET …/threads", &calls);
    let (_, calls) = calls_of(&messaging, "GET", &thread, token, None).await?;
    hold("GET …/threads/{threadId}", &calls);
    messaging.calls();
    let read = messaging.send("PUT", &format!("{thread}/read"), token, Some(&json!({}))).await?;
    assert_eq!(read.status, 204);
    hold("PUT …/threads/{threadId}/read", &messaging.calls());
    Ok(())
}

/// The calls of depositing, listing, reading and changing a document, warm.
async fn documents_calls(deployed: &Deployed, token: &str, space: &str) -> Result<()> {
    let vault = deployed.vault(&[], now()).await?;
    let path = format!("/v1/spaces/{space}/documents");
    let form = |title: &str| {
        let entry = json!({"typeCode": "EXPPAT_2", "title": title, "eventDate": "2026-03-04"});
        let content = "Un texte.";
        let body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"entry\"\r\n\r\n{entry}\r\n\
             --x\r\ncontent-disposition: form-data; name=\"content\"\r\n\r\n{content}\r\n--x--\r\n"
        );
        ("multipart/form-data; boundary=x", body.into_bytes())
    };
    vault.send_bytes(&path, token, form("Un")).await?.ok()?;
    vault.calls();
    let new = vault.send_bytes(&path, token, form("Deux")).await?.ok()?;
    hold("POST …/documents", &vault.calls());
    let (_, calls) = calls_of(&vault, "GET", &path, Some(token), None).await?;
    hold("GET …/documents", &calls);
    let folders = format!("/v1/spaces/{space}/folders");
    let (_, calls) = calls_of(&vault, "GET", &folders, Some(token), None).await?;
    hold("GET …/folders", &calls);
    let one = format!("{path}/{}", new["documentId"].as_str().context("a document")?);
    let content = format!("{one}/content");
    vault.calls();
    let read = vault.send("GET", &content, Some(token), None).await?;
    assert_eq!(read.body, b"Un texte.");
    hold("GET …/documents/{documentId}/content", &vault.calls());
    vault.send("GET", &content, Some(token), None).await?;
    hold("GET …/documents/{documentId}/content (again)", &vault.calls());
    let mask = json!({"masked": true});
    let (_, calls) = calls_of(&vault, "PATCH", &one, Some(token), Some(&mask)).await?;
    hold("PATCH …/documents/{documentId}", &calls);
    vault.send("DELETE", &one, Some(token), None).await?;
    hold("DELETE …/documents/{documentId}", &vault.calls());
    let cold = deployed.vault(&[], now()).await?;
    cold.send_bytes(&path, token, form("Trois")).await?.ok()?;
    hold("POST …/documents (cold)", &cold.calls());
    // A process that works, a space it has not met.
    let other = deployed.patient().await?;
    let theirs = format!("/v1/spaces/{}/documents", other.space_id);
    vault.calls();
    vault.send_bytes(&theirs, &other.token, form("Quatre")).await?.ok()?;
    hold("POST …/documents (a space not held)", &vault.calls());
    let large = crate::uploads::large_pdf(1_000);
    let announced = crate::vault::entry("EXPPAT_2", "Cinq");
    let announced = crate::uploads::announcement(announced, "application/pdf", &large);
    let (begun, calls) = calls_of(&vault, "POST", &path, Some(token), Some(&announced)).await?;
    hold("POST …/documents (announced)", &calls);
    let upload = format!("{path}/{}/upload", begun["documentId"].as_str().context("an id")?);
    let (told, calls) = calls_of(&vault, "GET", &upload, Some(token), None).await?;
    hold("GET …/documents/{documentId}/upload", &calls);
    let parts = json!({"parts": crate::uploads::send(&told, &large).await?});
    let completion = format!("{upload}/completion");
    let (_, calls) = calls_of(&vault, "POST", &completion, Some(token), Some(&parts)).await?;
    hold("POST …/upload/completion", &calls);
    Ok(())
}
