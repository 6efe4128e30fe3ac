//! A campaign's file takes no more memory for being a thousand times longer.

use anyhow::{Context, Result};
use espace_domain::{CampaignId, Clock, SystemClock};
use espace_storage::{Aws, Campaigns, Environment};
use journeys::Deployed;
use local_cloud::bench::owner_environment;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::json;

/// Lines of the short file, and how many times more the long one has.
const LINES: usize = 300;
const TIMES: usize = 1_000;
/// What the planner may take more for the long file, kilobytes: buffers of the
/// network, not lines.
const MORE_KB: u64 = 16 * 1_024;

/// Plans a file of so many lines in a fresh process; gives its peak memory.
async fn plan(deployed: &Deployed, number: u8, lines: usize) -> Result<u64> {
    let values = deployed.stack.environment(&deployed.config, "CampaignIntakeFunction").await?;
    let bucket = values["ESPACE_CAMPAIGNS_BUCKET"].clone();
    let mut environment = values.clone();
    environment.extend(owner_environment(&deployed.api.system().aws));
    let aws = Aws::from_config(deployed.config.clone());
    let campaigns = Campaigns::new(&aws, &mut Environment::from_values(values));
    let campaign = CampaignId::from_bytes([number; 16]);
    let now = SystemClock.now();
    campaigns.create(campaign.clone(), "Mémoire".into(), now, now).await?;
    let key = format!("campaigns/{campaign}.ndjson");
    aws_sdk_s3::Client::new(&deployed.config)
        .put_object()
        .bucket(&bucket)
        .key(&key)
        .body(format!("{}\n", "x".repeat(99)).repeat(lines).into_bytes().into())
        .send()
        .await?;
    let arrival = json!({"Records": [{"s3": {"object": {"key": key}}}]});
    let event = json!({"Records": [{"messageId": "m", "body": arrival.to_string()}]});
    let binary = target_directory().join("debug/campaign-intake");
    let mut process = Process::start(&binary, &environment).await?;
    let answer = process.invoke(event).await?;
    assert_eq!(answer["batchItemFailures"], json!([]));
    let peak = process.resident_kb().context("the process's memory")?;
    process.stop().await?;
    let planned = campaigns.find(&campaign).await?.context("the campaign")?;
    assert_eq!(planned.lines, u64::try_from(lines)?);
    assert!(planned.planned);
    Ok(peak)
}

#[tokio::test]
async fn a_file_a_thousand_times_longer_takes_no_more_memory() -> Result<()> {
    let deployed = Deployed::load().await?.alone("memory").await?;
    let short = plan(&deployed, 1, LINES).await?;
    let long = plan(&deployed, 2, LINES * TIMES).await?;
    assert!(long < short + MORE_KB, "{short} kB for {LINES} lines, {long} kB for {TIMES} × more");
    Ok(())
}
