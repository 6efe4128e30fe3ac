//! One step of a command: its name, its time, its log where it fails. Must not
//! know what the step does.

use std::fs::{self, File};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The project's folder.
pub(crate) fn project() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project().join("target"), PathBuf::from)
}

/// A command that runs in the project's folder with no standard input.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project()).stdin(Stdio::null());
    command
}

/// Runs a command as a named step: a line when it begins, its time when it
/// ends, and the last lines of its log when it fails.
pub(crate) fn step(name: &str, mut command: Command) -> Result<()> {
    let logs = target().join("logs");
    fs::create_dir_all(&logs)?;
    let path = logs.join(format!("{}.log", name.replace(' ', "-")));
    let log = File::create(&path)?;
    begin(name);
    let started = now();
    let status =
        command.stdout(log.try_clone()?).stderr(log).status().with_context(|| {
            format!("{name}: {} did not start", command.get_program().display())
        })?;
    if status.success() {
        end(name, started);
        return Ok(());
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(40)) {
        eprintln!("    {line}");
    }
    bail!("{name} failed; its log: {}", path.display())
}

/// Runs a command as a named step that shows its own output.
pub(crate) fn shown_step(name: &str, mut command: Command) -> Result<()> {
    begin(name);
    let started = now();
    let status = command.status().with_context(|| format!("{name}: it did not start"))?;
    if !status.success() {
        bail!("{name} failed: see above");
    }
    end(name, started);
    Ok(())
}

/// Runs a check of our own as a named step.
pub(crate) fn own_step(name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    begin(name);
    let started = now();
    check().with_context(|| format!("{name} failed"))?;
    end(name, started);
    Ok(())
}

fn begin(name: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("… {name}\r");
    }
}

fn end(name: &str, started: Instant) {
    eprintln!("✓ {name} ({:.1} s)", started.elapsed().as_secs_f32());
}

#[expect(clippy::disallowed_methods, reason = "a duration shown to the developer")]
fn now() -> Instant {
    Instant::now()
}
