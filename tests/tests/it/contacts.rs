//! Addresses added and removed, takeovers disavowed.

use anyhow::{Context, Result};
use journeys::{Deployed, Invited, PASSWORD, login_of};
use local_cloud::mail::Message;
use reqwest::Method;
use serde_json::{Value, json};

/// The alert code of a message.
fn alert_in(message: &Message) -> Result<String> {
    let rest = message.body.split("code d’alerte : ").nth(1).context("an alert code")?;
    Ok(rest.chars().take(14).collect())
}

#[tokio::test]
async fn a_new_address_counts_once_confirmed_and_the_known_ones_are_told() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let address = invited.person.text("email");
    let token = deployed.activate_and_log_in(&invited).await?;
    let added = format!("autre-{address}");
    let contacts = "/v1/spaces/me/contacts";
    // Without a fresh second factor, nothing.
    let bare = json!({"email": added, "challengeId": "0".repeat(26), "otp": "000000"});
    let refused = deployed.api.post(contacts, Some(&token), &bare).await?;
    assert_eq!(refused.problem(), "step-up-required");
    let mut body = deployed.step_up(&token, "contacts", address).await?;
    body["email"] = json!(added);
    let new = deployed.api.post(contacts, Some(&token), &body).await?.ok()?;
    assert_eq!(new["state"], "unconfirmed");
    // The second factor serves once.
    let twice = deployed.api.post(contacts, Some(&token), &body).await?;
    assert_eq!(twice.problem(), "step-up-required");
    let told = |m: &Message| m.subject.starts_with("Un contact a été ajouté");
    deployed.api.wait_for_mail(address, told).await?;
    // The first code is lost: another is sent, and confirms.
    let first = deployed.api.wait_for_code(&added, 6).await?;
    let id = new["contactId"].as_str().unwrap();
    let path = format!("/v1/contacts/{id}/codes");
    let resent = deployed.api.post(&path, Some(&token), &json!({})).await?;
    assert_eq!(resent.status, 202);
    let otp = deployed.api.wait_for_new_code(&added, 1).await?;
    let confirm = format!("/v1/contacts/{id}/confirmation");
    if first != otp {
        let late = deployed.api.post(&confirm, Some(&token), &json!({"otp": first})).await?;
        assert_eq!(late.problem(), "otp-wrong");
    }
    let confirmed = deployed.api.post(&confirm, Some(&token), &json!({"otp": otp})).await?;
    assert_eq!(confirmed.status, 204);
    let list = deployed.api.get(contacts, Some(&token)).await?.ok()?;
    let listed = list["items"].as_array().unwrap();
    assert!(listed.iter().all(|contact| contact["state"] == "confirmed"), "{list}");
    assert!(!list.to_string().contains(&added), "an address is shown by its ends only");

    // Removed again, all that count being told; the last one stays.
    let body = deployed.step_up(&token, "contacts", address).await?;
    let path = format!("{contacts}/{id}");
    let removed = deployed.api.send(Method::DELETE, &path, Some(&token), Some(&body)).await?;
    assert_eq!(removed.status, 204);
    deployed.api.wait_for_mail(&added, |m| m.subject.contains("retiré")).await?;
    Ok(())
}

#[tokio::test]
async fn this_is_not_me_freezes_a_takeover_and_the_person_takes_the_space_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let (person, address) = (&invited.person, invited.person.text("email").to_owned());
    // Someone with the letter and the card was faster, with an address of theirs.
    let thief = format!("voleur-{address}");
    let token = deployed.prove(&invited).await?;
    let login = login_of(person);
    let account = json!({"login": login, "password": PASSWORD, "email": thief});
    let activated = deployed.api.post("/v1/activation", Some(&token), &account).await?.ok()?;
    let unconfirmed = activated["contacts"].as_array().unwrap();
    let theirs = unconfirmed.iter().find(|c| c["state"] == "unconfirmed").context("theirs")?;
    let otp = deployed.api.wait_for_code(&thief, 6).await?;
    let confirm = format!("/v1/contacts/{}/confirmation", theirs["contactId"].as_str().unwrap());
    deployed.api.post(&confirm, Some(&token), &json!({"otp": otp})).await?;
    let session = deployed.api.log_in(&login, PASSWORD, &address).await?;
    assert_eq!(deployed.api.get("/v1/me", Some(&session)).await?.status, 200);

    let told = |m: &Message| m.subject == "Votre espace de santé est activé";
    let alert = alert_in(&deployed.api.wait_for_mail(&address, told).await?)?;
    let wrong = deployed.api.post("/v1/alerts", None, &json!({"alert": "0000-0000-0000"})).await?;
    assert_eq!(wrong.problem(), "alert-not-recognised");
    let raised = deployed.api.post("/v1/alerts", None, &json!({"alert": alert})).await?;
    assert_eq!(raised.status, 204);
    // Its sessions end at once, and nobody logs in.
    assert_eq!(deployed.api.get("/v1/me", Some(&session)).await?.status, 401);
    let credentials = json!({"login": login, "password": PASSWORD});
    let refused = deployed.api.post("/v1/sessions", None, &credentials).await?;
    assert_eq!(refused.problem(), "space-frozen");

    // The person asks for a code, which goes to the address the insurer knows, and
    // takes the space back under an identifier of their own.
    deployed.api.wait_for_mail(&address, |m| m.subject.contains("gelé")).await?;
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let ask = json!({"nir": person.text("nir"), "birthDate": person.text("birthDate"),
        "card": person.0["card"], "channel": "email"});
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    let code = deployed.api.wait_for_new_code(&address, before).await?;
    let token = deployed.prove(&Invited { person: person.clone(), code }).await?;
    let mine = format!("{login}-moi");
    let account = json!({"login": mine, "password": "Grand-large-64"});
    deployed.api.post("/v1/activation", Some(&token), &account).await?.ok()?;
    let session = deployed.api.log_in(&mine, "Grand-large-64", &address).await?;
    let refused = deployed.api.post("/v1/sessions", None, &credentials).await?;
    assert_eq!(refused.problem(), "login-refused", "the thief's account is gone");
    let list: Value = deployed.api.get("/v1/spaces/me/contacts", Some(&session)).await?.ok()?;
    assert!(!list.to_string().contains("v…"), "the thief's address is gone: {list}");
    Ok(())
}

#[tokio::test]
async fn a_childs_space_that_was_frozen_is_taken_back_by_a_representative() -> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[jiff::civil::date(2018, 8, 8)], 0).await?;
    let (parent, child) = (&family.parents[0], &family.children[0]);
    let session = deployed.activate_and_log_in(parent).await?;
    let attach = async |code: &str| -> Result<Value> {
        let proven = deployed.prove_for(&child.person, code, &parent.person).await?.ok()?;
        let body = json!({"enrolmentToken": proven["enrolmentToken"]});
        deployed.api.post("/v1/spaces/me/dependants", Some(&session), &body).await?.ok()
    };
    let attached = attach(&child.code).await?;
    let space = format!("/v1/spaces/{}", attached["spaceId"].as_str().unwrap());
    let told = |m: &Message| m.subject == "Votre espace de santé est activé";
    // The other parent is told too.
    deployed.api.wait_for_mail(family.parents[1].person.text("email"), told).await?;
    let address = child.person.text("email");
    let alert = alert_in(&deployed.api.wait_for_mail(address, told).await?)?;
    deployed.api.post("/v1/alerts", None, &json!({"alert": alert})).await?.ok()?;
    let frozen = deployed.api.get(&space, Some(&session)).await?;
    assert_eq!((frozen.status.as_u16(), frozen.problem().as_str()), (403, "space-frozen"));
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let ask = json!({"nir": child.person.text("nir"), "birthDate": child.person.text("birthDate"),
        "card": null, "channel": "email", "representative":
            {"nir": parent.person.text("nir"), "card": parent.person.0["card"]}});
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    let code = deployed.api.wait_for_new_code(address, before).await?;
    attach(&code).await?;
    assert_eq!(deployed.api.get(&space, Some(&session)).await?.status, 200);
    // The alert of before serves no more.
    let old = deployed.api.post("/v1/alerts", None, &json!({"alert": alert})).await?;
    assert_eq!(old.problem(), "alert-not-recognised");
    Ok(())
}

#[tokio::test]
async fn an_agent_freezes_a_callers_space() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let person = &invited.person;
    let session = deployed.activate_and_log_in(&invited).await?;
    let support = deployed.api.support("A-7").await?;
    let call = |born: &str| {
        json!({"nir": person.text("nir"), "birthDate": born,
            "cardSerial": person.0["card"]["serial"]})
    };
    let route = "/v1/support/alerts";
    let wrong = deployed.api.post(route, Some(&support), &call("1930-01-01")).await?;
    assert_eq!(wrong.problem(), "identity-not-recognised");
    assert_eq!(deployed.api.get("/v1/me", Some(&session)).await?.status, 200);
    let frozen = deployed.api.post(route, Some(&support), &call(person.text("birthDate"))).await?;
    assert_eq!(frozen.status, 204);
    assert_eq!(deployed.api.get("/v1/me", Some(&session)).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn someone_known_by_letter_only_confirms_by_their_first_login() -> Result<()> {
    let deployed = Deployed::load().await?;
    let mut line = Deployed::people()
        .find(|p| !p["card"].is_null() && !p["postalAddress"].is_null())
        .context("someone")?;
    line["email"] = Value::Null;
    line["phone"] = Value::Null;
    deployed.feed(std::slice::from_ref(&line), 0).await?;
    let person = local_cloud::api::Person(line.clone());
    let family_name = line["usedName"].as_str().or(line["birthName"].as_str()).unwrap();
    let to = format!("{} {family_name}", line["firstNames"][0].as_str().unwrap());
    let mail = deployed.api.mail().await?;
    let letter = mail.iter().rev().find(|m| m.channel == "letter" && m.to.starts_with(&to));
    let code = local_cloud::mail::code_in(&letter.context("a letter")?.body).context("a code")?;
    let token = deployed.prove(&Invited { person: person.clone(), code }).await?;
    let nir = person.text("nir");
    let address = format!("lettre-{nir}@courriel.example");
    let login = format!("lettre-{nir}x");
    let account = json!({"login": login, "password": PASSWORD, "email": address});
    deployed.api.post("/v1/activation", Some(&token), &account).await?.ok()?;
    // The first code is lost. Weeks later they try to log in: refused, but another
    // code goes to the address, and answering it confirms it.
    deployed.api.wait_for_code(&address, 6).await?;
    let later = deployed.sessions(&[], journeys::in_days(20)).await?;
    let credentials = json!({"login": login, "password": PASSWORD});
    let refused = later.send("POST", "/v1/sessions", None, Some(&credentials)).await?;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "contact-unconfirmed"));
    let otp = deployed.api.wait_for_new_code(&address, 1).await?;
    let path = format!("/v1/sessions/{}/otp", refused.json()["challengeId"].as_str().unwrap());
    later.send("POST", &path, None, Some(&json!({"otp": otp}))).await?.ok()?;
    deployed.api.log_in(&login, PASSWORD, &address).await?;
    // A second letter told the person that their space was activated.
    let second = |m: &Message| m.to.starts_with(&to) && m.body.contains("code d’alerte");
    for _ in 0..300 {
        if deployed.api.mail().await?.iter().any(second) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("no second letter")
}
