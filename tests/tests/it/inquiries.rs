//! An inquiry: every trace of one professional, produced in moments, with its legal basis and
//! two agents' names.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use espace_domain::paris_date;
use jiff::ToSpan;
use journeys::{Deployed, now, rpps};
use serde_json::{Value, json};

use crate::vault::PHYSICIAN;

/// How long an inquiry of a handful of traces may take, tenths of a second.
const PRODUCED_TENTHS: u32 = 600;

#[tokio::test]
async fn every_trace_of_one_professional_is_produced_for_two_agents() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let number = rpps();
    let suspect = api.professional(&number, PHYSICIAN, None).await?;
    let other = api.professional(&rpps(), PHYSICIAN, None).await?;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let mut spaces = Vec::new();
    for _ in 0..3 {
        let patient = deployed.patient().await?;
        let path = format!("/v1/spaces/{}/accesses", patient.space_id);
        for token in [&suspect, &other] {
            api.post(&path, Some(token), &glass).await?.ok()?;
        }
        let documents = format!("/v1/spaces/{}/documents", patient.space_id);
        api.get(&documents, Some(&suspect)).await?.ok()?;
        spaces.push(patient.space_id);
    }
    let (asking, approving) = (api.support("J-1").await?, api.support("J-2").await?);
    let today = paris_date(now().now());
    let path = "/v1/support/inquiries";
    let mut asked = json!({"rpps": number, "from": today.saturating_sub(40.days()).to_string(),
        "to": today.to_string(), "legalBasis": "Réquisition judiciaire, art. 77-1-1 CPP",
        "reference": "2026/1234"});
    // Without a ground, or for ever, nothing is asked.
    for (field, wrong) in [("legalBasis", json!(" ")), ("from", json!("1990-01-01"))] {
        let right = std::mem::replace(&mut asked[field], wrong);
        assert_eq!(api.post(path, Some(&asking), &asked).await?.status, 422, "{field}");
        asked[field] = right;
    }
    assert_eq!(api.post(path, Some(&suspect), &asked).await?.status, 403);
    let inquiry = api.post(path, Some(&asking), &asked).await?.ok()?;
    assert_eq!(inquiry["state"], "awaitingApproval");
    let path = format!("{path}/{}", inquiry["inquiryId"].as_str().context("an id")?);
    let approval = format!("{path}/approval");
    let own = api.post(&approval, Some(&asking), &json!({})).await?;
    assert_eq!((own.status.as_u16(), own.problem().as_str()), (409, "asked-by-you"));
    let approved = api.post(&approval, Some(&approving), &json!({})).await?.ok()?;
    assert_eq!(approved["approvedBy"], "J-2");
    let mut produced = None;
    for _ in 0..PRODUCED_TENTHS {
        let stands = api.get(&path, Some(&approving)).await?.ok()?;
        if stands["state"] == "completed" {
            produced = Some(stands);
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let Some(produced) = produced else { bail!("not produced") };
    assert_eq!(produced["legalBasis"], asked["legalBasis"]);
    let mut lines: Vec<Value> = Vec::new();
    for file in produced["files"].as_array().context("files")? {
        let url = file["url"].as_str().context("an address")?;
        let text = reqwest::get(url).await?.error_for_status()?.text().await?;
        for line in text.lines() {
            lines.push(serde_json::from_str(line)?);
        }
    }
    // Each space: the access and the list; nothing of the other professional.
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(produced["traces"], 6);
    for line in &lines {
        assert_eq!(line["trace"]["actor"]["id"], json!(number));
        assert!(spaces.iter().any(|space| line["spaceId"] == json!(space)));
    }
    // To who is neither of the two, the files are not given.
    let third = api.support("J-3").await?;
    assert_eq!(api.get(&path, Some(&third)).await?.ok()?["files"], json!([]));
    Ok(())
}
