//! From a code to a space, taken in hand or refused.

use anyhow::{Context, Result};
use journeys::{Deployed, Invited, PASSWORD, in_days, login_of, now};
use local_cloud::api::{Answer, Person};
use local_cloud::mail::code_in;
use serde_json::{Value, json};

/// The answer to a proof of identity.
async fn proof(deployed: &Deployed, invited: &Invited, code: &str) -> Result<Answer> {
    deployed.api.post("/v1/activation/identity", None, &invited.person.proof(code)).await
}

/// A code that is not `code`.
fn other_than(code: &str) -> String {
    let wrong = if code.ends_with('0') { "1" } else { "0" };
    format!("{}{wrong}", &code[..code.len() - 1])
}

#[tokio::test]
async fn a_person_activates_logs_in_and_sees_their_space() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let answer = proof(&deployed, &invited, &invited.code).await?.ok()?;
    assert_eq!(answer["choices"], json!(["activate", "oppose"]));
    assert_eq!(answer["person"]["firstName"], invited.person.0["firstNames"][0]);

    let login = deployed.activate(&invited).await?;
    let token = deployed.api.log_in(&login, PASSWORD, invited.person.text("email")).await?;
    let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(space["state"], "active");
    assert_eq!(space["holder"]["birthDate"], invited.person.0["birthDate"]);
    let me = deployed.api.get("/v1/me", Some(&token)).await?.ok()?;
    assert_eq!((&me["kind"], &me["spaceId"]), (&json!("citizen"), &space["spaceId"]));

    // The same request again, its answer lost: the same space, no second one.
    let token = deployed.prove(&deployed.invite(0).await?).await?;
    let account = json!({"login": format!("{login}-bis"), "password": PASSWORD});
    let first = deployed.api.post("/v1/activation", Some(&token), &account).await?.ok()?;
    let again = deployed.api.post("/v1/activation", Some(&token), &account).await?.ok()?;
    assert_eq!(first["spaceId"], again["spaceId"]);
    let other = json!({"login": format!("{login}-ter"), "password": PASSWORD});
    let other = deployed.api.post("/v1/activation", Some(&token), &other).await?;
    assert_eq!(other.problem(), "space-already-active");

    // The code has served.
    let again = proof(&deployed, &invited, &invited.code).await?;
    assert_eq!((again.status.as_u16(), again.problem().as_str()), (403, "code-used"));
    Ok(())
}

#[tokio::test]
async fn a_person_refuses_and_gets_a_reference_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.prove(&invited).await?;
    let unconfirmed =
        deployed.api.post("/v1/opposition", Some(&token), &json!({"confirmed": false})).await?;
    assert_eq!(unconfirmed.status, 422);
    let confirm = json!({"confirmed": true});
    let first = deployed.api.post("/v1/opposition", Some(&token), &confirm).await?;
    assert_eq!(first.status, 201);
    let again = deployed.api.post("/v1/opposition", Some(&token), &confirm).await?;
    assert_eq!(again.json(), first.json());
    let reference = first.json()["reference"].as_str().unwrap().to_owned();
    let told = |m: &local_cloud::mail::Message| m.body.contains(&reference);
    deployed.api.wait_for_mail(invited.person.text("email"), told).await?;

    // Reduced to a receipt: the code, the card, the name are gone.
    let later = proof(&deployed, &invited, &invited.code).await?;
    assert_eq!(later.problem(), "identity-not-recognised");
    Ok(())
}

#[tokio::test]
async fn someone_who_refused_gets_a_code_when_fed_again_and_may_activate() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.prove(&invited).await?;
    deployed.api.post("/v1/opposition", Some(&token), &json!({"confirmed": true})).await?.ok()?;
    let (_, status) = deployed.feed(std::slice::from_ref(&invited.person.0), 0).await?;
    assert_eq!((status["invited"].as_u64(), status["updated"].as_u64()), (Some(0), Some(1)));
    let address = invited.person.text("email");
    let new = |m: &local_cloud::mail::Message| {
        code_in(&m.body).is_some_and(|code| code.len() == 14 && code != invited.code)
    };
    let message = deployed.api.wait_for_mail(address, new).await?;
    let code = code_in(&message.body).context("a code")?;
    let answer = proof(&deployed, &invited, &code).await?.ok()?;
    assert_eq!(answer["choices"], json!(["activate"]));
    let again = Invited { code, ..invited };
    let login = deployed.activate(&again).await?;
    deployed.api.log_in(&login, PASSWORD, again.person.text("email")).await?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_learnt_until_all_three_match() -> Result<()> {
    let deployed = Deployed::load().await?;
    let people = deployed.invite_many(2, 0).await?;
    let (known, other) = (&people[0], &people[1]);
    let unknown = Person(Deployed::people().next().context("someone")?);
    let mut wrong_card = known.person.proof(&known.code);
    wrong_card["card"] = other.person.0["card"].clone();
    let mut wrong_nir = known.person.proof(&known.code);
    wrong_nir["nir"] = unknown.0["nir"].clone();
    let attempts = [
        known.person.proof(&other_than(&known.code)),
        wrong_card,
        wrong_nir,
        unknown.proof(&known.code),
    ];
    // In-process, so that the calls can be counted.
    let activation = deployed.activation(&[], now()).await?;
    let warm = activation.send("POST", "/v1/activation/identity", None, Some(&attempts[0])).await?;
    activation.calls();
    let mut first = warm.json();
    first["instance"] = Value::Null;
    let mut calls = None;
    for attempt in &attempts {
        let answer =
            activation.send("POST", "/v1/activation/identity", None, Some(attempt)).await?;
        let mut body = answer.json();
        body["instance"] = Value::Null;
        assert_eq!((answer.status.as_u16(), &body), (403, &first));
        let made = activation.calls();
        assert_eq!(*calls.get_or_insert(made.clone()), made, "{attempt}");
    }
    Ok(())
}

#[tokio::test]
async fn twenty_wrong_tries_at_once_burn_a_code_at_the_fifth_and_a_new_one_comes() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let wrong = other_than(&invited.code);
    // Four wrong tries leave another person's code alive.
    let other = deployed.invite(0).await?;
    for _ in 0..4 {
        assert_eq!(proof(&deployed, &other, &other_than(&other.code)).await?.status, 403);
    }
    proof(&deployed, &other, &other.code).await?.ok()?;
    // Where nobody works on the requests, the count can be read before the code is
    // replaced.
    let nowhere = deployed.stack.output("CodesQueueDead")?.to_owned();
    let unworked = [("ESPACE_CODES_QUEUE", nowhere.as_str())];
    let activation = deployed.activation(&unworked, in_days(0)).await?;
    let body = invited.person.proof(&wrong);
    let tries = (0..20).map(|_| {
        let (activation, body) = (&activation, &body);
        async move { activation.send("POST", "/v1/activation/identity", None, Some(body)).await }
    });
    let mut set = Vec::new();
    for attempt in tries {
        set.push(attempt);
    }
    let answers = join_all(set).await;
    assert!(answers.iter().all(|a| a.as_ref().is_ok_and(|a| a.status == 403)));
    let tries = deployed.code_tries(invited.person.text("nir")).await?;
    assert_eq!(tries, 5, "exactly five of the twenty are counted");
    let burnt = proof(&deployed, &invited, &invited.code).await?;
    assert_eq!(burnt.problem(), "identity-not-recognised");
    // That try was handed to the job: a new code comes.
    let address = invited.person.text("email");
    let new = |m: &local_cloud::mail::Message| {
        code_in(&m.body).is_some_and(|code| code.len() == 14 && code != invited.code)
    };
    let message = deployed.api.wait_for_mail(address, new).await?;
    let code = code_in(&message.body).context("a code")?;
    proof(&deployed, &invited, &code).await?.ok()?;
    Ok(())
}

/// Runs futures together on this task.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut pinned {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    pinned.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test]
async fn a_code_lives_six_weeks_and_an_enrolment_half_an_hour() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let body = invited.person.proof(&invited.code);
    let send = |activation: journeys::InProcess, body: Value| async move {
        activation.send("POST", "/v1/activation/identity", None, Some(&body)).await
    };
    let early = send(deployed.activation(&[], in_days(41)).await?, body.clone()).await?;
    assert_eq!(early.status, 200);
    let late = send(deployed.activation(&[], in_days(43)).await?, body).await?;
    assert_eq!((late.status.as_u16(), late.problem().as_str()), (403, "code-expired"));

    let token = deployed.prove(&invited).await?;
    let account = json!({"login": login_of(&invited.person), "password": PASSWORD});
    let tomorrow = deployed.activation(&[], in_days(1)).await?;
    let over = tomorrow.send("POST", "/v1/activation", Some(&token), Some(&account)).await?;
    assert_eq!((over.status.as_u16(), over.problem().as_str()), (401, "enrolment-over"));
    Ok(())
}

#[tokio::test]
async fn someone_known_by_letter_confirms_an_address_before_the_first_login() -> Result<()> {
    let deployed = Deployed::load().await?;
    let line = Deployed::people()
        .find(|p| p["email"].is_null() && p["phone"].is_null() && !p["card"].is_null())
        .context("someone with a letter box only")?;
    deployed.feed(std::slice::from_ref(&line), 0).await?;
    let person = Person(line);
    let nom = person.0["postalAddress"]["line1"].as_str().unwrap().to_owned();
    let first = person.0["firstNames"][0].as_str().unwrap().to_owned();
    let mail = deployed.api.mail().await?;
    let letter = mail
        .iter()
        .rev()
        .find(|m| m.channel == "letter" && m.to.contains(&nom) && m.to.contains(&first))
        .context("the letter")?;
    let code = code_in(&letter.body).context("a code")?;
    let proven =
        deployed.api.post("/v1/activation/identity", None, &person.proof(&code)).await?.ok()?;
    let token = proven["enrolmentToken"].as_str();

    let address = format!("{}@courriel.example", person.text("nir"));
    let login = format!("qui-{}-lettre", &person.text("nir")[8..]);
    let without = json!({"login": login, "password": PASSWORD});
    let refused = deployed.api.post("/v1/activation", token, &without).await?;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/email");
    let with = json!({"login": login, "password": PASSWORD, "email": address});
    let activated = deployed.api.post("/v1/activation", token, &with).await?.ok()?;
    assert_eq!(activated["contacts"][0]["state"], "unconfirmed");

    let early = json!({"login": login, "password": PASSWORD});
    let early = deployed.api.post("/v1/sessions", None, &early).await?;
    assert_eq!(early.problem(), "contact-unconfirmed");
    let otp = deployed.api.wait_for_code(&address, 6).await?;
    let contact = activated["contacts"][0]["contactId"].as_str().unwrap();
    let path = format!("/v1/contacts/{contact}/confirmation");
    let wrong = if otp == "000000" { "000001" } else { "000000" };
    let refused = deployed.api.post(&path, token, &json!({"otp": wrong})).await?;
    assert_eq!(refused.problem(), "otp-wrong");
    let confirmed = deployed.api.post(&path, token, &json!({"otp": otp})).await?;
    assert_eq!(confirmed.status, 204);
    deployed.api.log_in(&login, PASSWORD, &address).await?;
    Ok(())
}

#[tokio::test]
async fn a_child_is_refused_for_with_the_parents_card() -> Result<()> {
    let deployed = Deployed::load().await?;
    let mut people = Deployed::people().filter(|p| !p["email"].is_null());
    let parent = people.find(|p| !p["card"].is_null()).context("a parent")?;
    let mut child = people.find(|p| p["representatives"] != json!([])).context("a child")?;
    child["representatives"] = json!([parent["nir"]]);
    child["email"] = json!(format!("enfant-{}@courriel.example", child["nir"].as_str().unwrap()));
    deployed.feed(&[parent.clone(), child.clone()], 0).await?;
    let address = child["email"].as_str().unwrap();
    let message =
        deployed.api.wait_for_mail(address, |m| m.body.contains("représentant légal")).await?;
    let code = code_in(&message.body).context("a code")?;

    let stranger = deployed.invite(0).await?;
    let by = |who: &Value| {
        json!({"code": code, "nir": child["nir"], "card": null,
            "representative": {"nir": who["nir"], "card": who["card"]}})
    };
    let refused =
        deployed.api.post("/v1/activation/identity", None, &by(&stranger.person.0)).await?;
    assert_eq!(refused.problem(), "identity-not-recognised");
    let proven = deployed.api.post("/v1/activation/identity", None, &by(&parent)).await?.ok()?;
    let token = proven["enrolmentToken"].as_str();
    // A child's space is not the parent's own.
    let account = json!({"login": "quelqu-un-1", "password": PASSWORD});
    let own = deployed.api.post("/v1/activation", token, &account).await?;
    assert_eq!(own.problem(), "representative-only");
    let refusal = deployed.api.post("/v1/opposition", token, &json!({"confirmed": true})).await?;
    assert_eq!(refusal.status, 201);
    Ok(())
}

#[tokio::test]
async fn logins_and_passwords_are_refused_by_their_rules() -> Result<()> {
    let deployed = Deployed::load().await?;
    let people = deployed.invite_many(2, 0).await?;
    let token = deployed.prove(&people[0]).await?;
    let address = people[0].person.text("email");
    let weak = json!({"login": address, "password": "azerty"});
    let refused = deployed.api.post("/v1/activation", Some(&token), &weak).await?.json();
    assert_eq!(refused["errors"][0]["code"], "known-identifier");
    let login = deployed.activate(&people[1]).await?;
    let same_login = json!({"login": login.to_uppercase(), "password": PASSWORD});
    let refused = deployed.api.post("/v1/activation", Some(&token), &same_login).await?;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "login-taken"));
    // Nothing was half-written: another login still goes.
    let free = json!({"login": login_of(&people[0].person), "password": PASSWORD});
    deployed.api.post("/v1/activation", Some(&token), &free).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn tries_from_one_source_are_limited() -> Result<()> {
    let deployed = Deployed::load().await?;
    let activation =
        deployed.activation(&[("ESPACE_IDENTITY_TRIES_PER_SOURCE", "0")], now()).await?;
    let someone = Person(Deployed::people().find(|p| !p["card"].is_null()).context("someone")?);
    let body = someone.proof("0000-0000-0000");
    let answer = activation.send("POST", "/v1/activation/identity", None, Some(&body)).await?;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (429, "too-many-requests"));
    assert!(answer.headers["retry-after"].to_str()?.parse::<u32>()? > 0);
    Ok(())
}
