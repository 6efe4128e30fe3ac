//! "J'ai besoin d'un code".

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use journeys::{Deployed, Invited, PASSWORD, login_of, now, rpps};
use local_cloud::api::Person;
use local_cloud::mail::code_in;
use serde_json::{Value, json};

/// Asks for a code.
fn asking(person: &Person, card: &Value, channel: &str) -> Value {
    json!({"nir": person.text("nir"), "birthDate": person.text("birthDate"), "card": card,
        "representative": null, "channel": channel})
}

/// How many messages an address got.
async fn received(deployed: &Deployed, address: &str) -> Result<usize> {
    Ok(deployed.api.mail().await?.iter().filter(|m| m.to == address).count())
}

#[tokio::test]
async fn a_new_code_goes_to_the_contact_on_file_and_ends_the_old_one() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(3).await?;
    let address = invited.person.text("email");
    let before = received(&deployed, address).await?;
    let body = asking(&invited.person, &invited.person.0["card"], "email");
    let answer = deployed.api.post("/v1/activation/codes", None, &body).await?;
    assert_eq!(answer.status, 202);
    let code = deployed.api.wait_for_new_code(address, before).await?;
    assert_eq!(code.len(), 14);
    let proof = invited.person.proof(&invited.code);
    let old = deployed.api.post("/v1/activation/identity", None, &proof).await?;
    assert_eq!(old.problem(), "identity-not-recognised");
    let renewed = Invited { code, ..invited.clone() };
    deployed.activate(&renewed).await?;
    // A new code asked for after that is answered by word that the space is active.
    deployed.api.post("/v1/activation/codes", None, &body).await?.ok()?;
    let told = |m: &local_cloud::mail::Message| m.subject.contains("déjà activé");
    let message = deployed.api.wait_for_mail(address, told).await?;
    assert_eq!(code_in(&message.body), None);
    Ok(())
}

#[tokio::test]
async fn a_longer_code_stands_in_for_a_card_that_cannot_be_read() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (person, address) = (&invited.person, invited.person.text("email"));
    let before = received(&deployed, address).await?;
    let body = asking(person, &Value::Null, "email");
    deployed.api.post("/v1/activation/codes", None, &body).await?.ok()?;
    let code = deployed.api.wait_for_new_code(address, before).await?;
    assert_eq!(code.len(), 24, "{code}");
    // The letter's short code does not do without a card, the longer one does.
    let proof = |code: &str| json!({"code": code, "nir": person.text("nir"), "card": null});
    let short = deployed.api.post("/v1/activation/identity", None, &proof(&invited.code)).await?;
    assert_eq!(short.json()["errors"][0]["pointer"], "/card");
    let proven = deployed.api.post("/v1/activation/identity", None, &proof(&code)).await?.ok()?;
    let account = json!({"login": login_of(person), "password": PASSWORD});
    let token = proven["enrolmentToken"].as_str();
    deployed.api.post("/v1/activation", token, &account).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn known_and_unknown_cause_the_same_calls_and_the_same_bytes() -> Result<()> {
    let deployed = Deployed::load().await?;
    let activation = deployed.activation(&[], now()).await?;
    let known = deployed.invite(0).await?.person;
    let opposed = deployed.invite(0).await?;
    let token = deployed.prove(&opposed).await?;
    deployed.api.post("/v1/opposition", Some(&token), &json!({"confirmed": true})).await?.ok()?;
    let active = deployed.invite(0).await?;
    deployed.activate(&active).await?;
    let stranger = Person(Deployed::people().find(|p| !p["card"].is_null()).context("someone")?);
    let mut wrong_date = known.clone();
    wrong_date.0["birthDate"] = json!("1950-01-01");
    let mut seen: Vec<(Vec<u8>, BTreeMap<String, u32>)> = Vec::new();
    let warm = asking(&stranger, &stranger.0["card"], "sms");
    activation.send("POST", "/v1/activation/codes", None, Some(&warm)).await?;
    for person in [&known, &opposed.person, &active.person, &stranger, &wrong_date] {
        for card in [&person.0["card"], &Value::Null] {
            activation.calls();
            let body = asking(person, card, "email");
            let answer = activation.send("POST", "/v1/activation/codes", None, Some(&body)).await?;
            assert_eq!(answer.status, 202);
            seen.push((answer.body, activation.calls()));
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_date_or_card_sends_nothing_and_a_stranger_takes_no_code_away() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (person, address) = (&invited.person, invited.person.text("email"));
    let before = received(&deployed, address).await?;
    let mut wrong_date = person.clone();
    wrong_date.0["birthDate"] = json!("1950-01-01");
    let other_card = json!({"type": "photo", "serial": "98765432109"});
    for body in [
        asking(&wrong_date, &person.0["card"], "email"),
        asking(&wrong_date, &Value::Null, "email"),
        asking(person, &other_card, "email"),
    ] {
        deployed.api.post("/v1/activation/codes", None, &body).await?.ok()?;
    }
    // A request that is answered, after them in the same queue.
    let asked = asking(person, &Value::Null, "email");
    deployed.api.post("/v1/activation/codes", None, &asked).await?.ok()?;
    deployed.api.wait_for_new_code(address, before).await?;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    // One code; a message may come twice, as mail does, the invitation too.
    let mail = deployed.api.mail().await?;
    let codes: std::collections::BTreeSet<_> = mail
        .iter()
        .filter(|m| m.to == address)
        .skip(before)
        .map(|m| code_in(&m.body).unwrap_or_default())
        .filter(|code| *code != invited.code)
        .collect();
    assert_eq!(codes.len(), 1, "{codes:?}");
    // Who asked knew no card: the code in the person's hands lives.
    deployed.activate(&invited).await?;
    Ok(())
}

#[tokio::test]
async fn codes_are_spaced_and_limited_by_person_and_by_source() -> Result<()> {
    let deployed = Deployed::load().await?;
    let person = deployed.invite(0).await?.person;
    let body = asking(&person, &person.0["card"], "email");
    let spaced = deployed.activation(&[("ESPACE_CODE_DELAY_S", "30")], now()).await?;
    let first = spaced.send("POST", "/v1/activation/codes", None, Some(&body)).await?;
    assert_eq!(first.status, 202);
    let second = spaced.send("POST", "/v1/activation/codes", None, Some(&body)).await?;
    assert_eq!((second.status.as_u16(), second.problem().as_str()), (429, "code-too-soon"));
    assert_eq!(second.headers["retry-after"], "30");
    // A stranger who knows the number only does not use up what the person may ask.
    let mut guess = person.clone();
    guess.0["birthDate"] = json!("1931-05-03");
    let limited = deployed.activation(&[("ESPACE_CODES_PER_PERSON", "1")], now()).await?;
    let ask = async |who: &Person| -> Result<u16> {
        let body = asking(who, &person.0["card"], "sms");
        let answer = limited.send("POST", "/v1/activation/codes", None, Some(&body)).await?;
        Ok(answer.status.as_u16())
    };
    assert_eq!((ask(&guess).await?, ask(&guess).await?), (202, 429));
    assert_eq!((ask(&person).await?, ask(&person).await?), (202, 429));
    let closed = deployed.activation(&[("ESPACE_CODES_PER_SOURCE", "0")], now()).await?;
    let answer = closed.send("POST", "/v1/activation/codes", None, Some(&body)).await?;
    assert_eq!(answer.problem(), "too-many-requests");
    Ok(())
}

#[tokio::test]
async fn who_asks_through_the_same_edge_is_counted_apart() -> Result<()> {
    let deployed = Deployed::load().await?;
    let limited = deployed.activation(&[("ESPACE_CODES_PER_SOURCE", "1")], now()).await?;
    // Addresses of the test's own (RFC 3849), so that no other test is counted with it.
    let [one, other] = [rpps(), rpps()].map(|digits| {
        let (high, low) = (&digits[3..7], &digits[7..11]);
        format!("2001:db8:{high}:{low}")
    });
    let ask = async |viewer: &str| -> Result<u16> {
        let person = deployed.invite(0).await?.person;
        let body = asking(&person, &person.0["card"], "sms");
        let answer = limited.send_from(viewer, "/v1/activation/codes", &body).await?;
        Ok(answer.status.as_u16())
    };
    assert_eq!(ask(&format!("{one}::1")).await?, 202);
    assert_eq!(ask(&format!("{one}:aaaa::2")).await?, 429, "another address of one network");
    assert_eq!(ask(&format!("{other}::1")).await?, 202);
    Ok(())
}

#[tokio::test]
async fn a_code_is_asked_for_by_phone_and_the_act_is_kept() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (person, address) = (&invited.person, invited.person.text("email"));
    let before = received(&deployed, address).await?;
    let agent = format!("A-{}", person.text("nir").get(5..).unwrap_or_default());
    let support = deployed.api.support(&agent).await?;
    let body = json!({"nir": person.text("nir"), "birthDate": person.text("birthDate"),
        "representative": null});
    let answer = deployed.api.post("/v1/support/codes", Some(&support), &body).await?;
    assert_eq!(answer.status, 202);
    assert_eq!(deployed.api.wait_for_new_code(address, before).await?.len(), 24);
    // With the serial of a card of either type, a short one.
    let mut with_card = body.clone();
    with_card["cardSerial"] = person.0["card"]["serial"].clone();
    deployed.api.post("/v1/support/codes", Some(&support), &with_card).await?.ok()?;
    assert_eq!(deployed.api.wait_for_new_code(address, before + 1).await?.len(), 14);
    let acts = deployed.items("SupportActsTable").await?;
    let kept = acts.iter().filter(|act| act["agent"].as_s().is_ok_and(|a| *a == agent));
    assert_eq!(
        kept.map(|act| act["kind"].as_s().unwrap().as_str()).collect::<Vec<_>>(),
        ["codeAsked", "codeAsked"]
    );
    Ok(())
}
