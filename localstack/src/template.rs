//! The one template, put together from the files of `infra/`: sections of the
//! same name are joined. Must not know what is in them.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::system::project;

/// Sections that may stand in several files; any other stands once.
const JOINED: [&str; 3] = ["Parameters", "Resources", "Outputs"];

/// The whole template, as deployed to AWS and to the local cloud.
pub fn whole() -> Result<String> {
    let folder = project().join("infra");
    let mut files: Vec<_> = fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let mut order: Vec<String> = Vec::new();
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).context("a file of infra/ is not readable")?;
        for (name, head, body) in split(&text) {
            if let Some(section) = sections.get_mut(&name) {
                if !JOINED.contains(&name.as_str()) {
                    bail!("{name} stands twice in infra/, again in {}", file.display());
                }
                section.push_str(&body);
            } else {
                order.push(name.clone());
                sections.insert(name, format!("{head}{body}"));
            }
        }
    }
    Ok(order.iter().filter_map(|name| sections.get(name)).cloned().collect())
}

/// The top-level sections of a file: name, first line, rest.
fn split(text: &str) -> Vec<(String, String, String)> {
    let mut sections: Vec<(String, String, String)> = Vec::new();
    for line in text.lines() {
        let top = line.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        match (top, sections.last_mut()) {
            (true, _) => {
                let name = line.split(':').next().unwrap_or_default().to_owned();
                sections.push((name, format!("{line}\n"), String::new()));
            }
            // What stands above the first section is about the file.
            (false, None) => {}
            (false, Some((_, _, body))) => {
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_template_has_each_section_once() {
        let whole = whole().unwrap();
        for section in ["Parameters:", "Conditions:", "Globals:", "Resources:", "Outputs:"] {
            let count = whole.lines().filter(|line| *line == section).count();
            assert_eq!(count, 1, "{section}");
        }
    }
}
