//! What is too long for every change: benchmarks with release builds, many
//! kills. Must not know what is measured.

use anyhow::Result;

use crate::step::{command, shown_step, step, target};
use crate::test::TestSystem;
use crate::{build, tools, web};

/// What is deployed.
const FUNCTIONS: [&str; 10] = [
    "activation",
    "auto-creation",
    "campaign-intake",
    "campaigns",
    "delivery",
    "openapi",
    "opposition",
    "printing",
    "sessions",
    "space",
];

/// The benchmarks, all or the named ones. Functions are built as released.
pub(crate) fn bench(what: &[String]) -> Result<()> {
    if what.is_empty() || what.iter().any(|w| w == "decision") {
        let mut decide = command("cargo");
        decide.args(["run", "--release", "--locked", "--package", "espace-domain"]);
        shown_step("decisions", {
            decide.args(["--example", "decide_time"]);
            decide
        })?;
        if what.len() == 1 {
            return Ok(());
        }
    }
    tools::ensure()?;
    build::everything()?;
    if what.is_empty() || what.iter().any(|w| w == "documents") {
        documents()?;
        if what.len() == 1 {
            return Ok(());
        }
    }
    if what.is_empty() || what.iter().any(|w| w == "export") {
        export()?;
        if what.len() == 1 {
            return Ok(());
        }
    }
    if what.is_empty() || what.iter().any(|w| w == "web") {
        first_looks()?;
        if what.len() == 1 {
            return Ok(());
        }
    }
    let mut release = command("cargo");
    release.args(["build", "--release", "--bins", "--locked"]);
    // Only what is deployed: fat LTO of the tools would double the wait.
    for function in FUNCTIONS {
        release.args(["--package", function]);
    }
    step("build as released", release)?;
    let system = TestSystem::start("bench", "release")?;
    let mut bench = command(&target().join("debug/local-cloud").to_string_lossy());
    bench.arg("bench").args(what).env("ESPACE_SYSTEM", &system.file);
    let benched = shown_step("benchmarks", bench);
    system.stop()?;
    benched
}

/// The vault, its router in the measuring process, as released.
fn documents() -> Result<()> {
    let mut build = command("cargo");
    build.args(["build", "--release", "--locked", "--package", "journeys"]);
    build.args(["--example", "bench_documents"]);
    step("build the vault as released", build)?;
    let system = TestSystem::start("bench", "debug")?;
    let mut bench = command(&target().join("release/examples/bench_documents").to_string_lossy());
    bench.env("ESPACE_SYSTEM", &system.file).stdout(std::process::Stdio::null());
    let benched = shown_step("documents", bench);
    system.stop()?;
    benched
}

/// How long the web client's first pages take on a slow line and a slow device.
fn first_looks() -> Result<()> {
    web::build()?;
    let system = TestSystem::start("bench", "debug")?;
    let looked = web::bench(&system);
    system.stop()?;
    looked
}

/// The memory of making an archive, the job as released.
fn export() -> Result<()> {
    let mut job = command("cargo");
    job.args(["build", "--release", "--locked", "--package", "export"]);
    step("build the job as released", job)?;
    let mut build = command("cargo");
    build.args(["build", "--locked", "--package", "journeys", "--example", "bench_export"]);
    step("build the benchmark", build)?;
    let system = TestSystem::start("bench", "debug")?;
    let mut bench = command(&target().join("debug/examples/bench_export").to_string_lossy());
    bench.env("ESPACE_SYSTEM", &system.file).stdout(std::process::Stdio::null());
    let benched = shown_step("archives", bench);
    system.stop()?;
    benched
}

/// The long versions of the tests.
pub(crate) fn run() -> Result<()> {
    tools::ensure()?;
    build::everything()?;
    let system = TestSystem::start("nightly", "debug")?;
    let mut kills = command("cargo");
    kills.args(["test", "--workspace", "--locked", "--test", "it", "kill"]);
    kills.env("ESPACE_SYSTEM", &system.file).env("ESPACE_KILLS", "20");
    let killed = shown_step("twenty kills", kills);
    system.stop()?;
    killed
}
