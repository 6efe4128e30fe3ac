//! Killed at every step of what follows an emergency: the person is told once of each, and
//! each is under review once.

use anyhow::{Context, Result, ensure};
use journeys::severed::{Door, Ended};
use journeys::tables::due_table;
use journeys::{Deployed, now, rpps};
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

use crate::emergencies::{told, under_review};
use crate::vault::PHYSICIAN;

/// Steps after which the job is taken to be done, whatever it is.
const STEPS_MAX: u32 = 40;

/// The job in a process of its own.
async fn process(deployed: &Deployed, table: &str, endpoint: &str) -> Result<Process> {
    job(
        deployed,
        ("FollowUpFunction", "follow-up"),
        &[("ESPACE_FOLLOW_UPS_TABLE", table)],
        endpoint,
    )
    .await
}

/// A job in a process of its own, some of its environment changed.
pub(crate) async fn job(
    deployed: &Deployed,
    (function, binary): (&str, &str),
    changes: &[(&str, &str)],
    endpoint: &str,
) -> Result<Process> {
    let mut environment = deployed.stack.environment(&deployed.config, function).await?;
    environment.extend(owner_environment(endpoint));
    for (name, value) in changes {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Process::start(&target_directory().join("debug").join(binary), &environment).await
}

/// The stream's word of the one item that a table holds.
async fn written(dynamodb: &aws_sdk_dynamodb::Client, table: &str, hash: &str) -> Result<Value> {
    let left = dynamodb.scan().table_name(table).send().await?;
    let item = left.items().first().context("an item")?;
    let id = item.get(hash).and_then(|id| id.as_s().ok()).context("an id")?;
    let keys = json!({hash: {"S": id}});
    Ok(json!({"Records": [{"eventID": "e", "dynamodb": {"Keys": keys}}]}))
}

/// Whether a table is empty.
async fn is_empty(dynamodb: &aws_sdk_dynamodb::Client, table: &str) -> Result<bool> {
    Ok(dynamodb.scan().table_name(table).send().await?.items().is_empty())
}

#[tokio::test]
async fn killed_at_every_step_each_emergency_is_told_and_reviewed_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let name = format!("follow-ups-{}", &patient.space_id[..8]);
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    due_table(&dynamodb, &name, &["followUpId"]).await?;
    let changes = [("ESPACE_FOLLOW_UPS_TABLE", name.as_str())];
    let consent = deployed.consent(&changes, now()).await?;
    let urgent = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let cloud = deployed.api.system().aws.clone();
    let agent = deployed.api.support("A-20").await?;
    let (mut killed, mut emergencies) = (0, Vec::<Value>::new());
    'steps: for step in 0..STEPS_MAX {
        for after in [false, true] {
            let opened = consent.send("POST", &path, Some(&urgent), Some(&glass)).await?.ok()?;
            emergencies.push(opened);
            let left = dynamodb.scan().table_name(&name).send().await?;
            let word = left.items().first().context("a word of what was done")?;
            let id = word.get("followUpId").and_then(|id| id.as_s().ok()).context("an id")?;
            let keys = json!({"followUpId": {"S": id}});
            let event = json!({"Records": [{"eventID": "e", "dynamodb": {"Keys": keys}}]});
            let door = Door::open(&cloud, step, after).await?;
            let severed = process(&deployed, &name, &door.endpoint).await?;
            let ended = door.run(severed, event.clone()).await?;
            // The stream brings it again, or the sweep finds it: it is done once.
            let mut again = process(&deployed, &name, &cloud).await?;
            let answer = again.invoke(event).await?;
            again.stop().await?;
            ensure!(answer["errorMessage"].is_null(), "step {step}: {answer}");
            let left = dynamodb.scan().table_name(&name).send().await?;
            ensure!(left.items().is_empty(), "step {step}: {:?}", left.items());
            if let Ended::Answered(_) = ended {
                break 'steps;
            }
            killed += 1;
        }
    }
    // Word, space, keys, trace, choices, reason, contacts, the end: fewer would be a door
    // that never shut.
    assert!(killed >= 16, "killed {killed} times");
    let address = patient.invited.person.text("email");
    told(&deployed, address, "ouvert en urgence", emergencies.len()).await?;
    for access in &emergencies {
        under_review(&deployed, &agent, access, |_| true).await?;
    }
    // None is on its way twice.
    deployed.fire("delivery").await?;
    let mail = deployed.api.mail().await?;
    let theirs = mail.iter().filter(|m| m.to == address && m.body.contains("ouvert en urgence"));
    assert_eq!(theirs.count(), emergencies.len());
    Ok(())
}

#[tokio::test]
async fn killed_at_every_step_each_message_is_told_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let name = format!("follow-ups-{}", &patient.space_id[..8]);
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    due_table(&dynamodb, &name, &["followUpId"]).await?;
    let changes = [("ESPACE_FOLLOW_UPS_TABLE", name.as_str())];
    let messaging = deployed.messaging(&changes, now()).await?;
    let physician = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let path = format!("/v1/spaces/{}/threads", patient.space_id);
    let cloud = deployed.api.system().aws.clone();
    let (mut killed, mut messages) = (0, 0);
    'steps: for step in 0..STEPS_MAX {
        for after in [false, true] {
            let new = json!({"subject": format!("Sujet {messages}"), "body": "Bonjour"});
            messaging.send("POST", &path, Some(&physician), Some(&new)).await?.ok()?;
            messages += 1;
            let event = written(&dynamodb, &name, "followUpId").await?;
            let door = Door::open(&cloud, step, after).await?;
            let severed = process(&deployed, &name, &door.endpoint).await?;
            let ended = door.run(severed, event.clone()).await?;
            let mut again = process(&deployed, &name, &cloud).await?;
            let answer = again.invoke(event).await?;
            again.stop().await?;
            ensure!(answer["errorMessage"].is_null(), "step {step}: {answer}");
            ensure!(is_empty(&dynamodb, &name).await?, "step {step}");
            if let Ended::Answered(_) = ended {
                break 'steps;
            }
            killed += 1;
        }
    }
    assert!(killed >= 16, "killed {killed} times");
    let address = patient.invited.person.text("email");
    told(&deployed, address, "a écrit dans l’espace", messages).await?;
    deployed.fire("delivery").await?;
    let mail = deployed.api.mail().await?;
    let theirs = mail.iter().filter(|m| m.to == address && m.body.contains("a écrit dans"));
    assert_eq!(theirs.count(), messages, "each once");
    Ok(())
}

#[tokio::test]
async fn killed_at_every_step_each_answer_goes_out_under_its_own_id() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = crate::mssante::correspondent(&deployed).await?;
    let to = crate::mssante::address_of(&patient);
    let id = format!("{}@medecin.mssante.fr", rpps());
    let raw = crate::mssante::plain(&doctor.address, &to, &id, "Bonjour");
    let key = crate::mssante::put(&deployed, &doctor.address, raw.into_bytes()).await?;
    ensure!(crate::mssante::ended(&deployed, &key).await?.is_none());
    let thread = crate::mssante::conversation(&deployed, &patient, 1).await?;
    let thread = thread["threadId"].as_str().context("an id")?.to_owned();
    let dynamodb = aws_sdk_dynamodb::Client::new(&deployed.config);
    let (words, mails) = (
        format!("follow-ups-{}", &patient.space_id[..8]),
        format!("mails-{}", &patient.space_id[..8]),
    );
    due_table(&dynamodb, &words, &["followUpId"]).await?;
    due_table(&dynamodb, &mails, &["mailId"]).await?;
    let own = [("ESPACE_FOLLOW_UPS_TABLE", words.as_str()), ("ESPACE_MAILS_TABLE", mails.as_str())];
    let messaging = deployed.messaging(&own[..1], now()).await?;
    let cloud = deployed.api.system().aws.clone();
    let path = format!("/v1/spaces/{}/threads/{thread}/messages", patient.space_id);
    let mut killed = 0;
    let mut numbers = Vec::new();
    'steps: for step in 0..STEPS_MAX {
        for after in [false, true] {
            let number = numbers.len() + 2;
            numbers.push(number);
            let answer = json!({"body": format!("Réponse {number}")});
            messaging.send("POST", &path, Some(&patient.token), Some(&answer)).await?.ok()?;
            let event = written(&dynamodb, &words, "followUpId").await?;
            let follow_up = ("FollowUpFunction", "follow-up");
            let mut follows = job(&deployed, follow_up, &own, &cloud).await?;
            let answer = follows.invoke(event).await?;
            follows.stop().await?;
            ensure!(answer["errorMessage"].is_null(), "{answer}");
            let event = written(&dynamodb, &mails, "mailId").await?;
            let door = Door::open(&cloud, step, after).await?;
            let bridge = ("MssanteFunction", "mssante");
            let severed = job(&deployed, bridge, &own[1..], &door.endpoint).await?;
            let ended = door.run(severed, event.clone()).await?;
            let mut again = job(&deployed, bridge, &own[1..], &cloud).await?;
            again.invoke(event.clone()).await?;
            // Taken by the one that was killed, it is due again after a while.
            let later = journeys::in_days(1).now();
            let swept = json!({"id": "b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12", "time": format!("{later:.0}")});
            let answer = again.invoke(swept).await?;
            again.stop().await?;
            ensure!(answer["errorMessage"].is_null(), "step {step}: {answer}");
            ensure!(is_empty(&dynamodb, &mails).await?, "step {step}: a mail was left");
            if let Ended::Answered(_) = ended {
                break 'steps;
            }
            killed += 1;
        }
    }
    assert!(killed >= 10, "killed {killed} times");
    let mail = deployed.api.mail().await?;
    for number in numbers {
        let id = format!("Message-ID: <{thread}.{number}@");
        let out = mail.iter().filter(|m| m.to == doctor.address && m.body.contains(&id)).count();
        // A kill after it went, and before that was written down, sends it again: once.
        assert!((1..=2).contains(&out), "message {number} went {out} times");
    }
    Ok(())
}
