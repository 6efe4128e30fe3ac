//! What guards a second factor: limits, step-ups, what a login outlives.

use std::sync::Arc;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use espace_crypto::TotpSecret;
use espace_domain::FixedClock;
use espace_storage::{Aws, SigningKeys, signing_period};
use jiff::{SignedDuration, Timestamp};
use journeys::{Deployed, InProcess, Invited, PASSWORD, login_of, now};
use local_cloud::mail::{Message, code_in};
use reqwest::Method;
use serde_json::{Value, json};

/// The code that an application shows some steps of 30 seconds from now.
fn code_of(secret: &TotpSecret, steps: i64) -> String {
    let now = espace_domain::Clock::now(now().as_ref());
    let step = now.as_second().div_euclid(30) + steps;
    (0..1_000_000_u32)
        .map(|number| format!("{number:06}"))
        .find(|code| secret.verify(code, now, -1) == Some(step))
        .unwrap_or_default()
}

/// Enrols an application with a step-up; gives its secret.
async fn enrol(deployed: &Deployed, token: &str, step_up: &Value) -> Result<TotpSecret> {
    let enrolment = deployed.api.post("/v1/factors/totp", Some(token), step_up).await?.ok()?;
    Ok(TotpSecret::from_stored(enrolment["secret"].as_str().context("a secret")?.to_owned()))
}

#[tokio::test]
async fn an_application_guards_acts_too_and_an_unfinished_one_replaces_nothing() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let address = invited.person.text("email");
    let token = deployed.activate_and_log_in(&invited).await?;
    let login = login_of(&invited.person);
    let credentials = json!({"login": login, "password": PASSWORD});
    // A login begun by message, before.
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    let late = deployed.api.wait_for_new_code(address, before).await?;
    let by_message = deployed.step_up(&token, "factors", address).await?;
    let secret = enrol(&deployed, &token, &by_message).await?;
    let confirm = json!({"otp": code_of(&secret, 0)});
    let path = "/v1/factors/totp/confirmation";
    assert_eq!(deployed.api.post(path, Some(&token), &confirm).await?.status, 204);

    // The code that had travelled opens nothing any more.
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let answer = deployed.api.post(&path, None, &json!({"otp": late})).await?;
    assert_eq!(answer.problem(), "otp-over");

    // A grave act asks for the application, and sends nothing.
    let sent = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let asked = json!({"purpose": "factors"});
    let route = "/v1/sessions/current/step-up";
    let begun = deployed.api.post(route, Some(&token), &asked).await?.ok()?;
    assert_eq!(begun["channels"], json!(["totp"]));
    let codes = deployed.api.mail().await?;
    let codes = codes.iter().filter(|m| m.to == address).skip(sent);
    assert_eq!(codes.filter(|m| m.body.contains("code : ")).count(), 0);
    let id = begun["challengeId"].as_str().unwrap();
    let proof = format!("{route}/{id}/proof");
    let other = deployed.citizen().await?;
    let next = json!({"otp": code_of(&secret, 1)});
    assert_eq!(deployed.api.post(&proof, Some(&other), &next).await?.problem(), "otp-over");
    let wrong = deployed.api.post(&proof, Some(&token), &json!({"otp": "000000"})).await?;
    assert_eq!(wrong.problem(), "otp-wrong");
    let proven = deployed.api.post(&proof, Some(&token), &next).await?.ok()?;
    assert_eq!(proven["challengeId"], begun["challengeId"]);
    // A second application, never confirmed: the first goes on counting.
    enrol(&deployed, &token, &proven).await?;
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    assert_eq!(begun["channels"], json!(["totp"]));
    // The proof served once.
    let again = deployed.api.post("/v1/factors/totp", Some(&token), &proven).await?;
    assert_eq!(again.problem(), "step-up-required");
    let seen = deployed.api.get("/v1/sessions/attempts?limit=1", Some(&token)).await?.ok()?;
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    let mut cursor = seen["next"].as_str().context("another page")?.to_owned();
    let mut kinds = Vec::new();
    for _ in 0..20 {
        let path = format!("/v1/sessions/attempts?limit=2&cursor={cursor}");
        let page = deployed.api.get(&path, Some(&token)).await?.ok()?;
        kinds.extend(page["items"].as_array().unwrap().iter().map(|i| i["kind"].clone()));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    for kind in ["wrongStepUp", "passwordAccepted", "loggedIn"] {
        assert!(kinds.contains(&json!(kind)), "{kinds:?}");
    }
    let path = format!("/v1/sessions/attempts?cursor={cursor}");
    let strangers = deployed.api.get(&path, Some(&other)).await?;
    assert_eq!(strangers.problem(), "invalid-parameter");
    Ok(())
}

/// Whether a message is a text to one of a person's numbers: the one they added, or
/// the one on file.
fn mine(message: &Message, number: &str, invited: &Invited) -> bool {
    let on_file = invited.person.0["phone"].as_str();
    message.channel == "sms" && (message.to == number || Some(message.to.as_str()) == on_file)
}

#[tokio::test]
async fn a_code_travels_by_sms_where_the_holder_asks() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let address = invited.person.text("email");
    let number = format!("+336{:08}", now().now().as_nanosecond() % 100_000_000);
    let sent = async || -> Result<usize> {
        Ok(deployed.api.mail().await?.iter().filter(|m| m.to == number).count())
    };
    let token = deployed.activate_and_log_in(&invited).await?;
    let login = login_of(&invited.person);
    let mut new = deployed.step_up(&token, "contacts", address).await?;
    new["phone"] = json!(number);
    let before = sent().await?;
    let path = "/v1/spaces/me/contacts";
    let added = deployed.api.post(path, Some(&token), &new).await?.ok()?;
    let otp = deployed.api.wait_for_new_code(&number, before).await?;
    let path = format!("/v1/contacts/{}/confirmation", added["contactId"].as_str().unwrap());
    deployed.api.post(&path, Some(&token), &json!({"otp": otp})).await?;
    let credentials = json!({"login": login, "password": PASSWORD});
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    let id = begun["challengeId"].as_str().unwrap();
    let before = deployed.api.mail().await?.len();
    let sms = json!({"channel": "sms"});
    deployed.api.post(&format!("/v1/sessions/{id}/channel"), None, &sms).await?.ok()?;
    let mut otp = None;
    for _ in 0..100 {
        let mail = deployed.api.mail().await?;
        let mut texts = mail.iter().skip(before).filter(|m| mine(m, &number, &invited));
        otp = texts.find_map(|m| code_in(&m.body));
        if otp.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let path = format!("/v1/sessions/{id}/otp");
    deployed.api.post(&path, None, &json!({"otp": otp.context("a text")?})).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn whoever_has_the_password_is_slowed_down_and_strangers_lock_nobody_out() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let limits = [
        ("ESPACE_LOGINS_PER_PERSON", "2"),
        ("ESPACE_SECOND_FACTORS_PER_WEEK", "3"),
        ("ESPACE_LOGINS_PER_ACCOUNT_AND_SOURCE", "1000"),
    ];
    let sessions = deployed.sessions(&limits, now()).await?;
    let begin = async |password: &str| {
        let body = json!({"login": login, "password": password});
        sessions.send("POST", "/v1/sessions", None, Some(&body)).await
    };
    for _ in 0..6 {
        assert_eq!(begin("Pas-celui-la-1").await?.problem(), "login-refused");
    }
    let first = begin(PASSWORD).await?.ok()?;
    let path = format!("/v1/sessions/{}/otp", first["challengeId"].as_str().unwrap());
    let guess = async || sessions.send("POST", &path, None, Some(&json!({"otp": "123456"}))).await;
    for _ in 0..3 {
        assert_eq!(guess().await?.problem(), "otp-wrong");
    }
    assert_eq!(guess().await?.problem(), "otp-over", "three a week were allowed");
    assert_eq!(begin(PASSWORD).await?.status, 200);
    let slowed = begin(PASSWORD).await?;
    assert_eq!(slowed.status, 429);
    assert!(slowed.headers.contains_key("retry-after"));
    Ok(())
}

/// Sends a reset's answer.
async fn answer_reset(
    sessions: &InProcess,
    id: &str,
    (otp, nir, password): (&str, &str, &str),
) -> Result<local_cloud::api::Answer> {
    let body = json!({"otp": otp, "nir": nir, "password": password});
    sessions.send("POST", &format!("/v1/sessions/password-reset/{id}"), None, Some(&body)).await
}

#[tokio::test]
async fn a_reset_answers_alike_for_nobody_and_five_tries_are_all() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (nir, address) = (invited.person.text("nir"), invited.person.text("email"));
    let login = deployed.activate(&invited).await?;
    let sessions = deployed.sessions(&[], now()).await?;
    let route = "/v1/sessions/password-reset";
    let mut seen = Vec::new();
    for who in ["warm-up-login", login.as_str(), "personne-du-tout"] {
        let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
        let asked = sessions.send("POST", route, None, Some(&json!({"login": who}))).await?.ok()?;
        let id = asked["resetId"].as_str().unwrap().to_owned();
        if who == login {
            deployed.api.wait_for_new_code(address, before).await?;
        }
        // Warm keys of the shard, then the try that is compared.
        answer_reset(&sessions, &id, ("000000", nir, PASSWORD)).await?;
        sessions.calls();
        let answer = answer_reset(&sessions, &id, ("000000", nir, PASSWORD)).await?;
        let calls = sessions.calls();
        let channel = format!("/v1/sessions/{id}/channel");
        let sms = json!({"channel": "sms"});
        let other = sessions.send("POST", &channel, None, Some(&sms)).await?;
        let mut body = answer.json();
        body["instance"] = Value::Null;
        seen.push((answer.status, body, calls, other.problem()));
    }
    assert_eq!(seen[1], seen[2]);
    assert_eq!(seen[1].3, "otp-over", "a reset's code goes where it goes");

    // Whoever reads the mailbox learns the number by no answer: after five tries even
    // the right code and number tell nothing.
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let asked = sessions.send("POST", route, None, Some(&json!({"login": login}))).await?.ok()?;
    let id = asked["resetId"].as_str().unwrap();
    let otp = deployed.api.wait_for_new_code(address, before).await?;
    for _ in 0..5 {
        let wrong = answer_reset(&sessions, id, (&otp, "2840588321025", "Azerty123!")).await?;
        assert_eq!(wrong.problem(), "reset-refused");
    }
    let right = answer_reset(&sessions, id, (&otp, nir, "Azerty123!")).await?;
    assert_eq!(right.problem(), "reset-refused");
    Ok(())
}

#[tokio::test]
async fn a_login_does_not_outlive_a_new_password() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (nir, address) = (invited.person.text("nir"), invited.person.text("email"));
    let login = deployed.activate(&invited).await?;
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let old = json!({"login": login, "password": PASSWORD});
    let begun = deployed.api.post("/v1/sessions", None, &old).await?.ok()?;
    let otp = deployed.api.wait_for_new_code(address, before).await?;
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let route = "/v1/sessions/password-reset";
    let asked = deployed.api.post(route, None, &json!({"login": login})).await?.ok()?;
    let code = deployed.api.wait_for_new_code(address, before).await?;
    let path = format!("{route}/{}", asked["resetId"].as_str().unwrap());
    let body = json!({"otp": code, "nir": nir, "password": "Grand-large-64"});
    assert_eq!(deployed.api.post(&path, None, &body).await?.status, 204);
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let stale = deployed.api.post(&path, None, &json!({"otp": otp})).await?;
    assert_eq!(stale.problem(), "otp-over");
    Ok(())
}

#[tokio::test]
async fn a_closed_holder_logs_in_to_reopen_or_take_away_and_nothing_else() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (invited, id) = (&patient.invited, &patient.space_id);
    let address = invited.person.text("email");
    deployed.close(&patient).await?;
    assert_eq!(deployed.api.get("/v1/me", Some(&patient.token)).await?.status, 401, "sessions end");

    let token = deployed.api.log_in(&login_of(&invited.person), PASSWORD, address).await?;
    let me = deployed.api.get("/v1/me", Some(&token)).await?.ok()?;
    assert_eq!(me["archived"], true);
    let left = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!((&left["state"], &left["spaceId"]), (&json!("closed"), &json!(id)));
    assert!(left["closedAt"].is_string() && left["erasureDueAt"].is_string());
    // Every other route of a holder refuses, as the API description lists them.
    let description = deployed.api.get("/v1/openapi.json", None).await?.json();
    let spared = [
        "/v1/me",
        "/v1/spaces/{spaceId}/reopening",
        "/v1/spaces/{spaceId}",
        "/v1/sessions/current",
        "/v1/sessions/attempts",
        "/v1/sessions/current/step-up",
        "/v1/sessions/current/step-up/{id}/proof",
    ];
    let mut refused = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let actors = operation["x-actors"].as_array().cloned().unwrap_or_default();
            // What is taken away is left to them.
            let is_spared = path.contains("/exports") || spared.contains(&path.as_str());
            if !actors.contains(&json!("citizen")) || is_spared {
                continue;
            }
            let path = path.replace("{spaceId}", "me").replace(['{', '}'], "");
            let method = Method::from_bytes(method.to_uppercase().as_bytes())?;
            let answer =
                deployed.api.send(method.clone(), &path, Some(&token), Some(&json!({}))).await?;
            assert_eq!(answer.problem(), "space-closed", "{method} {path}");
            refused += 1;
        }
    }
    assert!(refused >= 10, "{refused}");
    let step_up = "/v1/sessions/current/step-up";
    let contacts = json!({"purpose": "contacts"});
    assert_eq!(
        deployed.api.post(step_up, Some(&token), &contacts).await?.problem(),
        "space-closed"
    );
    deployed.step_up(&token, "reopening", address).await?;
    Ok(())
}

#[tokio::test]
async fn the_owner_of_the_cloud_gets_a_token_for_any_holder() -> Result<()> {
    let deployed = Deployed::load().await?;
    let login = deployed.activate(&deployed.invite(0).await?).await?;
    // The key of this period exists once someone has logged in.
    deployed.citizen().await?;
    let token =
        local_cloud::owner::citizen_token(&deployed.config, &deployed.stack, &login).await?;
    assert_eq!(deployed.api.get("/v1/me", Some(&token)).await?.ok()?["kind"], "citizen");
    Ok(())
}

#[tokio::test]
async fn the_grace_of_a_refresh_token_ends_after_twenty_seconds() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let login = deployed.activate(&invited).await?;
    let address = invited.person.text("email");
    let start = espace_domain::Clock::now(now().as_ref());
    let at = |s: i64| -> Arc<dyn espace_domain::Clock> {
        Arc::new(FixedClock(start.checked_add(SignedDuration::from_secs(s)).unwrap_or(start)))
    };
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let credentials = json!({"login": login, "password": PASSWORD});
    let begun = deployed.api.post("/v1/sessions", None, &credentials).await?.ok()?;
    let otp = deployed.api.wait_for_new_code(address, before).await?;
    let path = format!("/v1/sessions/{}/otp", begun["challengeId"].as_str().unwrap());
    let body = json!({"otp": otp, "client": "mobile"});
    let opened = deployed.api.post(&path, None, &body).await?.ok()?;
    let refresh = async |clock, token: &Value| {
        let sessions = deployed.sessions(&[], clock).await?;
        let body = json!({"refreshToken": token});
        sessions.send("POST", "/v1/sessions/refresh", None, Some(&body)).await
    };
    let first = opened["refreshToken"].clone();
    let renewed = refresh(at(100), &first).await?.ok()?;
    let lost = refresh(at(120), &first).await?.ok()?;
    assert_eq!(renewed["refreshToken"], lost["refreshToken"], "twice asked, the same");
    assert_eq!(refresh(at(121), &first).await?.status, 401);
    assert_eq!(refresh(at(122), &renewed["refreshToken"]).await?.status, 401, "stolen: over");
    Ok(())
}

#[tokio::test]
async fn keys_of_years_ago_do_not_crowd_out_todays() -> Result<()> {
    let deployed = Deployed::load().await?;
    // A table of the test's own: on the system's, keys of other periods would be seen.
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    let name = format!("signing-keys-{}", now().now().as_nanosecond());
    let column = |name: &str, kind, role| -> Result<_> {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(role);
        Ok((attribute.build()?, key.build()?))
    };
    let (set, set_key) = column("set", ScalarAttributeType::S, KeyType::Hash)?;
    let (period, period_key) = column("period", ScalarAttributeType::N, KeyType::Range)?;
    dynamodb
        .create_table()
        .table_name(&name)
        .set_attribute_definitions(Some(vec![set, period]))
        .set_key_schema(Some(vec![set_key, period_key]))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await?;
    let aws = Aws::from_config(deployed.config.clone());
    let changes = [("ESPACE_SIGNING_KEYS_TABLE", name.as_str())];
    let mut environment = deployed.environment("SessionsFunction", &changes).await?;
    let keys = SigningKeys::new(&aws, &mut environment);
    let years_on: Timestamp = "2036-01-01T00:00:00Z".parse()?;
    let last = signing_period(years_on);
    for period in last - 40..=last {
        let kid = format!("key-{period}");
        assert!(keys.publish(period, kid, "{}".to_owned(), b"private", years_on).await?);
    }
    let seen: Vec<_> = keys.published(years_on).await?.into_iter().map(|key| key.period).collect();
    assert_eq!(seen, [last, last - 1]);
    dynamodb.delete_table().table_name(&name).send().await?;
    Ok(())
}

#[tokio::test]
async fn a_professional_is_mapped_to_a_column_of_the_matrix_or_to_none() -> Result<()> {
    let deployed = Deployed::load().await?;
    let cases = [
        ("10", Some("SM54"), json!("medecin")),
        ("10", Some("SM25"), Value::Null),
        ("21", Some("G15_21/G"), json!("pharmacien_biologiste")),
        ("60", None, json!("infirmier")),
        ("41", None, Value::Null),
        ("999", None, Value::Null),
    ];
    for (profession, specialty, group) in cases {
        let token = deployed.api.professional("10100000011", profession, specialty).await?;
        let me = deployed.api.get("/v1/me", Some(&token)).await?.ok()?;
        assert_eq!((&me["group"], &me["profession"]), (&group, &json!(profession)));
        assert_eq!(me["rpps"], "10100000011");
        assert_eq!(me["specialty"], json!(specialty));
        assert!(me["structure"].is_string(), "{me}");
    }
    Ok(())
}
