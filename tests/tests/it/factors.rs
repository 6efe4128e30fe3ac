//! Second factors better than a code by message, and forgotten passwords.

use anyhow::Result;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::TotpSecret;
use journeys::{Deployed, PASSWORD, login_of, now};
use passkey_authenticator::{Authenticator, MemoryStore, UiHint, UserCheck, UserValidationMethod};
use passkey_client::{Client, DefaultClientData};
use passkey_crypto::AvailableBackend;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use passkey_types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

/// Someone who touches their key and shows their finger each time.
struct Willing;

#[async_trait::async_trait]
impl UserValidationMethod for Willing {
    type PasskeyItem = passkey_types::Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Self::PasskeyItem>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// Begins a login.
async fn begin(deployed: &Deployed, login: &str, password: &str) -> Result<Value> {
    let credentials = json!({"login": login, "password": password});
    deployed.api.post("/v1/sessions", None, &credentials).await?.ok()
}

#[tokio::test]
async fn a_passkey_of_an_independent_authenticator_is_enrolled_and_logs_in() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let address = invited.person.text("email");
    let token = deployed.activate_and_log_in(&invited).await?;
    let login = login_of(&invited.person);
    let origin = Url::parse(&deployed.stack.parameters["PasskeyOrigin"])?;
    let authenticator =
        Authenticator::new(Aaguid::new_empty(), MemoryStore::new(), Willing, AvailableBackend);
    let mut client = Client::new(authenticator).allows_insecure_localhost(true);

    let body = deployed.step_up(&token, "factors", address).await?;
    let path = "/v1/factors/passkeys/options";
    let options = deployed.api.post(path, Some(&token), &body).await?.ok()?;
    let request: CredentialCreationOptions =
        serde_json::from_value(json!({"publicKey": options["publicKey"]}))?;
    let made = client
        .register(&origin, request, DefaultClientData)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let new = json!({
        "registrationId": options["registrationId"], "name": "Mon téléphone",
        "clientData": text(&made.response.client_data_json),
        "attestationObject": text(&made.response.attestation_object),
    });
    let route = "/v1/factors/passkeys";
    let enrolled = deployed.api.post(route, Some(&token), &new).await?;
    assert_eq!(enrolled.status, 201, "{}", enrolled.json());
    // The same answer does not serve twice.
    let again = deployed.api.post(route, Some(&token), &new).await?;
    assert_eq!(again.problem(), "passkey-refused");

    // From now on a login asks for the passkey and sends nothing.
    let before = deployed.api.mail().await?.len();
    let begun = begin(&deployed, &login, PASSWORD).await?;
    assert_eq!(begun["channels"], json!(["passkey"]));
    let request: CredentialRequestOptions =
        serde_json::from_value(json!({"publicKey": begun["publicKey"]}))?;
    let signed = client
        .authenticate(&origin, request, DefaultClientData)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let assertion = json!({
        "credentialId": text(&signed.raw_id),
        "clientData": text(&signed.response.client_data_json),
        "authenticatorData": text(&signed.response.authenticator_data),
        "signature": text(&signed.response.signature),
    });
    let path = format!("/v1/sessions/{}/passkey", begun["challengeId"].as_str().unwrap());
    let mut forged = assertion.clone();
    forged["signature"] = json!(text(&[48, 6, 2, 1, 1, 2, 1, 1]));
    assert_eq!(deployed.api.post(&path, None, &forged).await?.problem(), "passkey-refused");
    let opened = deployed.api.post(&path, None, &assertion).await?.ok()?;
    let session = opened["accessToken"].as_str();
    assert_eq!(deployed.api.get("/v1/me", session).await?.status, 200);
    let twice = deployed.api.post(&path, None, &assertion).await?;
    assert_eq!(twice.problem(), "passkey-refused", "a signature serves once");
    // Nor does an old signature answer a new challenge, nor a code by message.
    let begun = begin(&deployed, &login, PASSWORD).await?;
    let id = begun["challengeId"].as_str().unwrap();
    let replayed =
        deployed.api.post(&format!("/v1/sessions/{id}/passkey"), None, &assertion).await?;
    assert_eq!(replayed.problem(), "passkey-refused");
    let email = json!({"channel": "email"});
    let fallen = deployed.api.post(&format!("/v1/sessions/{id}/channel"), None, &email).await?;
    assert_eq!(fallen.problem(), "otp-over");
    let sent = deployed.api.mail().await?;
    let codes = sent.iter().skip(before).filter(|m| m.to == address && m.body.contains("code : "));
    assert_eq!(codes.count(), 0);

    // A grave act asks for it too; removed, codes by message serve again.
    let asked = json!({"purpose": "factors"});
    let step_up = "/v1/sessions/current/step-up";
    let begun = deployed.api.post(step_up, session, &asked).await?.ok()?;
    let request: CredentialRequestOptions =
        serde_json::from_value(json!({"publicKey": begun["publicKey"]}))?;
    let signed = client
        .authenticate(&origin, request, DefaultClientData)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let proof = json!({"passkey": {
        "credentialId": text(&signed.raw_id),
        "clientData": text(&signed.response.client_data_json),
        "authenticatorData": text(&signed.response.authenticator_data),
        "signature": text(&signed.response.signature),
    }});
    let path = format!("{step_up}/{}/proof", begun["challengeId"].as_str().unwrap());
    let body = deployed.api.post(&path, session, &proof).await?.ok()?;
    let id = enrolled.json()["passkeyId"].as_str().unwrap().to_owned();
    let path = format!("{route}/{id}");
    let removed = deployed.api.send(Method::DELETE, &path, session, Some(&body)).await?;
    assert_eq!(removed.status, 204);
    deployed.api.log_in(&login, PASSWORD, address).await?;
    Ok(())
}

#[tokio::test]
async fn an_application_gives_codes_that_serve_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let address = invited.person.text("email");
    let token = deployed.activate_and_log_in(&invited).await?;
    let login = login_of(&invited.person);
    let body = deployed.step_up(&token, "factors", address).await?;
    let enrolment = deployed.api.post("/v1/factors/totp", Some(&token), &body).await?.ok()?;
    let secret = TotpSecret::from_stored(enrolment["secret"].as_str().unwrap().to_owned());
    // Until its first code has come back, codes by message go on.
    assert_eq!(begin(&deployed, &login, PASSWORD).await?["channels"][0], "email");
    let code = code_of(&secret, 0);
    let confirm = "/v1/factors/totp/confirmation";
    let wrong = deployed.api.post(confirm, Some(&token), &json!({"otp": "000000"})).await?;
    assert_eq!(wrong.problem(), "otp-wrong");
    let confirmed = deployed.api.post(confirm, Some(&token), &json!({"otp": code})).await?;
    assert_eq!(confirmed.status, 204);
    let told = |m: &local_cloud::mail::Message| m.subject.starts_with("L’accès à votre espace");
    deployed.api.wait_for_mail(address, told).await?;

    let begun = begin(&deployed, &login, PASSWORD).await?;
    assert_eq!(begun["channels"], json!(["totp"]));
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let spent = deployed.api.post(&path, None, &json!({"otp": code})).await?;
    assert_eq!(spent.problem(), "otp-wrong", "the code that confirmed has served");
    // The next code of the application, some seconds early by its clock.
    let next = code_of(&secret, 1);
    let opened = deployed.api.post(&path, None, &json!({"otp": next})).await?.ok()?;
    assert!(opened["accessToken"].is_string());
    Ok(())
}

/// The code that an application shows some steps of 30 seconds from now.
fn code_of(secret: &TotpSecret, steps: i64) -> String {
    let now = espace_domain::Clock::now(now().as_ref());
    let step = now.as_second().div_euclid(30) + steps;
    (0..1_000_000_u32)
        .map(|number| format!("{number:06}"))
        .find(|code| secret.verify(code, now, -1) == Some(step))
        .unwrap_or_default()
}

#[tokio::test]
async fn a_reset_takes_the_code_and_the_number_and_ends_every_session() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (nir, address) = (invited.person.text("nir"), invited.person.text("email"));
    let token = deployed.activate_and_log_in(&invited).await?;
    let login = login_of(&invited.person);
    let route = "/v1/sessions/password-reset";
    let nobody = deployed.api.post(route, None, &json!({"login": "personne-du-tout"})).await?;
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let begun = deployed.api.post(route, None, &json!({"login": login})).await?;
    assert_eq!((nobody.status.as_u16(), begun.status.as_u16()), (202, 202));
    let otp = deployed.api.wait_for_new_code(address, before).await?;
    let path = format!("{route}/{}", begun.json()["resetId"].as_str().unwrap());
    let answer = |nir: &str, otp: &str, password: &str| json!({"otp": otp, "nir": nir, "password": password});
    // The code alone does not do, nor the number alone.
    let wrong_nir = answer("2840588321025", &otp, "Grand-large-64");
    assert_eq!(deployed.api.post(&path, None, &wrong_nir).await?.problem(), "reset-refused");
    let wrong = if otp == "000000" { "000001" } else { "000000" };
    let wrong_otp = answer(nir, wrong, "Grand-large-64");
    assert_eq!(deployed.api.post(&path, None, &wrong_otp).await?.problem(), "reset-refused");
    // A weak password does not use the code up.
    let weak = deployed.api.post(&path, None, &answer(nir, &otp, "Azerty123!")).await?;
    assert_eq!(weak.json()["errors"][0]["code"], "common");
    let done = deployed.api.post(&path, None, &answer(nir, &otp, "Grand-large-64")).await?;
    assert_eq!(done.status, 204);
    assert_eq!(deployed.api.get("/v1/me", Some(&token)).await?.status, 401);
    let old = json!({"login": login, "password": PASSWORD});
    assert_eq!(deployed.api.post("/v1/sessions", None, &old).await?.problem(), "login-refused");
    let session = deployed.api.log_in(&login, "Grand-large-64", address).await?;
    let tried = deployed.api.get("/v1/sessions/attempts", Some(&session)).await?.ok()?;
    let kinds: Vec<_> =
        tried["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    let expected =
        ["loggedIn", "passwordAccepted", "wrongPassword", "passwordReset", "passwordResetRefused"];
    assert_eq!(kinds.get(..5).unwrap_or_default(), expected);
    let told = |m: &local_cloud::mail::Message| m.subject.starts_with("L’accès à votre espace");
    deployed.api.wait_for_mail(address, told).await?;
    Ok(())
}

#[tokio::test]
async fn asking_for_a_reset_is_the_same_for_everyone() -> Result<()> {
    let deployed = Deployed::load().await?;
    let login = deployed.activate(&deployed.invite(0).await?).await?;
    let sessions = deployed.sessions(&[], now()).await?;
    let mut seen = Vec::new();
    for login in ["warm-up-login", login.as_str(), "personne-du-tout"] {
        sessions.calls();
        let body = json!({"login": login});
        let route = "/v1/sessions/password-reset";
        let answer = sessions.send("POST", route, None, Some(&body)).await?;
        seen.push((answer.status, answer.body.len(), sessions.calls()));
    }
    assert_eq!(seen[1], seen[2]);
    Ok(())
}
