//! Killed at every step of a message, and sent again under its key: it is there once, in one
//! order, and what is unread is right. Many who write at once are all heard, in one order.

use anyhow::{Context, Result, ensure};
use journeys::severed::{Door, Ended};
use journeys::{Deployed, rpps};
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

use crate::messages::{open, read, threads, write};
use crate::vault::PHYSICIAN;

/// Steps after which the function is taken to be done, whatever it is.
const STEPS_MAX: u32 = 40;
/// Who write at once, on each side.
const WRITERS: usize = 6;

/// The function in a process of its own.
async fn process(deployed: &Deployed, endpoint: &str) -> Result<Process> {
    let function = "MessagingFunction";
    let mut environment = deployed.stack.environment(&deployed.config, function).await?;
    environment.extend(owner_environment(endpoint));
    Process::start(&target_directory().join("debug/messaging"), &environment).await
}

/// A request as the gateway hands it to a function.
fn event(path: &str, resource: &str, token: &str, key: &str, body: &Value) -> Value {
    json!({
        "resource": resource, "path": path, "httpMethod": "POST",
        "headers": {
            "authorization": format!("Bearer {token}"), "content-type": "application/json",
            "idempotency-key": key, "host": "api",
        },
        "multiValueHeaders": {
            "authorization": [format!("Bearer {token}")], "content-type": ["application/json"],
            "idempotency-key": [key], "host": ["api"],
        },
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "0", "resourceId": "r", "stage": "v", "requestId": "r",
            "identity": {"sourceIp": "127.0.0.1"}, "resourcePath": resource,
            "httpMethod": "POST", "apiId": "a",
        },
        "body": body.to_string(), "isBase64Encoded": false,
    })
}

/// The messages of a conversation, by number; each number once, from 1, none left out.
async fn said(deployed: &Deployed, token: &str, thread: &str) -> Result<Vec<String>> {
    let (mut bodies, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(deployed, token, &format!("{thread}?limit=7{cursor}")).await?;
        for message in page["messages"]["items"].as_array().context("messages")? {
            let number = message["number"].as_u64().context("a number")?;
            ensure!(number == bodies.len() as u64 + 1, "{number} after {}", bodies.len());
            bodies.push(message["body"].as_str().context("a body")?.to_owned());
        }
        match page["messages"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(bodies),
        }
    }
}

#[tokio::test]
async fn killed_at_every_step_each_message_is_there_once_and_in_order() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let physician = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let thread = open(&deployed, &physician, space).await?;
    let path = format!("{thread}/messages");
    let template = "/v1/spaces/{spaceId}/threads/{threadId}/messages";
    let cloud = deployed.api.system().aws.clone();
    let mut expected = vec!["Comment allez-vous ?".to_owned()];
    let mut killed = 0;
    'steps: for step in 0..STEPS_MAX {
        for after in [false, true] {
            let number = expected.len();
            let text = format!("Réponse {number}");
            let body = json!({"body": text});
            let key = format!("kill-{number}");
            let sent = event(&path, template, &patient.token, &key, &body);
            let door = Door::open(&cloud, step, after).await?;
            let severed = process(&deployed, &door.endpoint).await?;
            let ended = door.run(severed, sent.clone()).await?;
            // What is there is whole: unread is what is there to be read.
            let there = said(&deployed, &physician, &thread).await?;
            let unread = read(&deployed, &physician, &thread).await?["unread"].as_u64();
            ensure!(unread == Some(there.len() as u64 - 1), "step {step}: {unread:?}");
            // Sent again by who heard nothing.
            let mut again = process(&deployed, &cloud).await?;
            let answer = again.invoke(sent).await?;
            again.stop().await?;
            ensure!(answer["statusCode"] == 201, "step {step}: {answer}");
            expected.push(text);
            let there = said(&deployed, &physician, &thread).await?;
            ensure!(there == expected, "step {step}: {there:?}");
            ensure!(said(&deployed, &patient.token, &thread).await? == expected, "step {step}");
            if let Ended::Answered(_) = ended {
                break 'steps;
            }
            killed += 1;
        }
    }
    // Keys, what it rests on, the counter, the write: fewer would be a door that never shut.
    assert!(killed >= 8, "killed {killed} times");
    Ok(())
}

#[tokio::test]
async fn many_who_write_at_once_are_all_heard_in_one_order() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let structure = format!("79{}", &rpps()[..7]);
    let mut writers = vec![patient.token.clone()];
    for _ in 1..WRITERS {
        let number = rpps();
        writers.push(deployed.api.professional_at(&number, PHYSICIAN, None, &structure).await?);
    }
    let thread = open(&deployed, &writers[1], space).await?;
    let said_by = |writer: usize, turn: usize| format!("{writer} dit {turn}");
    let write_all = |writer: usize| {
        let (deployed, token, thread) = (deployed.clone(), writers[writer].clone(), thread.clone());
        async move {
            for turn in 0..4 {
                let sent = write(&deployed, &token, &thread, &said_by(writer, turn)).await?;
                ensure!(sent.status == 201, "{}", sent.json());
            }
            Ok::<_, anyhow::Error>(())
        }
    };
    futures_util::future::try_join_all((0..WRITERS).map(write_all)).await?;
    let there = said(&deployed, &patient.token, &thread).await?;
    assert_eq!(there.len(), 1 + 4 * WRITERS);
    for writer in 0..WRITERS {
        let theirs: Vec<_> =
            there.iter().filter(|body| body.starts_with(&format!("{writer} dit"))).collect();
        let expected: Vec<_> = (0..4).map(|turn| said_by(writer, turn)).collect();
        assert!(theirs.iter().copied().eq(&expected), "{theirs:?}");
    }
    assert_eq!(said(&deployed, &writers[1], &thread).await?, there);
    let list = deployed.api.get(&threads(space), Some(&patient.token)).await?.ok()?;
    let by_care = there.iter().filter(|body| !body.starts_with("0 dit")).count();
    assert_eq!(list["items"][0]["unread"], by_care);
    assert!(patient.verified(&deployed).await?);
    Ok(())
}
