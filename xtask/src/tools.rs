//! The tools that come from `PyPI`, in a virtual environment of the project's own.
//! Must not know what they are used for.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::step::{command, project, step, target};

/// The virtual environment's folder of programs.
pub(crate) fn programs() -> PathBuf {
    target().join("tools/venv/bin")
}

/// Makes the virtual environment, unless it is there and of the pinned set.
pub(crate) fn ensure() -> Result<()> {
    let pinned = fs::read_to_string(project().join("localstack/requirements.txt"))?;
    let venv = target().join("tools/venv");
    let stamp = venv.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pinned) {
        return Ok(());
    }
    // Half-made by an interrupted run: begun again.
    if venv.exists() {
        fs::remove_dir_all(&venv).context("the old virtual environment cannot be removed")?;
    }
    let python = python()?;
    let mut make = command(&python);
    make.args(["-m", "venv"]).arg(&venv);
    step("make the virtual environment", make)?;
    let mut install = command(&programs().join("pip").to_string_lossy());
    install
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(project().join("localstack/requirements.txt"));
    step("fetch the local cloud and the template checkers", install)?;
    fs::write(stamp, pinned)?;
    Ok(())
}

/// A Python of at least 3.11.
fn python() -> Result<String> {
    let check = "import sys; sys.exit(sys.version_info < (3, 11))";
    for name in ["python3.11", "python3", "python"] {
        let fits = command(name).args(["-c", check]).output().is_ok_and(|o| o.status.success());
        if fits {
            return Ok(name.to_owned());
        }
    }
    bail!("Python 3.11 or later is needed: none is on the path")
}
