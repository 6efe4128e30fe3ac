//! The checks that need no running system. Must not know the tests.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::step::{command, own_step, project, step, target};
use crate::{build, layers, tools};

/// Runs them all.
pub(crate) fn run() -> Result<()> {
    let mut format = command("cargo");
    format.args(["fmt", "--all", "--check"]);
    step("format", format)?;
    own_step("layers", layers::check)?;
    let mut clippy = command("cargo");
    clippy.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    step("clippy", clippy)?;
    let mut doc = command("cargo");
    doc.args(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    step("documentation", doc)?;
    deny()?;
    tools::ensure()?;
    let template = write_template()?;
    let mut lint = command(&tools::programs().join("cfn-lint").to_string_lossy());
    lint.arg(&template).args(["--regions", "eu-west-3"]);
    step("cfn-lint", lint)?;
    let mut scan = command(&tools::programs().join("checkov").to_string_lossy());
    scan.arg("--file").arg(&template).args([
        "--framework",
        "cloudformation",
        "--compact",
        "--quiet",
        "--skip-download",
    ]);
    scan.arg("--config-file").arg(project().join("infra/policy/checkov.yaml"));
    step("policy scan", scan)
}

/// Licences, sources and bans, where cargo-deny is installed; the GitHub
/// workflow has it, and the advisories with it.
fn deny() -> Result<()> {
    let present = command("cargo").args(["deny", "--version"]).output();
    if !present.is_ok_and(|output| output.status.success()) {
        return own_step("licences", licences);
    }
    let mut deny = command("cargo");
    deny.args(["deny", "--offline", "check", "bans", "licenses", "sources"]);
    step("cargo deny", deny)
}

/// The licences of every dependency against the list of `deny.toml`: what holds
/// where cargo-deny is not installed.
fn licences() -> Result<()> {
    let policy = fs::read_to_string(project().join("deny.toml"))?;
    let allowed: Vec<&str> = policy
        .lines()
        .skip_while(|line| !line.starts_with("allow = ["))
        .skip(1)
        .take_while(|line| !line.starts_with(']'))
        .filter_map(|line| line.trim().trim_end_matches(',').strip_prefix('"'))
        .filter_map(|line| line.split('"').next())
        .collect();
    let output =
        command("cargo").args(["metadata", "--format-version", "1", "--locked"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let licence = package["license"].as_str().unwrap_or("none");
        // Good when some choice among alternatives needs only allowed licences.
        let good = licence.replace('/', " OR ").split(" OR ").any(|choice| {
            choice.split(" AND ").all(|part| {
                let part = part.trim().trim_matches(['(', ')']);
                allowed.contains(&part)
            })
        });
        if !good {
            faults.push(format!("{}: {licence}", package["name"].as_str().unwrap_or_default()));
        }
    }
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
}

/// Writes the whole template where the checkers and AWS read it.
pub(crate) fn write_template() -> Result<PathBuf> {
    build::ensure_local_cloud()?;
    let output = command(&target().join("debug/local-cloud").to_string_lossy())
        .arg("template")
        .output()
        .context("local-cloud did not start")?;
    ensure!(output.status.success(), "infra/ could not be put together");
    let folder = target().join("infra");
    fs::create_dir_all(&folder)?;
    let path = folder.join("template.yaml");
    fs::write(&path, output.stdout)?;
    Ok(path)
}
