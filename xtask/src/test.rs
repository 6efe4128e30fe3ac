//! `cargo xtask test`: every check, then every test against a system started
//! for them. Must not know the tests.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::step::{command, own_step, project, shown_step, target};
use crate::{build, checks, tools, web};

/// How long the system may take to be ready, in tenths of a second.
const READY_TENTHS: u32 = 1_800;

/// A system that runs for a while; stopped when dropped.
pub(crate) struct TestSystem {
    child: Child,
    /// Where its description lies.
    pub(crate) file: PathBuf,
}

/// Runs everything, or only the tests that match the filter.
pub(crate) fn run(filter: &[String]) -> Result<()> {
    tools::ensure()?;
    build::everything()?;
    if filter.is_empty() {
        checks::run()?;
        web::build()?;
    }
    let system = TestSystem::start("test", "debug")?;
    let tested = shown_step("tests", tests(&system, filter));
    let tested = tested.and_then(|()| {
        // A filter names tests of the crates.
        if filter.is_empty() { web::journeys(&system) } else { Ok(()) }
    });
    system.stop()?;
    tested
}

/// Writes `docs/openapi.json` from the code.
pub(crate) fn write_openapi() -> Result<()> {
    build::everything()?;
    let mut write = command("cargo");
    write.args(["test", "--quiet", "--workspace", "--test", "it", "description"]);
    write.env("ESPACE_UPDATE", "1");
    shown_step("write docs/openapi.json", write)
}

/// The tests, by nextest where it is installed.
fn tests(system: &TestSystem, filter: &[String]) -> Command {
    let nextest = command("cargo").args(["nextest", "--version"]).output();
    let mut tests = command("cargo");
    if nextest.is_ok_and(|output| output.status.success()) {
        tests.args(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
    } else {
        tests.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    }
    tests.args(filter).env("ESPACE_SYSTEM", &system.file);
    tests
}

impl TestSystem {
    /// Starts a system without people, with the functions of a build profile.
    pub(crate) fn start(name: &str, profile: &str) -> Result<Self> {
        let file = target().join("local").join(name).join("system.json");
        if file.exists() {
            std::fs::remove_file(&file)?;
        }
        let binaries = target().join(profile);
        let mut found = None;
        own_step("start a system", || {
            let mut child = Command::new(target().join("debug/local-cloud"))
                .current_dir(project())
                .args(["run", "--bare", "--name", name, "--binaries"])
                .arg(binaries)
                .stdin(Stdio::null())
                .spawn()
                .context("local-cloud did not start")?;
            for _ in 0..READY_TENTHS {
                if file.exists() {
                    found = Some(child);
                    return Ok(());
                }
                if let Some(status) = child.try_wait()? {
                    bail!("the system ended at once ({status}): see above");
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            child.kill()?;
            bail!("the system is not ready after {} s", READY_TENTHS / 10)
        })?;
        let child = found.context("the system is gone")?;
        Ok(Self { child, file })
    }

    /// Stops it and waits for its end.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.terminate();
        self.child.wait()?;
        Ok(())
    }

    fn terminate(&self) {
        // SIGTERM by the system's own tool: it stops its children in turn.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        debug_assert!(asked.is_ok(), "`kill` is missing");
    }
}

impl Drop for TestSystem {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.terminate();
            let _ended = self.child.wait();
        }
    }
}
