//! Who may depend on whom. The table is the design; the check reads cargo's own
//! metadata. Must not know why a crate exists.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::step::{command, project};

/// What each shared crate may use of the workspace. Functions may use any
/// shared crate and no other function; tools may use anything.
const SHARED: [(&str, &[&str]); 13] = [
    ("espace-domain", &[]),
    ("espace-archive", &["espace-domain"]),
    ("espace-content", &[]),
    ("espace-crypto", &["espace-domain"]),
    ("espace-deposit", &["espace-content", "espace-domain"]),
    ("espace-logging", &[]),
    ("espace-mail", &["espace-domain"]),
    ("espace-notifications", &["espace-domain"]),
    ("espace-pdf", &[]),
    ("espace-storage", &["espace-crypto", "espace-domain"]),
    ("espace-http", &["espace-crypto", "espace-domain", "espace-logging", "espace-storage"]),
    ("espace-access", &["espace-crypto", "espace-domain", "espace-http", "espace-storage"]),
    ("espace-jobs", &["espace-domain", "espace-logging", "espace-storage"]),
];
/// Crates that drive or test a system and are never deployed.
const TOOLS: [&str; 3] = ["local-cloud", "journeys", "xtask"];
/// Outside crates that belong to one layer, and who may use them.
const RESERVED: [(&str, &[&str]); 6] = [
    ("aws-", &["espace-storage"]),
    ("lambda_http", &["espace-http"]),
    ("lambda_runtime", &["espace-jobs"]),
    ("argon2", &["espace-crypto"]),
    ("krilla", &["espace-pdf"]),
    ("jsonwebtoken", &["espace-crypto", "espace-http", "sessions"]),
];
/// What of a reserved prefix is free all the same.
const FREE: [(&str, &str); 8] = [
    ("aws-lc-rs", "import"),
    ("aws-lc-rs", "export"),
    ("aws-lc-rs", "mssante"),
    ("aws-lc-rs", "espace-mail"),
    ("aws-lc-rs", "espace-crypto"),
    ("aws-lc-rs", "sessions"),
    ("aws-lc-rs", "documents"),
    ("aws-lc-rs", "ingest"),
];
/// What pure crates may never reach, even through others.
const IMPURE: [&str; 6] = ["tokio", "hyper", "reqwest", "aws-config", "axum", "lambda_runtime"];
/// The pure crates.
const PURE: [&str; 8] = [
    "espace-archive",
    "espace-mail",
    "espace-domain",
    "espace-crypto",
    "espace-content",
    "espace-deposit",
    "espace-notifications",
    "espace-pdf",
];

/// Checks every crate of the workspace.
pub(crate) fn check() -> Result<()> {
    let output = command("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("cargo metadata did not start")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut faults = faults(&metadata);
    faults.extend(modules_without_limits()?);
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// Modules of the product that do not say what they must not know.
fn modules_without_limits() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut folders = vec![project().join("shared"), project().join("functions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let in_tests = path.ends_with("tests");
            if path.is_dir() && !in_tests {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path)?;
                let head: Vec<_> = text
                    .lines()
                    .take_while(|line| line.starts_with("//!"))
                    .map(|line| line.trim_start_matches("//!").trim())
                    .collect();
                if !head.join(" ").to_lowercase().contains("must not know") {
                    faults.push(format!("{} says not what it must not know", path.display()));
                }
            }
        }
    }
    Ok(faults)
}

/// Everything that stands against the table.
fn faults(metadata: &Value) -> Vec<String> {
    let empty = Vec::new();
    let packages = metadata["packages"].as_array().unwrap_or(&empty);
    let members: Vec<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let ours: Vec<&Value> = packages
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| members.contains(&id)))
        .collect();
    let names: Vec<&str> = ours.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut faults = Vec::new();
    for package in &ours {
        let name = package["name"].as_str().unwrap_or_default();
        if TOOLS.contains(&name) {
            continue;
        }
        let dependencies = package["dependencies"].as_array().unwrap_or(&empty);
        for dependency in dependencies {
            let on = dependency["name"].as_str().unwrap_or_default();
            if names.contains(&on) {
                let allowed = match SHARED.iter().find(|(shared, _)| *shared == name) {
                    Some((_, allowed)) => allowed.contains(&on),
                    None => SHARED.iter().any(|(shared, _)| *shared == on),
                };
                if !allowed {
                    faults.push(format!("{name} may not depend on {on}"));
                }
            }
            let reserved = RESERVED
                .iter()
                .find(|(prefix, users)| on.starts_with(prefix) && !users.contains(&name));
            if reserved.is_some() && !FREE.contains(&(on, name)) {
                faults.push(format!("{on} is not for {name}"));
            }
        }
        let inherits = package["manifest_path"]
            .as_str()
            .and_then(|path| std::fs::read_to_string(path).ok())
            .is_some_and(|text| text.contains("[lints]\nworkspace = true"));
        if !inherits {
            faults.push(format!("{name} does not take the workspace's lints"));
        }
    }
    faults.extend(impure(metadata, &ours));
    faults
}

/// Pure crates that reach an impure one.
fn impure(metadata: &Value, ours: &[&Value]) -> Vec<String> {
    let empty = Vec::new();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap_or(&empty);
    let edges: BTreeMap<&str, Vec<&str>> = nodes
        .iter()
        .filter_map(|node| {
            let normal = |dep: &&Value| {
                dep["dep_kinds"]
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
            };
            let on =
                node["deps"].as_array()?.iter().filter(normal).filter_map(|d| d["pkg"].as_str());
            Some((node["id"].as_str()?, on.collect()))
        })
        .collect();
    let mut faults = Vec::new();
    for package in ours {
        let name = package["name"].as_str().unwrap_or_default();
        if !PURE.contains(&name) {
            continue;
        }
        let mut seen = vec![package["id"].as_str().unwrap_or_default()];
        let mut next = 0;
        while let Some(id) = seen.get(next).copied() {
            next += 1;
            for on in edges.get(id).into_iter().flatten() {
                if !seen.contains(on) {
                    seen.push(on);
                }
            }
        }
        for id in seen {
            let reached = id.rsplit(['/', '#']).next().unwrap_or_default();
            let reached = reached.split('@').next().unwrap_or_default();
            if IMPURE.contains(&reached) {
                faults.push(format!("{name} is pure and may not reach {reached}"));
            }
        }
    }
    faults
}
