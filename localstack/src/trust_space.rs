//! Feeding the trust space of secure mail: the whitelist of domains and the directory of
//! mailboxes, a line each. Must not know how they are used.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use espace_storage::{Aws, Environment, Mailbox, TrustSpace};
use serde::Deserialize;

use crate::deploy::Stack;

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(untagged, rename_all = "camelCase", deny_unknown_fields)]
enum Line {
    /// `{"domain": "medecin.mssante.fr"}`.
    Domain { domain: String },
    /// `{"address": "…", "rpps": "…", "name": "…", "profession": "10", "structure": "…"}`.
    Mailbox {
        address: String,
        rpps: String,
        name: String,
        profession: String,
        #[serde(default)]
        specialty: Option<String>,
        #[serde(default)]
        structure: Option<String>,
        #[serde(default)]
        organisational: bool,
    },
}

/// Feeds NDJSON; gives how many lines were.
pub async fn feed(config: &SdkConfig, stack: &Stack, lines: &str) -> Result<usize> {
    let environment = stack.environment(config, "MssanteFunction").await?;
    let mut environment = Environment::from_values(environment);
    let aws = Aws::from_config(config.clone());
    let trust_space = TrustSpace::new(&aws, &mut environment);
    let mut fed = 0;
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line =
            serde_json::from_str(line).with_context(|| format!("line {}", number + 1))?;
        match line {
            Line::Domain { domain } => trust_space.add_domain(&domain).await?,
            Line::Mailbox {
                address,
                rpps,
                name,
                profession,
                specialty,
                structure,
                organisational,
            } => {
                let mailbox =
                    Mailbox { rpps, name, profession, specialty, structure, organisational };
                trust_space.add_mailbox(&address, &mailbox).await?;
            }
        }
        fed += 1;
    }
    Ok(fed)
}
