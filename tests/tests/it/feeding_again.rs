//! The insurer feeds people again: what is known is brought up to date, nothing is
//! reopened.

use anyhow::{Context, Result};
use espace_storage::transitions::Settled;
use jiff::civil::date;
use journeys::{Deployed, Invited, PASSWORD, login_of};
use local_cloud::jobs::fire;
use serde_json::{Value, json};

/// A line with one field changed.
fn with(invited: &Invited, field: &str, value: Value) -> Value {
    let mut line = invited.person.0.clone();
    line[field] = value;
    line
}

#[tokio::test]
async fn traits_and_addresses_reach_the_space() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.activate_and_log_in(&invited).await?;
    let mut line = with(&invited, "usedName", json!("Kerguelen"));
    line["email"] = json!(format!("neuf-{}", invited.person.text("email")));
    let (_, status) = deployed.feed(&[line.clone()], 0).await?;
    assert_eq!((&status["updated"], &status["invited"]), (&json!(1), &json!(0)));
    let seen = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(seen["holder"]["lastName"], "Kerguelen");
    // What the insurer knows is no way to log in before it is confirmed.
    let contacts = deployed.api.get("/v1/spaces/me/contacts", Some(&token)).await?.ok()?;
    assert!(!contacts.to_string().contains("n…@"), "{contacts}");
    Ok(())
}

/// Waits until every code that was asked for has been looked at.
async fn answered(deployed: &Deployed) -> Result<()> {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let sqs = aws_sdk_sqs::Client::new(&deployed.config);
    let mut environment = deployed.environment("ActivationFunction", &[]).await?;
    let queue = environment.required("ESPACE_CODES_QUEUE");
    let waiting = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
    for _ in 0..300 {
        let asked = sqs.get_queue_attributes().queue_url(&queue);
        let seen = asked.set_attribute_names(Some(waiting.to_vec())).send().await?;
        let counts = seen.attributes.unwrap_or_default();
        if waiting.iter().all(|name| counts.get(name).is_some_and(|count| count == "0")) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    anyhow::bail!("codes that were asked for wait")
}

#[tokio::test]
async fn a_death_ends_access_and_mail_and_can_be_taken_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.activate_and_log_in(&invited).await?;
    let dead = with(&invited, "deceasedOn", json!("2026-01-02"));
    deployed.feed(&[dead], 0).await?;
    assert_eq!(deployed.api.get("/v1/spaces/me", Some(&token)).await?.status, 401);
    let credentials = json!({"login": login_of(&invited.person), "password": PASSWORD});
    let refused = deployed.api.post("/v1/sessions", None, &credentials).await?;
    assert!(refused.status.is_client_error());
    // A code asked for now is sent to nobody.
    let ask = json!({"nir": invited.person.text("nir"), "card": invited.person.0["card"],
        "birthDate": invited.person.text("birthDate"), "channel": "email"});
    let address = invited.person.text("email");
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    answered(&deployed).await?;
    // The insurer was mistaken.
    deployed.feed(std::slice::from_ref(&invited.person.0), 0).await?;
    deployed.api.log_in(&login_of(&invited.person), PASSWORD, address).await?;
    let mail = deployed.api.mail().await?;
    let since: Vec<_> = mail.iter().filter(|m| m.to == address).skip(before).collect();
    assert!(since.iter().all(|m| m.subject == "Votre code de connexion"), "{since:?}");
    Ok(())
}

#[tokio::test]
async fn one_who_died_before_choosing_is_not_opened_until_that_is_taken_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(41).await?;
    deployed.feed(&[with(&invited, "deceasedOn", json!("2026-01-02"))], 0).await?;
    let proof = invited.person.proof(&invited.code);
    let refused = deployed.api.post("/v1/activation/identity", None, &proof).await?;
    assert_eq!(refused.problem(), "holder-deceased");
    let later = espace_domain::Clock::now(journeys::in_days(2).as_ref());
    fire(&deployed.config, &deployed.stack, "auto-creation", later, |_| {}).await?;
    let entry = deployed.person(invited.person.text("nir")).await?;
    assert!(matches!(entry.registration, espace_domain::Registration::Invited { .. }));
    deployed.feed(std::slice::from_ref(&invited.person.0), 0).await?;
    fire(&deployed.config, &deployed.stack, "auto-creation", later, |_| {}).await?;
    let entry = deployed.person(invited.person.text("nir")).await?;
    assert!(matches!(entry.registration, espace_domain::Registration::Held { .. }));
    Ok(())
}

#[tokio::test]
async fn a_second_representative_comes_and_one_whose_authority_is_withdrawn_goes() -> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[date(2017, 7, 7)], 0).await?;
    let (first, second) = (&family.parents[0], &family.parents[1]);
    let child = &family.children[0];
    // At first only the first parent is known.
    deployed.feed(&[with(child, "representatives", json!([first.person.0["nir"]]))], 0).await?;
    let refused = deployed.prove_for(&child.person, &child.code, &second.person).await?;
    assert_eq!(refused.problem(), "identity-not-recognised");
    let session = deployed.activate_and_log_in(first).await?;
    let proven = deployed.prove_for(&child.person, &child.code, &first.person).await?.ok()?;
    let body = json!({"enrolmentToken": proven["enrolmentToken"]});
    let attached =
        deployed.api.post("/v1/spaces/me/dependants", Some(&session), &body).await?.ok()?;
    let space = format!("/v1/spaces/{}", attached["spaceId"].as_str().context("a space")?);
    assert_eq!(deployed.api.get(&space, Some(&session)).await?.status, 200);
    // Then only the second.
    deployed.feed(&[with(child, "representatives", json!([second.person.0["nir"]]))], 0).await?;
    assert_eq!(deployed.api.get(&space, Some(&session)).await?.status, 404);
    let own = deployed.api.get("/v1/spaces/me", Some(&session)).await?.ok()?;
    assert_eq!(own["dependants"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_death_taken_back_does_not_lift_a_freeze() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    deployed.activate_and_log_in(&invited).await?;
    let support = deployed.api.support("A-8").await?;
    let call = json!({"nir": invited.person.text("nir"), "cardSerial": null,
        "birthDate": invited.person.text("birthDate")});
    deployed.api.post("/v1/support/alerts", Some(&support), &call).await?.ok()?;
    deployed.feed(&[with(&invited, "deceasedOn", json!("2026-01-02"))], 0).await?;
    let credentials = json!({"login": login_of(&invited.person), "password": PASSWORD});
    let login = async || -> Result<String> {
        Ok(deployed.api.post("/v1/sessions", None, &credentials).await?.problem())
    };
    assert_eq!(login().await?, "holder-deceased");
    deployed.feed(std::slice::from_ref(&invited.person.0), 0).await?;
    assert_eq!(login().await?, "space-frozen");
    Ok(())
}

#[tokio::test]
async fn an_older_shared_record_closes_after_its_transition() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.prove(&invited).await?;
    deployed.api.post("/v1/opposition", Some(&token), &json!({"confirmed": true})).await?.ok()?;
    // That there is one is only learnt afterwards.
    deployed.feed(&[with(&invited, "hasDmp", json!(true))], 0).await?;
    let index = deployed.person(invited.person.text("nir")).await?.index.as_str().to_owned();
    let has = async |attribute: &str| -> Result<bool> {
        let items = deployed.items("PersonsTable").await?;
        let item = items.iter().find(|item| item["index"].as_s().is_ok_and(|i| *i == index));
        Ok(item.context("the person's item")?.contains_key(attribute))
    };
    assert!(has("dmpUntil").await? && has("record").await?);
    // Its code over, the record goes again; the transition lasts longer.
    let nir = invited.person.text("nir");
    assert_eq!(deployed.settle(nir, 41).await?, Settled::Nothing);
    assert_eq!(deployed.settle(nir, 43).await?, Settled::Reduced);
    assert!(has("dmpUntil").await? && !has("record").await?);
    assert_eq!(deployed.settle(nir, 181).await?, Settled::DmpClosed);
    assert!(!has("dmpUntil").await? && has("dmpClosedAt").await?);
    Ok(())
}

#[tokio::test]
async fn one_who_refused_stays_so_and_gets_a_code_to_change_their_mind() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let token = deployed.prove(&invited).await?;
    deployed.api.post("/v1/opposition", Some(&token), &json!({"confirmed": true})).await?.ok()?;
    let address = invited.person.text("email");
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    deployed.feed(std::slice::from_ref(&invited.person.0), 0).await?;
    let code = deployed.api.wait_for_new_code(address, before).await?;
    let entry = deployed.person(invited.person.text("nir")).await?;
    assert!(matches!(entry.registration, espace_domain::Registration::Opposed { .. }));
    deployed.activate(&Invited { code, ..invited.clone() }).await?;
    Ok(())
}
