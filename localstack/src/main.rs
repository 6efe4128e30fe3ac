//! The tool behind `cargo xtask run`, `campaign`, `job`, `token`, `people`.
#![expect(clippy::print_stderr, reason = "progress is shown where the developer looks")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use espace_domain::{Clock, SystemClock};
use jiff::Timestamp;
use local_cloud::api::Api;
use local_cloud::backend::Kind;
use local_cloud::run::{Options, RunningSystem, reach};
use local_cloud::system::{System, local_directory, target_directory};
use local_cloud::{bench, import_dmp, jobs, owner, people, print, say, seed, template, verify_log};

/// How long a campaign may take, seconds.
const CAMPAIGN_S: u32 = 6 * 3_600;
/// How long it is watched with one token, seconds.
const WAIT_S: u32 = 480;

#[derive(Parser)]
#[command(name = "local-cloud", about = "The local cloud and the tools that drive a system")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a whole system and waits until it is stopped.
    Run {
        #[arg(long, value_enum, default_value = "ministack")]
        backend: Kind,
        /// The system's folder under target/local.
        #[arg(long, default_value = "run")]
        name: String,
        /// The folder of the built functions.
        #[arg(long)]
        binaries: Option<PathBuf>,
        /// Do not feed the people of the demo.
        #[arg(long)]
        bare: bool,
    },
    /// Feeds a campaign file and waits until everyone is written to.
    Campaign {
        file: PathBuf,
        /// When the campaign was sent; now unless given.
        #[arg(long)]
        sent_at: Option<Timestamp>,
    },
    /// Fires a scheduled job as of a time and waits until it has finished.
    Job {
        name: String,
        #[arg(long)]
        as_of: Option<Timestamp>,
    },
    /// Prints a token of ours: `citizen:<login>`,
    /// `professional:<rpps>:<profession>[:<specialty>[:<structure>]]`, `support:<agent>`, `insurer`.
    Token { who: String },
    /// Measures the running system: `campaign`, `cold-start`, or both.
    Bench { what: Vec<String> },
    /// Deposits a folder of documents as the insurer, resumable: `index.ndjson` says of each
    /// whose it is, its file, and its entry.
    ImportDmp { folder: PathBuf },
    /// Feeds the trust space of secure mail: domains and mailboxes, a JSON object a line.
    TrustSpace { file: PathBuf },
    /// Verifies a downloaded access log (its parts in order), offline.
    VerifyLog {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The anchor its proof names: `GET /v1/anchors/{anchor}`.
        #[arg(long)]
        anchor: Option<PathBuf>,
    },
    /// Prints the whole template, put together from infra/.
    Template,
    /// Prints fictitious persons as a campaign file.
    People {
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[arg(long, default_value_t = 100)]
        count: usize,
        /// From which person on: those of two seeds meet seldom when both start anywhere.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Run { backend, name, binaries, bare } => {
            let binaries = binaries.unwrap_or_else(|| target_directory().join("debug"));
            let options = Options { kind: backend, name, binaries, seed: !bare };
            let ready = |system: &System| if bare { Ok(()) } else { introduce(system) };
            RunningSystem::run(&options, ready).await
        }
        Command::Campaign { file, sent_at } => campaign(&file, sent_at).await,
        Command::Job { name, as_of } => job(&name, as_of).await,
        Command::Token { who } => {
            print(&token(&who).await?);
            Ok(())
        }
        Command::Bench { what } => {
            let system = System::load()?;
            let (config, stack) = reach(&system).await?;
            let wanted = |name: &str| what.is_empty() || what.iter().any(|w| w == name);
            if wanted("cold-start") {
                bench::cold_start(&system, &config, &stack).await?;
            }
            if wanted("campaign") {
                bench::campaign(&Api::new(system), &config, &stack).await?;
            }
            Ok(())
        }
        Command::ImportDmp { folder } => {
            let api = Api::new(System::load()?);
            let progress = |counts: &import_dmp::Counts| eprint!("\r{counts:?}   ");
            let counts = import_dmp::import(&api, &folder, progress).await?;
            eprintln!();
            print(&serde_json::to_string(&counts)?);
            Ok(())
        }
        Command::TrustSpace { file } => {
            let (config, stack) = reach(&System::load()?).await?;
            let lines = std::fs::read_to_string(file)?;
            let fed = local_cloud::trust_space::feed(&config, &stack, &lines).await?;
            print(&format!("{fed} lines"));
            Ok(())
        }
        Command::VerifyLog { files, anchor } => {
            let found = verify_log::verify(&files, anchor.as_deref())?;
            let anchored = match &found.anchored {
                Some((anchor, last)) => format!("anchored up to {last} by {anchor}"),
                None => "not compared with any anchor (--anchor FILE)".to_owned(),
            };
            print(&format!("good: {} traces, {anchored}", found.traces));
            Ok(())
        }
        Command::Template => {
            print(template::whole()?.trim_end());
            Ok(())
        }
        Command::People { seed, count, from } => {
            let file = people::file(people::People::new(seed).starting_at(from), count);
            print(String::from_utf8_lossy(&file).trim_end());
            Ok(())
        }
    }
}

/// What to open, and whom to log in as.
fn introduce(system: &System) -> Result<()> {
    say(&format!("ready; where it is: {}", local_directory().join("system.json").display()));
    say(&format!("open        {}", system.web));
    say(&format!("what is sent {}lisible", system.mail));
    for login in seed::logins()? {
        say(&format!("log in as   {} — {} / {}", login.who, login.login, login.password));
    }
    say("stop it with Ctrl-C");
    Ok(())
}

async fn campaign(file: &PathBuf, sent_at: Option<Timestamp>) -> Result<()> {
    let api = Api::new(System::load()?);
    let insurer = api.insurer().await?;
    let bytes = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let sent_at = format!("{:.0}", sent_at.unwrap_or_else(|| SystemClock.now()));
    let campaign = api.feed(&insurer, &name, &sent_at, bytes).await?;
    let bar = |status: &serde_json::Value| {
        let done: u64 = ["invited", "updated", "rejected"]
            .iter()
            .filter_map(|field| status[field].as_u64())
            .sum();
        let done = usize::try_from(done).unwrap_or(0);
        let width = (done * 40).checked_div(lines.max(1)).unwrap_or(0).min(40);
        let filled = "#".repeat(width);
        eprint!("\r[{filled:<40}] {done}/{lines} lines, sent {}   ", status["mailed"]);
    };
    // A token lives ten minutes: a long campaign asks for another each time.
    let mut status = None;
    for _ in 0..CAMPAIGN_S / WAIT_S {
        let insurer = api.insurer().await?;
        status = api.wait_for_campaign(&insurer, &campaign, WAIT_S, bar).await.ok();
        if status.is_some() {
            break;
        }
    }
    let status = status.context("the campaign is not completed after six hours")?;
    eprintln!();
    print(&serde_json::to_string_pretty(&status)?);
    let insurer = api.insurer().await?;
    let rejected = api.get(&format!("/v1/campaigns/{campaign}/rejections"), Some(&insurer)).await?;
    for line in String::from_utf8_lossy(&rejected.body).lines() {
        print(line);
    }
    Ok(())
}

async fn job(name: &str, as_of: Option<Timestamp>) -> Result<()> {
    let (config, stack) = reach(&System::load()?).await?;
    let as_of = as_of.unwrap_or_else(|| SystemClock.now());
    let progress = |run: &espace_storage::Run| {
        eprint!("\r{} of {} shards, {} done   ", run.shards_done, run.shards, run.processed);
    };
    let run = jobs::fire(&config, &stack, name, as_of, progress).await?;
    if let Some(run) = run {
        eprintln!();
        print(&serde_json::json!({"processed": run.processed}).to_string());
    }
    Ok(())
}

async fn token(who: &str) -> Result<String> {
    let api = Api::new(System::load()?);
    let parts: Vec<_> = who.split(':').collect();
    match parts.as_slice() {
        ["insurer"] => api.insurer().await,
        ["support", agent] => api.support(agent).await,
        ["professional", rpps, profession] => api.professional(rpps, profession, None).await,
        ["professional", rpps, profession, specialty, structure] => {
            let specialty = Some(*specialty).filter(|specialty| !specialty.is_empty());
            api.professional_at(rpps, profession, specialty, structure).await
        }
        ["professional", rpps, profession, specialty] => {
            api.professional(rpps, profession, Some(specialty)).await
        }
        ["citizen", login] => {
            let (config, stack) = reach(&System::load()?).await?;
            owner::citizen_token(&config, &stack, login).await
        }
        _ => bail!(
            "who? citizen:<login>, professional:<rpps>:<profession>[:<specialty>[:<structure>]], \
             support:<agent> or insurer"
        ),
    }
}
