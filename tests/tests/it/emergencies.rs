//! An emergency, and what follows it: the person and their treating doctor are told at once,
//! two agents look, and nobody reads the masses.

use anyhow::{Context, Result, bail};
use journeys::{Deployed, Patient, now, rpps};
use local_cloud::api::Answer;
use local_cloud::mail::Message;
use serde_json::{Value, json};

use crate::vault::{PHYSICIAN, REPORT, deposit, entry, path_of, pdf};

/// How long what follows an act may take, tenths of a second.
const FOLLOWED_TENTHS: u32 = 200;
const REASON: &str = "Patient inconscient sur la voie publique";

async fn break_glass(deployed: &Deployed, token: &str, patient: &Patient) -> Result<Answer> {
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let access = json!({"mode": "breakGlass", "reason": REASON});
    deployed.api.post(&path, Some(token), &access).await
}

/// The access under review, once it is.
pub(crate) async fn under_review(
    deployed: &Deployed,
    agent: &str,
    access: &Value,
    is_awaited: impl Fn(&Value) -> bool,
) -> Result<Value> {
    for _ in 0..FOLLOWED_TENTHS {
        let mut next = String::new();
        loop {
            let path = format!("/v1/support/emergency-accesses?limit=200{next}");
            let page = deployed.api.get(&path, Some(agent)).await?.ok()?;
            let items = page["items"].as_array().context("items")?;
            let found = items.iter().find(|item| item["id"] == access["accessId"]);
            if let Some(found) = found.filter(|found| is_awaited(found)) {
                return Ok(found.clone());
            }
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    bail!("{access} is not under review")
}

/// What a person was told, once that many messages tell of it.
pub(crate) async fn told(
    deployed: &Deployed,
    address: &str,
    words: &str,
    count: usize,
) -> Result<Vec<Message>> {
    for _ in 0..FOLLOWED_TENTHS {
        let mail = deployed.api.mail().await?;
        let found: Vec<_> = mail
            .into_iter()
            .filter(|message| message.to == address && message.body.contains(words))
            .collect();
        if found.len() >= count {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    bail!("{address} was not told {count} times: {words}")
}

#[tokio::test]
async fn an_unconscious_patient_is_treated_told_and_two_agents_look() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let treating = rpps();
    let grant = json!({"rpps": treating, "role": "treatingDoctor"});
    patient.post(&deployed, "/consents", &grant).await?.ok()?;
    let insurer = api.insurer().await?;
    let report = entry(REPORT, "Allergie à la pénicilline");
    let document = deposit(&deployed, &insurer, space, &report, pdf("x")).await?.ok()?;

    let urgent = api.professional(&rpps(), PHYSICIAN, None).await?;
    let access = break_glass(&deployed, &urgent, &patient).await?.ok()?;
    assert_eq!(access["mode"], "breakGlass");
    api.get(&path_of(space, &document), Some(&urgent)).await?.ok()?;

    // The person is told at once, without who, what or why.
    let address = patient.invited.person.text("email");
    let mail = told(&deployed, address, "ouvert en urgence", 1).await?;
    assert_eq!(mail.len(), 1);
    for word in [REASON, "pénicilline", "Soignant", space.as_str(), "http"] {
        assert!(!mail[0].body.contains(word), "{}", mail[0].body);
    }
    // So is the treating doctor, and nobody else's.
    let doctor = api.professional(&treating, PHYSICIAN, None).await?;
    let path = "/v1/professionals/me/notices";
    let notices = api.get(path, Some(&doctor)).await?.ok()?;
    assert_eq!(notices["items"][0]["kind"], "emergencyAccess");
    assert_eq!(notices["items"][0]["spaceId"], json!(space));
    assert_eq!(api.get(path, Some(&urgent)).await?.ok()?["items"], json!([]));
    assert_eq!(api.get(path, Some(&patient.token)).await?.status, 403);

    // Two pairs of eyes.
    let (first, second) = (api.support("A-1").await?, api.support("A-2").await?);
    let review = under_review(&deployed, &first, &access, |r| r["documentsRead"] == 1).await?;
    assert_eq!((&review["state"], &review["flagged"]), (&json!("open"), &json!(false)));
    assert_eq!((&review["reason"], &review["mode"]), (&json!(REASON), &json!("breakGlass")));
    assert!(!review.to_string().contains(space.as_str()), "whose it was is not theirs to know");
    let id = access["accessId"].as_str().context("an id")?;
    let path = format!("/v1/support/emergency-accesses/{id}/review");
    let found = json!({"finding": "justified", "note": "Appel du SAMU confirmé."});
    let halfway = api.post(&path, Some(&first), &found).await?.ok()?;
    assert_eq!(halfway["state"], "halfway");
    let again = api.post(&path, Some(&first), &found).await?;
    assert_eq!((again.status.as_u16(), again.problem().as_str()), (409, "reviewed-by-you"));
    // The second looks for themselves.
    let blind = under_review(&deployed, &second, &access, |_| true).await?;
    assert_eq!(blind["reviews"][0]["finding"], Value::Null);
    let closed = api.post(&path, Some(&second), &found).await?.ok()?;
    assert_eq!(
        (&closed["state"], closed["reviews"][0]["finding"].as_str()),
        (&json!("closed"), Some("justified"))
    );
    assert_eq!(closed["documentsDeposited"], 0);
    let third = api.support("A-3").await?;
    let over = format!("{}?state=closed&limit=200", "/v1/support/emergency-accesses");
    let over = api.get(&over, Some(&third)).await?.ok()?;
    let items = over["items"].as_array().context("items")?;
    if let Some(looked) = items.iter().find(|item| item["id"] == access["accessId"]) {
        assert_eq!(looked["reason"], Value::Null, "what was written has served");
    }
    assert_eq!(api.post(&path, Some(&third), &found).await?.problem(), "review-over");
    let path = "/v1/support/emergency-accesses";
    assert_eq!(api.get(path, Some(&urgent)).await?.status, 403);
    assert_eq!(api.get(path, Some(&patient.token)).await?.status, 403);
    Ok(())
}

#[tokio::test]
async fn who_objected_is_not_opened_and_nobody_is_told_of_it_as_done() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let no = json!({"regulation": false, "breakGlass": false, "showMasked": false});
    let path = "/v1/spaces/me/consents/emergency";
    let token = Some(patient.token.as_str());
    deployed.api.send(reqwest::Method::PUT, path, token, Some(&no)).await?.ok()?;
    let urgent = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    assert_eq!(break_glass(&deployed, &urgent, &patient).await?.status, 403);
    let address = patient.invited.person.text("email");
    let mail = deployed.api.mail().await?;
    let told = mail.iter().filter(|m| m.to == address && m.body.contains("urgence")).count();
    assert_eq!(told, 0);
    Ok(())
}

#[tokio::test]
async fn nobody_opens_the_masses() -> Result<()> {
    let deployed = Deployed::load().await?;
    let limits =
        [("ESPACE_EMERGENCIES_PER_PROFESSIONAL", "2"), ("ESPACE_EMERGENCIES_PER_STRUCTURE", "3")];
    let consent = deployed.consent(&limits, now()).await?;
    let clinic = format!("1F{}", rpps());
    let patient = deployed.patient().await?;
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let access = json!({"mode": "breakGlass", "reason": REASON});
    let open = async |token: &str| {
        let answer = consent.send("POST", &path, Some(token), Some(&access)).await?;
        Ok::<_, anyhow::Error>((answer.status.as_u16(), answer.headers.contains_key("retry-after")))
    };
    let at =
        async |number: &str| deployed.api.professional_at(number, PHYSICIAN, None, &clinic).await;
    let (one, colleague) = (at(&rpps()).await?, at(&rpps()).await?);
    assert_eq!(open(&one).await?.0, 201);
    assert_eq!(open(&one).await?.0, 201);
    assert_eq!(open(&one).await?, (429, true), "one professional");
    assert_eq!(open(&colleague).await?.0, 201);
    assert_eq!(open(&colleague).await?, (429, true), "one structure");
    let elsewhere = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    assert_eq!(open(&elsewhere).await?.0, 201);
    Ok(())
}
