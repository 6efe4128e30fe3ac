//! Firing scheduled jobs as their schedule would, as of any time, and waiting
//! for the run to end. Must not know what a job does.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_config::SdkConfig;
use aws_lc_rs::rand;
use aws_sdk_lambda::primitives::Blob;
use data_encoding::HEXLOWER;
use espace_domain::RunId;
use espace_storage::{Aws, Environment, Run, Runs};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::deploy::Stack;

/// The jobs that can be fired, and the output that names their function.
pub const JOBS: [(&str, &str); 14] = [
    ("anchor", "AnchorFunction"),
    ("auto-creation", "AutoCreationFunction"),
    ("delivery", "DeliveryFunction"),
    ("erasure", "ErasureFunction"),
    ("export", "ExportFunction"),
    ("follow-up", "FollowUpFunction"),
    ("import", "ImportFunction"),
    ("ingest", "IngestFunction"),
    ("mssante", "MssanteFunction"),
    ("retention-purge", "RetentionPurgeFunction"),
    ("reveal", "RevealFunction"),
    ("sweep", "SweepFunction"),
    ("printing", "PrintingFunction"),
    ("majority", "MajorityFunction"),
];
/// How long a run may take, in fifths of a second.
const RUN_FIFTHS: u32 = 5 * 3_600;

/// Fires a job as of `as_of` and waits until it has finished.
pub async fn fire(
    config: &SdkConfig,
    stack: &Stack,
    job: &str,
    as_of: Timestamp,
    progress: impl Fn(&Run),
) -> Result<Option<Run>> {
    order(config, stack, job, as_of, json!({}), progress).await
}

/// Fires a job with what an operator asks of it, and waits until it has finished.
pub async fn order(
    config: &SdkConfig,
    stack: &Stack,
    job: &str,
    as_of: Timestamp,
    detail: Value,
    progress: impl Fn(&Run),
) -> Result<Option<Run>> {
    let output = JOBS.iter().find(|(name, _)| *name == job).map(|(_, output)| *output);
    let Some(output) = output else {
        let known: Vec<_> = JOBS.iter().map(|(name, _)| *name).collect();
        bail!("no job `{job}`; there are {}", known.join(", "));
    };
    let (event_id, run_id) = new_event();
    let mut event = event(&event_id, as_of);
    // What does not begin a run ends in the event itself.
    let begins =
        detail.as_object().is_none_or(|asked| asked.is_empty() || asked.contains_key("release"));
    event["detail"] = detail;
    let answer = aws_sdk_lambda::Client::new(config)
        .invoke()
        .function_name(stack.output(output)?)
        .payload(Blob::new(event.to_string()))
        .send()
        .await
        .context("the job could not be fired")?;
    let payload = answer.payload().map(|p| String::from_utf8_lossy(p.as_ref()).into_owned());
    ensure!(answer.function_error().is_none(), "{job}: {}", payload.unwrap_or_default());
    if !begins || !["auto-creation", "anchor", "retention-purge", "reveal", "sweep"].contains(&job)
    {
        // The others finish their work in the event itself.
        return Ok(None);
    }
    let runs = runs(config, stack)?;
    for _ in 0..RUN_FIFTHS {
        let run = runs.find(&run_id).await?.context("the run was not begun")?;
        progress(&run);
        if run.shards_done >= run.shards {
            return Ok(Some(run));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("the run is not finished after {} s", RUN_FIFTHS / 5)
}

/// A schedule's event.
pub fn event(event_id: &str, as_of: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": format!("{as_of:.0}"),
        "detail": {},
    })
}

/// A new event's id, and the run it names.
pub fn new_event() -> (String, RunId) {
    let mut bytes = [0; 16];
    #[expect(clippy::disallowed_methods, reason = "a tool's own event names")]
    let drawn = rand::fill(&mut bytes);
    debug_assert!(drawn.is_ok(), "the system has no randomness");
    let hex = HEXLOWER.encode(&bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let text: Vec<_> = parts.into_iter().filter_map(|part| hex.get(part)).collect();
    (text.join("-"), RunId::from_bytes(bytes))
}

/// The runs of a stack.
pub fn runs(config: &SdkConfig, stack: &Stack) -> Result<Runs> {
    let table = stack.output("RunsTable")?.to_owned();
    let values = [("ESPACE_RUNS_TABLE".to_owned(), table)].into();
    let mut environment = Environment::from_values(values);
    Ok(Runs::new(&Aws::from_config(config.clone()), &mut environment))
}
