//! Who helps: asked by number and traits, accepted or refused, at most three and five, and
//! never more than helping.

use anyhow::{Context, Result};
use journeys::{Deployed, Patient, in_days};
use reqwest::Method;
use serde_json::{Value, json};

use crate::emergencies::told;
use crate::vault::{OWN, REPORT, deposit, doctor, entry, path_of, pdf};

fn invitation(helper: &Patient) -> Value {
    let person = &helper.invited.person;
    json!({"nir": person.text("nir"), "birthName": person.text("birthName"),
        "firstName": person.0["firstNames"][0], "birthDate": person.text("birthDate")})
}

async fn answer(deployed: &Deployed, helper: &Patient, of: &Patient, accept: bool) -> Result<u16> {
    let path = format!("/v1/spaces/{}/care", of.space_id);
    let body = json!({"accept": accept});
    Ok(deployed.api.post(&path, Some(&helper.token), &body).await?.status.as_u16())
}

async fn states(deployed: &Deployed, of: &Patient) -> Result<Vec<Value>> {
    let list = of.get(deployed, "/caregivers").await?.ok()?;
    let items = list["items"].as_array().context("items")?;
    Ok(items.iter().map(|item| item["state"].clone()).collect())
}

#[tokio::test]
async fn a_caregiver_helps_and_no_more() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let (old, helper) = (deployed.patient().await?, deployed.patient().await?);
    let (space, token) = (&old.space_id, &helper.token);
    let read = format!("/v1/spaces/{space}/documents");
    assert_eq!(api.get(&read, Some(token)).await?.status, 404, "a stranger");
    let invited = old.post(&deployed, "/caregivers", &invitation(&helper)).await?;
    assert_eq!(invited.status, 202, "{}", invited.json());
    let mail = told(&deployed, helper.invited.person.text("email"), "l’aidiez", 1).await?;
    let name = old.invited.person.text("birthName");
    assert!(!mail[0].body.contains(name), "who asks is told to who logs in");
    let asked = helper.get(&deployed, "/helped").await?.ok()?;
    assert_eq!(asked["items"][0]["state"], "pending");
    assert_eq!(asked["items"][0]["spaceId"], json!(space));
    // Asked is not yet let in.
    assert_eq!(api.get(&read, Some(token)).await?.status, 404);
    assert_eq!(answer(&deployed, &helper, &old, true).await?, 204);
    assert_eq!(answer(&deployed, &helper, &old, true).await?, 403, "once");
    // Whoever asked, and whoever said yes: the person is told of both.
    told(&deployed, old.invited.person.text("email"), "a été invitée à aider", 2).await?;
    assert_eq!(states(&deployed, &old).await?, ["accepted"]);

    // They read and deposit; what they do is marked as theirs.
    let own = entry(OWN, "Ordonnance scannée");
    let document = deposit(&deployed, token, space, &own, pdf("x")).await?.ok()?;
    assert_eq!(document["author"]["kind"], "caregiver");
    let person = &helper.invited.person;
    let full = document["author"]["name"].as_str().context("a name")?;
    assert!(full.starts_with(person.0["firstNames"][0].as_str().context("a name")?), "{full}");
    // They write for the person, and the professional sees who wrote.
    let physician = api.professional(&journeys::rpps(), "10", None).await?;
    let thread = crate::messages::open(&deployed, &physician, space).await?;
    let answered = crate::messages::write(&deployed, token, &thread, "Elle va mieux").await?;
    assert_eq!(answered.status, 201, "{}", answered.json());
    let seen = crate::messages::read(&deployed, &physician, &thread).await?;
    let message = &seen["messages"]["items"][1];
    assert_eq!(message["author"]["kind"], "caregiver");
    assert_eq!(message["author"]["name"], json!(full));
    assert_eq!(api.get(&read, Some(token)).await?.status, 200);
    // What they may not (`domain.md` B8): contacts, sharing on, rules, log, deleting.
    let rpps = json!({"rpps": journeys::rpps()});
    for (method, path, body) in [
        (Method::GET, "/contacts".to_owned(), None),
        (Method::POST, "/caregivers".to_owned(), Some(invitation(&helper))),
        (Method::GET, "/consents".to_owned(), None),
        (Method::POST, "/consents".to_owned(), Some(rpps.clone())),
        (Method::POST, "/blocks".to_owned(), Some(rpps)),
        (Method::POST, "/presence-codes".to_owned(), None),
        (Method::GET, "/access-log".to_owned(), None),
        (Method::GET, "/notification-preferences".to_owned(), None),
    ] {
        let path = format!("/v1/spaces/{space}{path}");
        let refused = api.send(method, &path, Some(token), body.as_ref()).await?;
        assert!([403, 404].contains(&refused.status.as_u16()), "{path}: {}", refused.status);
    }
    let path = path_of(space, &document);
    assert_eq!(api.send(Method::DELETE, &path, Some(token), None).await?.status, 403);
    // Secret care is not for them either.
    let (_, physician) = doctor(&deployed, &old).await?;
    let mut secret = entry(REPORT, "Secret");
    secret["visibility"] = json!(["INVISIBLE_REPRESENTANTS_LEGAUX"]);
    let secret = deposit(&deployed, &physician, space, &secret, pdf("s")).await?.ok()?;
    assert_eq!(api.get(&path_of(space, &secret), Some(token)).await?.status, 404);
    // The person reads in their log who it was.
    let log = old.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let items = log["items"].as_array().context("items")?;
    let theirs = items.iter().find(|item| item["actor"]["kind"] == "caregiver");
    let sentence = theirs.context("a trace")?["sentence"].as_str().context("words")?;
    assert!(sentence.contains("(aidant)"), "{sentence}");

    // Sent away, they are out at once.
    let list = old.get(&deployed, "/caregivers").await?.ok()?;
    let id = list["items"][0]["caregiverId"].as_str().context("an id")?.to_owned();
    let path = format!("/v1/spaces/me/caregivers/{id}");
    assert_eq!(api.send(Method::DELETE, &path, Some(&old.token), None).await?.status, 204);
    assert_eq!(api.get(&read, Some(token)).await?.status, 404);
    assert_eq!(helper.get(&deployed, "/helped").await?.ok()?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn an_invitation_is_refused_left_or_over_and_tells_nothing() -> Result<()> {
    let deployed = Deployed::load().await?;
    let old = deployed.patient().await?;
    let (refusing, leaving, late) =
        (deployed.patient().await?, deployed.patient().await?, deployed.patient().await?);
    // Nobody of these traits: the same answer.
    let mut nobody = invitation(&refusing);
    nobody["birthName"] = json!("Personne");
    let to_nobody = old.post(&deployed, "/caregivers", &nobody).await?;
    let to_someone = old.post(&deployed, "/caregivers", &invitation(&refusing)).await?;
    assert_eq!((to_nobody.status.as_u16(), to_someone.status.as_u16()), (202, 202));
    let shape = |value: &Value| {
        let object = value.as_object().unwrap();
        (object.keys().cloned().collect::<Vec<_>>(), object["state"].clone())
    };
    assert_eq!(shape(&to_nobody.json()), shape(&to_someone.json()));
    assert_eq!(answer(&deployed, &refusing, &old, false).await?, 204);
    assert_eq!(answer(&deployed, &refusing, &old, true).await?, 404, "refused is over");
    // Pending, accepted: three places, of which refusals leave theirs.
    old.post(&deployed, "/caregivers", &invitation(&leaving)).await?.ok()?;
    old.post(&deployed, "/caregivers", &invitation(&late)).await?.ok()?;
    let fourth = old.post(&deployed, "/caregivers", &invitation(&refusing)).await?;
    assert_eq!((fourth.status.as_u16(), fourth.problem().as_str()), (409, "too-many-caregivers"));
    // One who leaves leaves a place.
    assert_eq!(answer(&deployed, &leaving, &old, true).await?, 204);
    let path = format!("/v1/spaces/{}/care", old.space_id);
    let api = &deployed.api;
    let left = api.send(Method::DELETE, &path, Some(&leaving.token), None).await?;
    assert_eq!(left.status, 204);
    assert_eq!(states(&deployed, &old).await?.len(), 3);
    // After thirty days nobody answers any more.
    let later = in_days(31);
    let caregivers = deployed.caregivers(later.clone()).await?;
    let token = deployed.token_as_of(&late.token, later.as_ref()).await?;
    let body = json!({"accept": true});
    let over = caregivers.send("POST", &path, Some(&token), Some(&body)).await?;
    assert!([401, 404].contains(&over.status.as_u16()), "{}", over.status);
    // Nobody is their own caregiver, nor asked twice: no place is taken by it for long.
    assert_eq!(answer(&deployed, &old, &old, true).await?, 403);
    Ok(())
}

#[tokio::test]
async fn one_helps_five_at_most() -> Result<()> {
    let deployed = Deployed::load().await?;
    let helper = deployed.patient().await?;
    for number in 0..6 {
        let old = deployed.patient().await?;
        old.post(&deployed, "/caregivers", &invitation(&helper)).await?.ok()?;
        let expected = if number < 5 { 204 } else { 409 };
        assert_eq!(answer(&deployed, &helper, &old, true).await?, expected, "{number}");
    }
    Ok(())
}
