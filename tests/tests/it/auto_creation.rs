//! Spaces that open by themselves after six weeks, and races with those who
//! choose at the same moment.

use anyhow::{Result, ensure};
use espace_domain::{Clock, Registration, SystemClock};
use jiff::Timestamp;
use journeys::{Deployed, PASSWORD, login_of};
use local_cloud::jobs::fire;
use serde_json::json;

/// An instant some days from now.
fn days_from_now(days: i64) -> Timestamp {
    Timestamp::from_second(SystemClock.now().as_second() + days * 86_400).unwrap()
}

#[tokio::test]
async fn a_space_opens_after_six_weeks_and_can_be_activated_later() -> Result<()> {
    let deployed = Deployed::load().await?;
    // Sent 42 days ago: due now. Their code has expired with the six weeks.
    let due = deployed.invite(42).await?;
    let early = deployed.invite(40).await?;
    fire(&deployed.config, &deployed.stack, "auto-creation", SystemClock.now(), |_| {}).await?;
    let told = |m: &local_cloud::mail::Message| m.subject == "Votre espace de santé est ouvert";
    deployed.api.wait_for_mail(due.person.text("email"), told).await?;
    let late = due.person.proof(&due.code);
    let late = deployed.api.post("/v1/activation/identity", None, &late).await?;
    assert_eq!(late.problem(), "code-expired");

    // Open one whose code still lives, as of a time to come, then activate it.
    fire(&deployed.config, &deployed.stack, "auto-creation", days_from_now(3), |_| {}).await?;
    deployed.api.wait_for_mail(early.person.text("email"), told).await?;
    let proof = early.person.proof(&early.code);
    let proven = deployed.api.post("/v1/activation/identity", None, &proof).await?.ok()?;
    assert_eq!(proven["choices"], json!(["activate"]));
    let token = proven["enrolmentToken"].as_str();
    let refuse = deployed.api.post("/v1/opposition", token, &json!({"confirmed": true})).await?;
    assert_eq!(refuse.problem(), "space-already-open");
    let account = json!({"login": login_of(&early.person), "password": PASSWORD});
    deployed.api.post("/v1/activation", token, &account).await?.ok()?;
    let login = login_of(&early.person);
    let token = deployed.api.log_in(&login, PASSWORD, early.person.text("email")).await?;
    let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(space["state"], "active");
    Ok(())
}

#[tokio::test]
async fn of_activation_refusal_and_opening_at_once_exactly_one_wins() -> Result<()> {
    let deployed = Deployed::load().await?;
    let people = deployed.invite_many(12, 41).await?;
    let mut tokens = Vec::new();
    for invited in &people {
        tokens.push((deployed.prove(invited).await?, deployed.prove(invited).await?));
    }
    let job = fire(&deployed.config, &deployed.stack, "auto-creation", days_from_now(2), |_| {});
    let choices = async {
        let mut tasks = Vec::new();
        for (invited, (activate, oppose)) in people.iter().zip(&tokens) {
            let account = json!({"login": login_of(&invited.person), "password": PASSWORD});
            let (api, activate) = (deployed.api.clone(), activate.clone());
            tasks.push(tokio::spawn(async move {
                api.post("/v1/activation", Some(&activate), &account)
                    .await
                    .map(|a| ("activated", a))
            }));
            let (api, oppose) = (deployed.api.clone(), oppose.clone());
            tasks.push(tokio::spawn(async move {
                let confirm = json!({"confirmed": true});
                api.post("/v1/opposition", Some(&oppose), &confirm).await.map(|a| ("opposed", a))
            }));
        }
        let mut outcomes: Vec<Vec<&str>> = vec![Vec::new(); people.len()];
        for (position, task) in tasks.into_iter().enumerate() {
            let (kind, answer) = task.await??;
            ensure!(
                matches!(answer.status.as_u16(), 201 | 401 | 409),
                "{kind}: {} {}",
                answer.status,
                answer.problem()
            );
            if answer.status == 201 {
                outcomes[position / 2].push(kind);
            }
        }
        Ok(outcomes)
    };
    let (run, outcomes) = tokio::join!(job, choices);
    run?;
    for (invited, outcome) in people.iter().zip(outcomes?) {
        assert!(outcome.len() <= 1, "{outcome:?}: both an activation and a refusal");
        let entry = deployed.person(invited.person.text("nir")).await?;
        let state = match entry.registration {
            Registration::Invited { .. } => "invited",
            Registration::Opposed { .. } => "opposed",
            Registration::Held { .. } => "held",
            Registration::Erased { .. } => "erased",
        };
        // Neither won: the job was first.
        let expected = if outcome.as_slice() == ["opposed"] { "opposed" } else { "held" };
        assert_eq!(state, expected, "{outcome:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_job_refuses_a_time_to_come_unless_the_stack_allows_it() -> Result<()> {
    use espace_jobs_like::refuses;
    let deployed = Deployed::load().await?;
    let environment = deployed.stack.environment(&deployed.config, "AutoCreationFunction").await?;
    assert_eq!(environment["ESPACE_ALLOW_FUTURE_EVENTS"], "true");
    refuses(&deployed, environment).await
}

/// The deployed binary, told that future events are forbidden.
mod espace_jobs_like {
    use super::days_from_now;
    use anyhow::Result;
    use journeys::Deployed;
    use local_cloud::bench::owner_environment;
    use local_cloud::jobs::{event, new_event};
    use local_cloud::runtime_api::Process;
    use local_cloud::system::target_directory;
    use std::collections::HashMap;

    pub(super) async fn refuses(
        deployed: &Deployed,
        mut environment: HashMap<String, String>,
    ) -> Result<()> {
        environment.extend(owner_environment(&deployed.api.system().aws));
        environment.insert("ESPACE_ALLOW_FUTURE_EVENTS".to_owned(), "false".to_owned());
        let binary = target_directory().join("debug/auto-creation");
        let mut process = Process::start(&binary, &environment).await?;
        let (id, _) = new_event();
        let refused = process.invoke(event(&id, days_from_now(1))).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("future")));
        process.stop().await
    }
}
