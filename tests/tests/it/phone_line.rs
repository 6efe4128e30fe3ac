//! The phone line: refusing for a caller, undoing it, opening hours.

use anyhow::{Context, Result};
use espace_domain::Registration;
use espace_storage::transitions::Settled;
use journeys::{Deployed, now};
use serde_json::json;

#[tokio::test]
async fn an_agent_refuses_for_a_caller_and_undoes_it_within_two_weeks() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(10).await?;
    let (person, address) = (&invited.person, invited.person.text("email"));
    let support = deployed.api.support("A-100").await?;
    let body = json!({"code": invited.code, "nir": person.text("nir"),
        "cardSerial": person.0["card"]["serial"], "representative": null, "receipt": "email"});
    let path = "/v1/support/oppositions";
    let request = deployed.api.request(reqwest::Method::POST, path).bearer_auth(&support);
    let request =
        request.header("idempotency-key", format!("appel-{}", journeys::rpps())).json(&body);
    let again = request.try_clone().context("a second request")?;
    let first = local_cloud::api::Answer::of(request.send().await?).await?;
    assert_eq!(first.status, 201, "{}", String::from_utf8_lossy(&first.body));
    let second = local_cloud::api::Answer::of(again.send().await?).await?;
    assert_eq!(second.json(), first.json());
    let opposition = first.json()["oppositionId"].as_str().unwrap().to_owned();
    let proof = |m: &local_cloud::mail::Message| m.subject == "Votre preuve de refus";
    let sent = deployed.api.wait_for_mail(address, proof).await?;
    assert!(sent.body.contains(first.json()["reference"].as_str().unwrap()), "{}", sent.body);

    // Lost, it is sent again, to the same address, to who says the right things alone; an agent
    // is told the same either way.
    let lost = |born: &str| {
        json!({"reference": first.json()["reference"], "nir": person.text("nir"),
            "birthDate": born, "receipt": "email"})
    };
    let count = || async {
        let mail = deployed.api.mail().await?;
        anyhow::Ok(mail.iter().filter(|m| m.to == address && proof(m)).count())
    };
    let path_again = "/v1/support/receipts";
    let wrong = deployed.api.post(path_again, Some(&support), &lost("1901-02-03")).await?;
    let right =
        deployed.api.post(path_again, Some(&support), &lost(person.text("birthDate"))).await?;
    assert_eq!((wrong.status.as_u16(), wrong.json()), (202, right.json()));
    for _ in 0..100 {
        if count().await? == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(count().await?, 2);

    let undo = format!("{path}/{opposition}");
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    let undone = deployed.api.send(reqwest::Method::DELETE, &undo, Some(&support), None).await?;
    assert_eq!(undone.status, 204);
    let entry = deployed.person(person.text("nir")).await?;
    let due = deployed.api.wait_for_new_code(address, before).await?;
    // The six weeks did not move: they began ten days ago.
    let began = match entry.registration {
        Registration::Invited { sent_at } => sent_at.as_second(),
        _ => 0,
    };
    let today = espace_domain::Clock::now(now().as_ref()).as_second();
    assert_eq!((today - began) / 86_400, 10);
    // The new code works, and the old reference certifies nothing any more.
    let proof = person.proof(&due);
    deployed.api.post("/v1/activation/identity", None, &proof).await?.ok()?;
    let verify = json!({"reference": first.json()["reference"]});
    let verified = deployed.api.post("/v1/certificates/verify", None, &verify).await?.ok()?;
    assert_eq!(verified["exists"], false);
    Ok(())
}

#[tokio::test]
async fn a_refusal_by_phone_becomes_final_after_two_weeks() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let person = &invited.person;
    let support = deployed.api.support("A-101").await?;
    let body = json!({"code": invited.code, "nir": person.text("nir"),
        "cardSerial": person.0["card"]["serial"], "representative": null, "receipt": null});
    let path = "/v1/support/oppositions";
    let refused = deployed.api.post(path, Some(&support), &body).await?.ok()?;
    assert_eq!(deployed.settle(person.text("nir"), 13).await?, Settled::Nothing);
    assert_eq!(deployed.settle(person.text("nir"), 15).await?, Settled::Reduced);
    let undo = format!("{path}/{}", refused["oppositionId"].as_str().unwrap());
    let undone = deployed.api.send(reqwest::Method::DELETE, &undo, Some(&support), None).await?;
    assert_eq!((undone.status.as_u16(), undone.problem().as_str()), (409, "not-reversible"));
    // Reduced: nothing of the person is left in the item.
    let index = deployed.person(person.text("nir")).await?.index.as_str().to_owned();
    let items = deployed.items("PersonsTable").await?;
    let item = items.iter().find(|item| item["index"].as_s().is_ok_and(|i| *i == index));
    let item = item.context("the person's item")?;
    for gone in ["record", "code", "reversibleUntil"] {
        assert!(!item.contains_key(gone), "{gone} is left");
    }
    Ok(())
}

#[tokio::test]
async fn outside_its_hours_the_phone_line_is_closed() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(0).await?;
    let person = &invited.person;
    let support = deployed.api.support("A-102").await?;
    let body = json!({"code": invited.code, "nir": person.text("nir"),
        "cardSerial": person.0["card"]["serial"]});
    // Whatever the hour of this test: the hours themselves are tested in the domain.
    let closed = [("ESPACE_PHONE_ALWAYS_OPEN", "false")];
    let function = deployed.opposition(&closed, now()).await?;
    let open = espace_domain::phone_line_is_open(espace_domain::Clock::now(now().as_ref()));
    let answer =
        function.send("POST", "/v1/support/oppositions", Some(&support), Some(&body)).await?;
    if open {
        assert_eq!(answer.status, 201);
    } else {
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (409, "phone-line-closed"));
    }
    Ok(())
}
