//! Building, always the whole workspace: a part alone would unify features
//! otherwise and build the dependencies twice. Must not know what is built.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::step::{command, project, step, target};

/// Builds everything, tests included.
pub(crate) fn everything() -> Result<()> {
    let mut build = command("cargo");
    build.args(["build", "--workspace", "--all-targets", "--locked"]);
    step("build", build)
}

/// Builds if `local-cloud` is not there yet.
pub(crate) fn ensure_local_cloud() -> Result<()> {
    if target().join("debug/local-cloud").exists() { Ok(()) } else { everything() }
}

/// Becomes `local-cloud`: signals and exit code are its own.
pub(crate) fn local_cloud(subcommand: &str, rest: &[String]) -> Result<()> {
    let error = std::process::Command::new(target().join("debug/local-cloud"))
        .current_dir(project())
        .arg(subcommand)
        .args(rest)
        .exec();
    Err(error).context("local-cloud did not start")
}
