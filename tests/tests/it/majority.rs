//! The 18th birthday.

use anyhow::{Context, Result};
use espace_domain::paris_date;
use jiff::ToSpan;
use jiff::civil::Date;
use journeys::{Deployed, Invited, now};
use local_cloud::jobs::fire;
use local_cloud::mail::{Message, code_in};
use serde_json::json;

/// The day on which one turns 18 in `days` was born.
fn eighteen_in(days: i64) -> Date {
    let birthday = paris_date(now().now()).saturating_add(days.days());
    birthday.saturating_sub(18.years())
}

#[tokio::test]
async fn at_eighteen_representatives_go_and_the_person_gets_a_code() -> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[eighteen_in(5), eighteen_in(40)], 0).await?;
    let parent = &family.parents[0];
    let session = deployed.activate_and_log_in(parent).await?;
    let mut spaces = Vec::new();
    for child in &family.children {
        let proven = deployed.prove_for(&child.person, &child.code, &parent.person).await?.ok()?;
        let body = json!({"enrolmentToken": proven["enrolmentToken"]});
        let path = "/v1/spaces/me/dependants";
        let attached = deployed.api.post(path, Some(&session), &body).await?.ok()?;
        spaces.push(attached["spaceId"].as_str().context("a space")?.to_owned());
    }
    let birthday = now().now().checked_add(jiff::SignedDuration::from_hours(24 * 6))?;
    fire(&deployed.config, &deployed.stack, "majority", birthday, |_| {}).await?;
    let own = deployed.api.get("/v1/spaces/me", Some(&session)).await?.ok()?;
    let left: Vec<_> = own["dependants"].as_array().unwrap().iter().collect();
    assert_eq!(left.len(), 1, "{own}");
    assert_eq!(left[0]["spaceId"], spaces[1].as_str());
    let gone = deployed.api.get(&format!("/v1/spaces/{}", spaces[0]), Some(&session)).await?;
    assert_eq!(gone.status, 404);

    let grown = &family.children[0];
    let told = |m: &Message| m.subject.starts_with("Vous avez 18 ans");
    let message = deployed.api.wait_for_mail(grown.person.text("email"), told).await?;
    let code = code_in(&message.body).context("a code")?;
    // The parent can do nothing with that code.
    let refused = deployed.prove_for(&grown.person, &code, &parent.person).await?;
    assert_eq!(refused.problem(), "identity-not-recognised");
    // The insurer's next file still names the parents: nobody comes back.
    let mut line = grown.person.0.clone();
    line["birthDate"] = json!(eighteen_in(-1).to_string());
    deployed.feed(&[line.clone()], 0).await?;
    let refused = deployed.prove_for(&grown.person, &code, &parent.person).await?;
    assert_eq!(refused.problem(), "identity-not-recognised");
    // They have no card yet: the code stands in for it, and the space is theirs.
    assert_eq!(code.len(), 24, "{code}");
    line["card"] = serde_json::Value::Null;
    let person = local_cloud::api::Person(line);
    let token = deployed.activate_and_log_in(&Invited { person, code }).await?;
    let seen = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(
        (seen["spaceId"].as_str(), &seen["state"]),
        (Some(spaces[0].as_str()), &json!("active"))
    );
    addresses_shared_with_a_parent_go(&deployed).await
}

/// In the same test: a run of the job does not choose among the tests' people.
async fn addresses_shared_with_a_parent_go(deployed: &Deployed) -> Result<()> {
    let family = deployed.family(&[eighteen_in(5)], 0).await?;
    let parent = &family.parents[0].person;
    let child = &family.children[0];
    // The child is reached at the parent's own address; the post at their own name.
    let mut line = child.person.0.clone();
    line["email"] = parent.0["email"].clone();
    line["phone"] = serde_json::Value::Null;
    deployed.feed(&[line.clone()], 0).await?;
    let birthday = now().now().checked_add(jiff::SignedDuration::from_hours(24 * 6))?;
    fire(&deployed.config, &deployed.stack, "majority", birthday, |_| {}).await?;
    let last = line["usedName"].as_str().or(line["birthName"].as_str()).unwrap();
    let name = format!("{} {last}", line["firstNames"][0].as_str().unwrap());
    let letter =
        |m: &Message| m.channel == "letter" && m.to.starts_with(&name) && m.body.contains("18 ans");
    for _ in 0..300 {
        if deployed.api.mail().await?.iter().any(letter) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("no letter of their own")
}
