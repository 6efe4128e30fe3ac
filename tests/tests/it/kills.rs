//! Killed at random points, a campaign and an automatic opening lose nobody and
//! do nothing twice. The test is the only worker of a stack of its own: it hands
//! each message to the deployed binary and kills it (SIGKILL) while it works.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use espace_domain::{CampaignId, Clock, SystemClock};
use espace_storage::{Aws, Campaigns, Environment};
use jiff::Timestamp;
use journeys::Deployed;
use local_cloud::bench::owner_environment;
use local_cloud::jobs::{event, new_event};
use local_cloud::people;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

/// People of a run.
const PEOPLE: usize = 300;
/// Kills of each job, unless `ESPACE_KILLS` says otherwise.
const KILLS: u32 = 5;
/// Messages handled before a test gives up.
const MESSAGES_MAX: u32 = 2_000;

/// Kills asked for.
#[expect(clippy::disallowed_methods, reason = "the test's own setting, not a function's")]
fn kills() -> u32 {
    std::env::var("ESPACE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS)
}

/// A worker of one function's queue.
struct Worker {
    binary: PathBuf,
    environment: HashMap<String, String>,
    queue: String,
    sqs: aws_sdk_sqs::Client,
    kills_left: u32,
    killed: u32,
}

impl Worker {
    async fn new(deployed: &Deployed, function: &str, binary: &str, queue: &str) -> Result<Self> {
        let mut environment = deployed.stack.environment(&deployed.config, function).await?;
        let queue = environment.get(queue).context("a queue")?.clone();
        environment.extend(owner_environment(&deployed.api.system().aws));
        Ok(Self {
            binary: target_directory().join("debug").join(binary),
            environment,
            queue,
            sqs: aws_sdk_sqs::Client::new(&deployed.config),
            kills_left: kills(),
            killed: 0,
        })
    }

    /// Hands one event to a fresh process, killing it while kills are left.
    /// `true` when the work was finished.
    async fn run(&mut self, event: Value) -> Result<bool> {
        let mut process = Process::start(&self.binary, &self.environment).await?;
        if self.kills_left > 0 {
            self.kills_left -= 1;
            // Another moment each time: from before the first call to late.
            let nanosecond = SystemClock.now().as_nanosecond();
            let life = 20 + u64::try_from(nanosecond / 1_000 % 900).unwrap_or(0);
            let finished = process.invoke_and_kill(event, Duration::from_millis(life)).await?;
            self.killed += u32::from(!finished);
            self.kills_left += u32::from(finished);
            return Ok(finished);
        }
        let answer = process.invoke(event).await?;
        process.stop().await?;
        Ok(answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty))
    }

    /// Takes one message and works on it; `false` when there was none. A
    /// message whose work was not finished comes again.
    async fn next(&mut self) -> Result<bool> {
        let received =
            self.sqs.receive_message().queue_url(&self.queue).visibility_timeout(1).send().await?;
        let Some(message) = received.messages().first() else { return Ok(false) };
        let event = json!({"Records": [{
            "messageId": message.message_id(), "body": message.body(),
        }]});
        if !self.run(event).await? {
            // Delivered again, as the queue would: by a copy, so that the many
            // kills of one message do not send it to the dead letters.
            self.sqs
                .send_message()
                .queue_url(&self.queue)
                .message_body(message.body().unwrap_or_default())
                .send()
                .await?;
        }
        self.sqs
            .delete_message()
            .queue_url(&self.queue)
            .receipt_handle(message.receipt_handle().unwrap_or_default())
            .send()
            .await?;
        Ok(true)
    }
}

#[tokio::test]
async fn killed_at_random_points_nobody_is_lost_or_done_twice() -> Result<()> {
    let house = age::x25519::Identity::generate();
    let recipient = house.to_public().to_string();
    let changes = [("MailingHouseKey", recipient.as_str())];
    let deployed = Deployed::load().await?.alone_with("kills", &changes).await?;
    feed(&deployed).await?;
    print(&deployed, &house).await?;
    open(&deployed).await
}

/// The campaign.
async fn feed(deployed: &Deployed) -> Result<()> {
    let values = deployed.stack.environment(&deployed.config, "CampaignIntakeFunction").await?;
    let bucket = values["ESPACE_CAMPAIGNS_BUCKET"].clone();
    let mut environment = Environment::from_values(values);
    let campaigns = Campaigns::new(&Aws::from_config(deployed.config.clone()), &mut environment);
    let campaign = CampaignId::from_bytes([9; 16]);
    let now = SystemClock.now();
    campaigns.create(campaign.clone(), "Essai".into(), now, now).await?;
    let people = people::file(people::People::new(41), PEOPLE);
    aws_sdk_s3::Client::new(&deployed.config)
        .put_object()
        .bucket(&bucket)
        .key(format!("campaigns/{campaign}.ndjson"))
        .body(people.into())
        .send()
        .await?;
    let mut worker =
        Worker::new(deployed, "CampaignIntakeFunction", "campaign-intake", "ESPACE_INTAKE_QUEUE")
            .await?;
    for _ in 0..MESSAGES_MAX {
        if !worker.next().await? {
            let status = campaigns.find(&campaign).await?.context("the campaign")?;
            if status.state == espace_storage::CampaignState::Completed {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let status = campaigns.find(&campaign).await?.context("the campaign")?;
    ensure!(worker.killed >= kills(), "only {} kills", worker.killed);
    let expected = u64::try_from(PEOPLE)?;
    assert_eq!((status.lines, status.invited, status.rejected), (expected, expected, 0));
    assert_eq!(deployed.count("PersonsTable").await?, PEOPLE);
    assert_eq!(deployed.count("OutboxTable").await?, PEOPLE);
    Ok(())
}

/// The automatic opening, as of seven weeks later.
async fn open(deployed: &Deployed) -> Result<()> {
    let queue = "ESPACE_AUTO_CREATION_QUEUE";
    let mut worker = Worker::new(deployed, "AutoCreationFunction", "auto-creation", queue).await?;
    let (event_id, run_id) = new_event();
    let later = Timestamp::from_second(SystemClock.now().as_second() + 49 * 86_400)?;
    // The schedule's event, delivered until it is taken.
    while !worker.run(event(&event_id, later)).await? {}
    worker.kills_left = kills();
    for _ in 0..MESSAGES_MAX {
        if !worker.next().await? {
            let runs = local_cloud::jobs::runs(&deployed.config, &deployed.stack)?;
            let run = runs.find(&run_id).await?.context("the run")?;
            if run.shards_done == run.shards {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    ensure!(worker.killed >= kills(), "only {} kills", worker.killed);
    assert_eq!(deployed.count("SpacesTable").await?, PEOPLE);
    assert_eq!(deployed.count("SpaceKeysTable").await?, 2 * PEOPLE);
    // One invitation and one word of the opening each.
    assert_eq!(deployed.count("OutboxTable").await?, 2 * PEOPLE);
    let held = deployed.items("PersonsTable").await?;
    assert!(held.iter().all(|item| item["state"].as_s().is_ok_and(|state| state == "held")));
    Ok(())
}

/// The letters of the campaign: each is in one batch, once.
async fn print(deployed: &Deployed, house: &age::x25519::Identity) -> Result<()> {
    let later = Timestamp::from_second(SystemClock.now().as_second() + 600)?;
    let delivery = deployed.stack.environment(&deployed.config, "DeliveryFunction").await?;
    let mut environment = delivery;
    environment.extend(owner_environment(&deployed.api.system().aws));
    let binary = target_directory().join("debug/delivery");
    let mut process = Process::start(&binary, &environment).await?;
    process.invoke(event(&new_event().0, later)).await?;
    process.stop().await?;
    let letters = waiting_letters(deployed).await?;
    ensure!(letters > 5, "only {letters} letters");

    let queue = "ESPACE_PRINT_QUEUE";
    let mut worker = Worker::new(deployed, "PrintingFunction", "printing", queue).await?;
    for _ in 0..MESSAGES_MAX {
        worker.run(json!({"Records": [{"messageId": "m", "body": "{}"}]})).await?;
        forget_lease(deployed).await?;
        // Printed before the last kills: those have no work left to interrupt.
        if waiting_letters(deployed).await? == 0 {
            break;
        }
    }
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("PrintBucket")?;
    let mut printed = Vec::new();
    for object in s3.list_objects_v2().bucket(bucket).send().await?.contents() {
        let key = object.key().unwrap_or_default();
        if !key.ends_with("index.ndjson.age") {
            continue;
        }
        let body = s3.get_object().bucket(bucket).key(key).send().await?.body.collect().await?;
        let index = age::decrypt(house, &body.into_bytes())?;
        for line in std::str::from_utf8(&index)?.lines() {
            let line: Value = serde_json::from_str(line)?;
            printed.push(line["letterId"].as_str().context("a letter")?.to_owned());
        }
    }
    let count = printed.len();
    printed.sort();
    printed.dedup();
    assert_eq!((count, printed.len()), (letters, letters), "each letter once");
    Ok(())
}

/// Letters that are not on paper yet.
async fn waiting_letters(deployed: &Deployed) -> Result<usize> {
    let items = deployed.items("OutboxTable").await?;
    let waits = |state: &String| state == "toPrint";
    Ok(items.iter().filter(|item| item["state"].as_s().is_ok_and(waits)).count())
}

/// The right of a killed run ends by itself after a quarter of an hour; here at
/// once.
async fn forget_lease(deployed: &Deployed) -> Result<()> {
    use aws_sdk_dynamodb::types::AttributeValue;
    aws_sdk_dynamodb::Client::new(&deployed.config)
        .delete_item()
        .table_name(deployed.stack.output("RunsTable")?)
        .key("runId", AttributeValue::S("lease".to_owned()))
        .key("part", AttributeValue::S("printing".to_owned()))
        .send()
        .await?;
    Ok(())
}
