//! The web client: its types from the API description, its checks, its build, and the journeys
//! that a browser makes through it. Must not know a page.

use std::path::PathBuf;

use anyhow::Result;

use crate::step::{command, own_step, project, shown_step, step, target};
use crate::test::TestSystem;

/// Where a browser may be, in the order it is looked for.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Fetches what the lock file names, checks and builds.
pub(crate) fn build() -> Result<()> {
    let stamp = project().join("web/node_modules/.package-lock.json");
    let lock = project().join("web/package-lock.json");
    let fetched = |path: &PathBuf| path.metadata().and_then(|found| found.modified()).ok();
    if fetched(&stamp) < fetched(&lock) || fetched(&stamp).is_none() {
        step("web packages", npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    }
    step("web types", npm(&["run", "types"]))?;
    step("web check", npm(&["run", "check"]))?;
    step("web build", npm(&["run", "build"]))
}

/// The journeys, in a browser; where there is none, a line says so.
pub(crate) fn journeys(system: &TestSystem) -> Result<()> {
    in_browser(system, "test", "web journeys")
}

/// How long the first pages take; where there is no browser, a line says so.
pub(crate) fn bench(system: &TestSystem) -> Result<()> {
    in_browser(system, "bench", "web first looks")
}

fn in_browser(system: &TestSystem, script: &str, name: &str) -> Result<()> {
    let Some(browser) = browser() else {
        let line = format!("{name} left out: no browser, set CHROMIUM or install one");
        return own_step(&line, || Ok(()));
    };
    let mut run = npm(&["run", script]);
    run.env("CHROMIUM", browser).env("ESPACE_SYSTEM", &system.file);
    run.env("ESPACE_TARGET", target());
    shown_step(name, run)
}

fn npm(arguments: &[&str]) -> std::process::Command {
    let mut npm = command("npm");
    npm.current_dir(project().join("web")).args(arguments);
    npm
}

/// The browser named by `CHROMIUM`, or one on the path.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    named.or_else(|| {
        folders.find_map(|folder| {
            BROWSERS.iter().map(|name| folder.join(name)).find(|program| program.exists())
        })
    })
}
