//! Ten years after: a dry run counts, an operator releases that count, what is due goes and
//! nothing else does. Spaces are closed here as of years ago, so that they are due before any
//! that another test closes.

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::HEXLOWER;
use espace_domain::RunId;
use espace_storage::Run;
use jiff::{Timestamp, ToSpan};
use journeys::severed::{Door, Ended};
use journeys::{Deployed, PASSWORD, Patient, in_days, now};
use local_cloud::jobs::{fire, runs};
use serde_json::{Value, json};

use crate::erasing::{Item, contents, raw};
use crate::follow_up_kills::job;
use crate::vault::{OWN, deposit, entry, pdf};

/// The job.
const PURGE: &str = "retention-purge";
/// Its function and binary.
const BINARY: (&str, &str) = ("RetentionPurgeFunction", "retention-purge");
/// Steps after which the job is taken to be done, whatever it is.
const STEPS_MAX: u32 = 40;

/// A space with a document, closed some days ago: as its holder would have then.
async fn closed_ago(deployed: &Deployed, days: i64) -> Result<Patient> {
    let patient = deployed.patient().await?;
    let mine = entry(OWN, "Ancien compte rendu");
    deposit(deployed, &patient.token, &patient.space_id, &mine, pdf("ancien")).await?.ok()?;
    let then = in_days(-days);
    let token = deployed.token_as_of(&patient.token, then.as_ref()).await?;
    let address = patient.invited.person.text("email");
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("FERMER");
    let space = deployed.space(&[], then).await?;
    let path = format!("/v1/spaces/{}/closure", patient.space_id);
    let closed = space.send("POST", &path, Some(&token), Some(&body)).await?;
    ensure!(closed.status == 202, "{}", closed.json());
    Ok(patient)
}

/// When a space that was closed some days ago is due.
fn due(days: i64) -> Result<Timestamp> {
    let closed = in_days(-days).now().to_zoned(jiff::tz::TimeZone::UTC);
    Ok(closed.checked_add(10.years())?.timestamp())
}

/// Counts what is due, without erasing any of it.
async fn plan(deployed: &Deployed, as_of: Timestamp) -> Result<(Run, u64)> {
    let run = fire(&deployed.config, &deployed.stack, PURGE, as_of, |_| {}).await?;
    let run = run.context("a run")?;
    let runs = runs(&deployed.config, &deployed.stack)?;
    let mut sum = 0;
    for shard in 0..run.shards {
        let counted: Value = runs.result(&run.run_id, shard).await?.context("a count")?;
        sum += ["spaces", "traces"].iter().filter_map(|kind| counted[*kind].as_u64()).sum::<u64>();
    }
    Ok((run, sum))
}

async fn release(deployed: &Deployed, run: &RunId, count: u64) -> Result<Run> {
    let asked = json!({"release": {"runId": run, "count": count}});
    deployed.order(PURGE, asked).await?.context("a run")
}

/// Everything raw of some spaces, by name and hash, in a fixed order; but for what the anchor
/// of every night adds.
pub(crate) async fn everything(deployed: &Deployed, spaces: &[&Patient]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for space in spaces {
        for (table, mut item) in raw(deployed, &space.space_id).await? {
            item.retain(|name, _| !["unanchored", "grown"].contains(&name.as_str()));
            let entry = text(&item, "entry").unwrap_or_default().to_owned();
            if table == "TracesTable" && entry.starts_with("anchor.") {
                continue;
            }
            let whole = AttributeValue::M(item);
            all.push(format!("{table} {entry} {}", hash(canonical(&whole).as_bytes())));
        }
        let contents = contents(deployed, &space.space_id).await?;
        all.extend(contents.iter().map(|(key, bytes)| format!("{key} {}", hash(bytes))));
    }
    all.sort_unstable();
    Ok(all)
}

/// The text of a value, the same for the same value.
fn canonical(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let mut parts: Vec<_> =
                map.iter().map(|(name, value)| format!("{name}={}", canonical(value))).collect();
            parts.sort_unstable();
            parts.join("\n")
        }
        other => format!("{other:?}"),
    }
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

/// The raw item of a space.
async fn item(deployed: &Deployed, patient: &Patient) -> Result<Option<Item>> {
    let raw = raw(deployed, &patient.space_id).await?;
    Ok(raw.into_iter().find(|(table, _)| *table == "SpacesTable").map(|(_, item)| item))
}

fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute).and_then(|value| value.as_s().ok()).map(String::as_str)
}

#[tokio::test]
async fn what_is_due_goes_once_its_count_is_released_and_nothing_else_does() -> Result<()> {
    let deployed = Deployed::load().await?;
    let ago = 5 * 365;
    let old = [closed_ago(&deployed, ago).await?, closed_ago(&deployed, ago).await?];
    let held = closed_ago(&deployed, ago).await?;
    deployed.order(PURGE, json!({"hold": {"spaceId": held.space_id}})).await?;
    let (younger, living) = (closed_ago(&deployed, ago - 3).await?, deployed.patient().await?);
    let control = [&held, &younger, &living];
    let whole: Vec<_> = old.iter().collect();
    let (before, unchanged) =
        (everything(&deployed, &whole).await?, everything(&deployed, &control).await?);

    // A day early nothing goes, released or not.
    let early = due(ago)?.checked_sub(24.hours())?;
    let (run, count) = plan(&deployed, early).await?;
    release(&deployed, &run.run_id, count).await?;
    assert_eq!(everything(&deployed, &whole).await?, before);

    // A day late it is counted, and still there.
    let late = due(ago)?.checked_add(24.hours())?;
    let (run, count) = plan(&deployed, late).await?;
    assert!(count >= 2, "{count} are due");
    assert_eq!(everything(&deployed, &whole).await?, before, "a dry run");
    let wrong = release(&deployed, &run.run_id, count + 1).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("not what was counted")));
    assert_eq!(everything(&deployed, &whole).await?, before);
    let done = release(&deployed, &run.run_id, count).await?;
    assert!(done.processed >= 2, "{}", done.processed);
    for space in &old {
        let left = item(&deployed, space).await?.context("its state")?;
        assert_eq!(text(&left, "state"), Some("erased"));
    }
    deployed.fire_as_of("erasure", now().now().checked_add(16.minutes())?).await?;
    for space in &old {
        let left = raw(&deployed, &space.space_id).await?;
        let kinds = ["SpacesTable", "SpaceKeysTable", "TracesTable"];
        assert!(left.iter().all(|(table, _)| kinds.contains(table)), "{left:?}");
        assert!(contents(&deployed, &space.space_id).await?.is_empty());
    }

    // Its traces are as old as its closing: they are counted and released by themselves.
    let (run, count) = plan(&deployed, late).await?;
    assert!(count >= 2, "{count} are due");
    release(&deployed, &run.run_id, count).await?;
    assert_eq!(everything(&deployed, &whole).await?, Vec::<String>::new());
    assert_eq!(everything(&deployed, &control).await?, unchanged, "byte for byte");

    // What no authority holds any more goes with the next count.
    deployed.order(PURGE, json!({"lift": {"spaceId": held.space_id}})).await?;
    let (run, count) = plan(&deployed, late).await?;
    release(&deployed, &run.run_id, count).await?;
    let left = item(&deployed, &held).await?.context("its state")?;
    assert_eq!(text(&left, "state"), Some("erased"));
    Ok(())
}

/// One shard's message of a real run.
fn message(run: &RunId, as_of: Timestamp, shard: &str, left: &Value) -> Result<Value> {
    let shard: u8 = shard.parse()?;
    let body = json!({"runId": run, "asOf": format!("{as_of:.0}"), "shard": shard,
        "work": "purge", "left": left, "from": null});
    Ok(json!({"Records": [{"messageId": "m", "body": body.to_string()}]}))
}

/// Works on a space until it is as `is_done` says, killed at every step in turn, each on
/// another space; gives how often it was killed.
async fn killed(
    deployed: &Deployed,
    spaces: &[Patient],
    (as_of, left): (Timestamp, Value),
    is_done: impl Fn(Option<&Item>) -> bool,
) -> Result<u32> {
    let cloud = deployed.api.system().aws.clone();
    let runs = runs(&deployed.config, &deployed.stack)?;
    let mut spaces = spaces.iter();
    for step in 0..STEPS_MAX {
        // One that shares its shard with another went with that one.
        let (space, shard) = loop {
            let space = spaces.next().context("another space")?;
            let found = item(deployed, space).await?;
            if let Some(found) = found.filter(|found| !is_done(Some(found))) {
                break (space, found);
            }
        };
        let shard = text(&shard, "purgeShard").context("its shard")?.to_owned();
        let (_, run) = local_cloud::jobs::new_event();
        runs.begin(&run, PURGE, as_of, 1, now().now()).await?;
        let event = message(&run, as_of, &shard, &left)?;
        let door = Door::open(&cloud, step, step % 2 == 1).await?;
        let severed = job(deployed, BINARY, &[], &door.endpoint).await?;
        let ended = door.run(severed, event.clone()).await?;
        // The queue brings it again.
        let mut again = job(deployed, BINARY, &[], &cloud).await?;
        let answer = again.invoke(event).await?;
        again.stop().await?;
        ensure!(answer["batchItemFailures"] == json!([]), "step {step}: {answer}");
        let is_now = item(deployed, space).await?;
        ensure!(is_done(is_now.as_ref()), "step {step}: {is_now:?}");
        if let Ended::Answered(_) = ended {
            return Ok(step);
        }
    }
    Ok(STEPS_MAX)
}

#[tokio::test]
async fn killed_at_every_step_each_space_is_erased_once_and_forgotten_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let ago = 8 * 365;
    let mut spaces = Vec::new();
    for _ in 0..20 {
        spaces.push(closed_ago(&deployed, ago).await?);
    }
    let as_of = due(ago)?.checked_add(24.hours())?;
    let all = json!({"spaces": 1_000, "traces": 0, "held": 0});
    let is_erased = |item: Option<&Item>| item.is_some_and(|i| text(i, "state") == Some("erased"));
    let times = killed(&deployed, &spaces, (as_of, all), is_erased).await?;
    // The index, the space, its trace key twice, the write, the run: fewer would be a door that
    // never shut.
    assert!(times >= 6, "killed {times} times");
    // The rest goes with a run of its own; each has its traces still.
    let (run, count) = plan(&deployed, as_of).await?;
    release(&deployed, &run.run_id, count).await?;
    deployed.fire_as_of("erasure", now().now().checked_add(16.minutes())?).await?;
    for space in &spaces {
        let left = raw(&deployed, &space.space_id).await?;
        let traces = left.iter().filter(|(table, _)| *table == "TracesTable").count();
        assert!(traces >= 3, "a deposit, a closing, an erasure: {traces}");
    }
    let all = json!({"spaces": 0, "traces": 1_000, "held": 0});
    let times = killed(&deployed, &spaces, (as_of, all), |item| item.is_none()).await?;
    assert!(times >= 5, "killed {times} times");
    Ok(())
}
