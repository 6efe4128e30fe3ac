//! A helper by profession: let in by a code that the person draws, for an hour, to see and to
//! deposit, under their own name.

use anyhow::{Context, Result};
use journeys::{Deployed, in_days, rpps};
use reqwest::Method;
use serde_json::{Value, json};

use crate::vault::{OWN, REPORT, deposit, entry, path_of, pdf};

const BEGIN: &str = "/v1/support/assistance";

#[tokio::test]
async fn an_agent_of_france_services_helps_for_an_hour_and_no_more() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let number = format!("FS-{}", rpps());
    let agent = api.support(&number).await?;
    let insurer = api.insurer().await?;
    let report = entry(REPORT, "Compte rendu");
    let plain = deposit(&deployed, &insurer, space, &report, pdf("p")).await?.ok()?;
    let mut secret = report.clone();
    secret["visibility"] = json!(["INVISIBLE_REPRESENTANTS_LEGAUX"]);
    let secret = deposit(&deployed, &insurer, space, &secret, pdf("s")).await?.ok()?;
    let list = format!("/v1/spaces/{space}/documents");
    assert_eq!(api.get(&list, Some(&agent)).await?.status, 403, "an agent like any other");
    // A wrong code lets nobody in; the person's does, once.
    for wrong in ["0000-0000-0000", "x"] {
        let refused = api.post(BEGIN, Some(&agent), &json!({"code": wrong})).await?;
        assert_eq!(
            (refused.status.as_u16(), refused.problem().as_str()),
            (403, "assistance-code-wrong")
        );
    }
    let drawn = patient.post(&deployed, "/assistance-codes", &json!({})).await?.ok()?;
    let code = json!({"code": drawn["code"]});
    let begun = api.post(BEGIN, Some(&agent), &code).await?.ok()?;
    assert_eq!(begun["spaceId"], json!(space));
    let other = api.support(&format!("FS-{}", rpps())).await?;
    let replayed = api.post(BEGIN, Some(&other), &code).await?;
    assert_eq!(replayed.problem(), "assistance-code-wrong");
    assert_eq!(api.get(&list, Some(&other)).await?.status, 403, "not their colleagues");
    // They see what is shown, and deposit; what they do is under their number.
    let seen = api.get(&list, Some(&agent)).await?.ok()?;
    let ids: Vec<&Value> =
        seen["items"].as_array().context("items")?.iter().map(|d| &d["documentId"]).collect();
    assert_eq!(ids, [&plain["documentId"]]);
    assert_eq!(api.get(&path_of(space, &secret), Some(&agent)).await?.status, 404);
    let own = entry(OWN, "Carte de groupe sanguin");
    let new = deposit(&deployed, &agent, space, &own, pdf("n")).await?.ok()?;
    assert_eq!(
        (&new["author"]["kind"], &new["author"]["id"]),
        (&json!("mandated"), &json!(number))
    );
    let will = entry("EXPPAT_3", "Directives");
    let refused = deposit(&deployed, &agent, space, &will, pdf("w")).await?;
    assert_eq!(refused.problem(), "type-not-depositable");
    for (method, path, body) in [
        (Method::GET, "/consents".to_owned(), None),
        (Method::POST, "/consents".to_owned(), Some(json!({"rpps": rpps()}))),
        (Method::GET, "/access-log".to_owned(), None),
        (Method::POST, "/presence-codes".to_owned(), None),
        (Method::GET, "/caregivers".to_owned(), None),
        (Method::POST, "/assistance-codes".to_owned(), None),
    ] {
        let path = format!("/v1/spaces/{space}{path}");
        let refused = api.send(method, &path, Some(&agent), body.as_ref()).await?;
        assert_eq!(refused.status, 403, "{path}");
    }
    let path = path_of(space, &new);
    assert_eq!(api.send(Method::DELETE, &path, Some(&agent), None).await?.status, 403);
    // The person reads what was done, and by whom.
    let log = patient.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let theirs = log["items"].as_array().context("items")?.iter();
    let theirs: Vec<_> = theirs.filter(|item| item["actor"]["id"] == json!(number)).collect();
    assert!(theirs.iter().any(|item| item["action"] == "depositDocument"));
    assert!(theirs.iter().all(|item| !item["sentence"].as_str().unwrap().is_empty()));
    // The hour is over by itself.
    let later = in_days(1);
    let vault = deployed.vault(&[], later.clone()).await?;
    let token = deployed.token_as_of(&agent, later.as_ref()).await?;
    let over = vault.send("GET", &list, Some(&token), None).await?;
    assert!([401, 403].contains(&over.status.as_u16()), "{}", over.status);
    // Or when the person says so.
    let path = "/v1/spaces/me/assistance";
    let ended = api.send(Method::DELETE, path, Some(&patient.token), None).await?;
    assert_eq!(ended.status, 204);
    assert_eq!(api.get(&list, Some(&agent)).await?.status, 403);
    Ok(())
}
