//! Where a running system is: `target/local/system.json`. Must not know how it
//! was started.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The variable by which tests are told which system to speak to.
pub const SYSTEM_VARIABLE: &str = "ESPACE_SYSTEM";

/// A running system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct System {
    /// The origin of the API.
    pub api: String,
    /// The origin of the web pages: the same.
    pub web: String,
    /// The list of everything that was sent.
    pub mail: String,
    /// The stand-in of an operator of secure mail, `smtp://…`.
    #[serde(default)]
    pub smtp: Option<String>,
    /// The cloud's own endpoint.
    pub aws: String,
    /// The stack's name.
    pub stack: String,
}

impl System {
    /// The system that the environment names, else the one `run` started.
    pub fn load() -> Result<Self> {
        let path = std::env::var_os(SYSTEM_VARIABLE)
            .map_or_else(|| local_directory().join("system.json"), PathBuf::from);
        let text = std::fs::read(&path).with_context(|| {
            format!("no running system ({}): start one with `cargo xtask run`", path.display())
        })?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Writes where the system is, at once or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let partial = path.with_extension("partial");
        std::fs::write(&partial, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(&partial, path)?;
        Ok(())
    }
}

/// The project's folder.
pub fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The folder of everything local: logs, state, `system.json`.
pub fn local_directory() -> PathBuf {
    target_directory().join("local")
}

/// Cargo's target folder: two up from the program that runs.
pub fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project().join("target"), PathBuf::from)
}
