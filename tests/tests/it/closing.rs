//! Closing a space, what is left of it, and taking it back.

use anyhow::{Context, Result, ensure};
use journeys::{Deployed, PASSWORD, Patient, login_of};
use local_cloud::system::project;
use reqwest::Method;
use serde_json::{Value, json};

use crate::purge::everything;
use crate::vault::{content, deposit, doctor, entry, path_of, pdf};

/// What closing takes, with a fresh second factor.
async fn closure(deployed: &Deployed, patient: &Patient) -> Result<Value> {
    let address = patient.invited.person.text("email");
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("FERMER");
    Ok(body)
}

/// The holder of a closed space, logged in again.
async fn back(deployed: &Deployed, patient: &Patient) -> Result<String> {
    let person = &patient.invited.person;
    deployed.api.log_in(&login_of(person), PASSWORD, person.text("email")).await
}

#[tokio::test]
async fn closing_takes_a_code_a_password_and_a_word() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let right = closure(&deployed, &patient).await?;
    let with = |field: &str, value: Value| {
        let mut body = right.clone();
        body[field] = value;
        body
    };
    for (field, value, problem) in [
        ("confirmation", json!("OUI"), "invalid-body"),
        ("eraseNow", json!("oui"), "invalid-body"),
        ("challengeId", json!("0".repeat(26)), "step-up-required"),
        ("otp", json!("12"), "invalid-body"),
        ("password", json!("Marée-basse8"), "password-wrong"),
    ] {
        let refused = patient.post(&deployed, "/closure", &with(field, value)).await?;
        assert_eq!(refused.problem(), problem, "{field}");
    }
    let code = right["otp"].as_str().context("a code")?;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = patient.post(&deployed, "/closure", &with("otp", json!(wrong))).await?;
    assert_eq!(refused.problem(), "otp-wrong");
    // A code for another act does not close.
    let address = patient.invited.person.text("email");
    let other = deployed.step_up(&patient.token, "contacts", address).await?;
    let other = with("challengeId", other["challengeId"].clone());
    let refused = patient.post(&deployed, "/closure", &other).await?;
    assert_eq!(refused.problem(), "step-up-required");
    // Whatever failed cost no new code; typed in small letters it is the same word.
    let typed = with("confirmation", json!(" fermer "));
    let closed = patient.post(&deployed, "/closure", &typed).await?;
    assert_eq!(closed.status, 202);
    assert_eq!(closed.json(), json!({"state": "closed", "certificate": null}));
    assert_eq!(patient.get(&deployed, "").await?.status, 401, "every session ends");
    Ok(())
}

#[tokio::test]
async fn a_few_wrong_passwords_use_a_code_up() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let right = closure(&deployed, &patient).await?;
    let mut wrong = right.clone();
    wrong["password"] = json!("Marée-basse8");
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(patient.post(&deployed, "/closure", &wrong).await?.problem());
    }
    assert_eq!(answers.first().map(String::as_str), Some("password-wrong"));
    assert_eq!(answers.last().map(String::as_str), Some("step-up-required"));
    let late = patient.post(&deployed, "/closure", &right).await?;
    assert_eq!(late.problem(), "step-up-required", "the right password comes too late");
    assert_eq!(patient.get(&deployed, "").await?.ok()?["state"], "active");
    Ok(())
}

/// Every raw item and content of a space, but its state and its traces, which tell of the closing.
async fn lasting(deployed: &Deployed, patient: &Patient) -> Result<Vec<String>> {
    let mut all = everything(deployed, &[patient]).await?;
    all.retain(|line| !line.starts_with("SpacesTable") && !line.starts_with("TracesTable"));
    ensure!(all.len() > 5, "{all:?}");
    Ok(all)
}

#[tokio::test]
async fn what_was_closed_comes_back_to_the_last_byte() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (_, physician) = doctor(&deployed, &patient).await?;
    let bytes = pdf("avant");
    let mine = entry("11488-4", "Avant la fermeture");
    let kept =
        deposit(&deployed, &physician, &patient.space_id, &mine, bytes.clone()).await?.ok()?;
    let path = path_of(&patient.space_id, &kept);
    let before = patient.get(&deployed, "/documents").await?.ok()?;
    let consents = patient.get(&deployed, "/consents").await?.ok()?;
    crate::messages::open(&deployed, &physician, &patient.space_id).await?;
    let raw = lasting(&deployed, &patient).await?;
    deployed.close(&patient).await?;

    // The confirmation.
    let address = patient.invited.person.text("email");
    let told = |m: &local_cloud::mail::Message| m.subject == "Votre espace de santé est fermé";
    let mail = deployed.api.wait_for_mail(address, told).await?;
    assert!(mail.body.contains("gardé dix ans"), "{}", mail.body);

    // Whoever had come in is out.
    let shut = content(&deployed, &physician, &path, &[]).await?;
    assert_eq!(shut.status, 404);
    let late = deposit(&deployed, &physician, &patient.space_id, &mine, pdf("après")).await?;
    assert_eq!(late.status, 404);

    // Its holder sees that it is closed, and until when it is kept.
    let token = back(&deployed, &patient).await?;
    let left = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(left["state"], "closed");
    let year = |instant: &Value| instant.as_str().and_then(|text| text[..4].parse::<i32>().ok());
    let closed_in = year(&left["closedAt"]).context("a year")?;
    assert_eq!(year(&left["erasureDueAt"]), Some(closed_in + 10));
    let shut = content(&deployed, &token, &path, &[]).await?;
    assert_eq!(shut.problem(), "space-closed");

    // Reopened, it is what it was.
    let step = deployed.step_up(&token, "reopening", address).await?;
    let reopened = deployed.api.post("/v1/spaces/me/reopening", Some(&token), &step).await?;
    assert_eq!(reopened.ok()?, json!({"state": "active"}));
    let again = deployed.api.post("/v1/spaces/me/reopening", Some(&token), &step).await?;
    assert_eq!(again.problem(), "space-not-closed");
    let told = |m: &local_cloud::mail::Message| m.subject == "Votre espace de santé est rouvert";
    deployed.api.wait_for_mail(address, told).await?;
    assert_eq!(lasting(&deployed, &patient).await?, raw);
    let patient = Patient { token: back(&deployed, &patient).await?, ..patient };
    assert_eq!(patient.get(&deployed, "/documents").await?.ok()?, before);
    assert_eq!(patient.get(&deployed, "/consents").await?.ok()?, consents);
    let read = content(&deployed, &patient.token, &path, &[]).await?;
    assert_eq!(read.body, bytes);
    assert!(patient.verified(&deployed).await?, "the log holds closing and reopening, chained");
    let log = patient.get(&deployed, "/access-log?limit=50").await?.ok()?;
    for action in ["closeSpace", "reopenSpace"] {
        let items = log["items"].as_array().context("items")?;
        assert!(items.iter().any(|item| item["action"] == action), "{action}");
    }
    Ok(())
}

#[tokio::test]
async fn the_session_that_reopens_goes_on_with_its_next_token() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    deployed.close(&patient).await?;
    let person = &patient.invited.person;
    let address = person.text("email");
    let api = &deployed.api;
    let before = api.mail().await?.iter().filter(|m| m.to == address).count();
    let credentials = json!({"login": login_of(person), "password": PASSWORD});
    let begun = api.post("/v1/sessions", None, &credentials).await?.ok()?;
    let challenge = begun["challengeId"].as_str().context("a challenge")?;
    let otp = api.wait_for_new_code(address, before).await?;
    let answer = json!({"otp": otp, "client": "mobile"});
    let path = format!("/v1/sessions/{challenge}/otp");
    let opened = api.post(&path, None, &answer).await?.ok()?;
    let token = opened["accessToken"].as_str().context("a token")?;
    let step = deployed.step_up(token, "reopening", address).await?;
    api.post("/v1/spaces/me/reopening", Some(token), &step).await?.ok()?;
    let shut = api.get("/v1/spaces/me/documents", Some(token)).await?;
    assert_eq!(shut.problem(), "space-closed", "the token is of a closed space");
    let refresh = json!({"refreshToken": opened["refreshToken"]});
    let renewed = api.post("/v1/sessions/refresh", None, &refresh).await?.ok()?;
    let token = renewed["accessToken"].as_str().context("a token")?;
    api.get("/v1/spaces/me/documents", Some(token)).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn every_read_of_a_closed_space_is_refused() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (_, physician) = doctor(&deployed, &patient).await?;
    let mine = entry("11488-4", "Avant la fermeture");
    let kept = deposit(&deployed, &physician, &patient.space_id, &mine, pdf("x")).await?.ok()?;
    let document = kept["documentId"].as_str().context("a document")?.to_owned();
    let thread = crate::messages::open(&deployed, &physician, &patient.space_id).await?;
    let thread = thread.rsplit('/').next().context("a conversation")?.to_owned();
    let filled = |path: &str| -> String {
        let name = |part: &str| match part {
            "{spaceId}" => patient.space_id.clone(),
            "{documentId}" => document.clone(),
            "{threadId}" => thread.clone(),
            "{version}" | "{number}" | "{position}" | "{sequence}" => "1".to_owned(),
            part if part.starts_with('{') => "0".repeat(26),
            part => part.to_owned(),
        };
        path.split('/').map(name).collect::<Vec<_>>().join("/")
    };
    let api = &deployed.api;
    let committed = std::fs::read(project().join("docs/openapi.json"))?;
    let description: Value = serde_json::from_slice(&committed)?;
    // While it stands, its holder reads by most of these paths: that they are refused is not
    // that they lead nowhere.
    let mut read = 0;
    for (path, methods) in description["paths"].as_object().context("paths")? {
        if path.starts_with("/v1/spaces/{spaceId}") && methods.get("get").is_some() {
            let answer = api.get(&filled(path), Some(&patient.token)).await?;
            read += usize::from(answer.status.is_success());
        }
    }
    assert!(read >= 15, "{read} were read before");
    let named = api.get("/v1/professionals/me/threads", Some(&physician)).await?.ok()?;
    assert_eq!(named["items"][0]["spaceId"], json!(patient.space_id));
    deployed.close(&patient).await?;
    let holder = back(&deployed, &patient).await?;
    let (insurer, stranger) = (api.insurer().await?, deployed.citizen().await?);
    let agent = api.support("A-17").await?;
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().context("paths")? {
        let is_left = ["/v1/spaces/{spaceId}", "/v1/spaces/{spaceId}/reopening"];
        let is_export = path.starts_with("/v1/spaces/{spaceId}/exports");
        let is_left = is_export || is_left.contains(&path.as_str());
        if !path.starts_with("/v1/spaces/{spaceId}") || is_left {
            continue;
        }
        for method in methods.as_object().context("methods")?.keys() {
            let filled = filled(path);
            let method: Method = method.to_uppercase().parse()?;
            let body = (method != Method::GET).then(|| json!({}));
            let callers = [
                ("holder", &holder),
                ("doctor", &physician),
                ("agent", &agent),
                ("insurer", &insurer),
                ("stranger", &stranger),
            ];
            for (who, token) in callers {
                let answer = api.send(method.clone(), &filled, Some(token), body.as_ref()).await?;
                let status = answer.status.as_u16();
                let text = String::from_utf8_lossy(&answer.body);
                // What is wrong with a deposit's body is told before its space is looked at; to
                // a stranger, for whom it is not there, that of some others too.
                let is_deposit = path.ends_with("/documents") || who == "stranger";
                let is_read_first = is_deposit && status == 422;
                let is_refused = matches!(status, 403 | 404) || is_read_first;
                assert!(is_refused, "{method} {path} answers {status} to the {who}: {text}");
                assert!(!text.contains("Avant la fermeture"));
                if method == Method::GET && who == "holder" && status == 403 {
                    let problem = answer.problem();
                    assert!(["space-closed", "forbidden"].contains(&problem.as_str()), "{path}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "only {tried} were tried");
    // Nor does the box of who wrote there name it any more.
    let named = api.get("/v1/professionals/me/threads", Some(&physician)).await?.ok()?;
    assert_eq!(named["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_is_in_flight_when_a_space_closes_is_not_done() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (_, physician) = doctor(&deployed, &patient).await?;
    let mine = entry("11488-4", "En même temps");
    let body = closure(&deployed, &patient).await?;
    // Whichever comes first, an answer of 201 means that the document is there afterwards.
    let (deposited, closed) = tokio::join!(
        deposit(&deployed, &physician, &patient.space_id, &mine, pdf("course")),
        patient.post(&deployed, "/closure", &body),
    );
    let (deposited, closed) = (deposited?, closed?);
    assert!(matches!(closed.status.as_u16(), 202 | 409), "{closed:?}");
    if closed.status == 409 {
        deployed.close(&patient).await?;
    }
    assert!(matches!(deposited.status.as_u16(), 201 | 404 | 409), "{deposited:?}");
    let token = back(&deployed, &patient).await?;
    let address = patient.invited.person.text("email");
    let step = deployed.step_up(&token, "reopening", address).await?;
    deployed.api.post("/v1/spaces/me/reopening", Some(&token), &step).await?.ok()?;
    let patient = Patient { token: back(&deployed, &patient).await?, ..patient };
    let list = patient.get(&deployed, "/documents").await?.ok()?;
    let there = list["items"].as_array().context("items")?.len();
    assert_eq!(there, usize::from(deposited.status == 201));
    Ok(())
}
