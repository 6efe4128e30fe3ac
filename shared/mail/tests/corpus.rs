//! A corpus of odd mails, written by a generator (`corpus.py`): each is read, or unfit for the
//! reason it should be, fast and in little memory.
#![expect(clippy::disallowed_methods, reason = "how long a mail takes is what is tested")]

use std::process::Command;
use std::time::{Duration, Instant};

use espace_mail::{ARCHIVED_BYTES_MAX, domain_of, is_archive, open_archive, read};
use serde_json::Value;

/// The persons' domain in the corpus.
const DOMAIN: &str = "patient.mssante.example";
/// The domain in the trust space.
const TRUSTED: &str = "medecin.mssante.example";
/// Longest that one mail may take, debug build and all.
const SLOWEST: Duration = Duration::from_secs(20);
/// What the bridge decides later: malware and programs, by looking into files; who is trusted.
const LATER: [&str; 3] = ["malware", "active", "untrusted"];

#[test]
fn every_odd_mail_is_read_or_set_aside_for_its_reason() {
    let folder = format!("{}/mail", env!("CARGO_TARGET_TMPDIR"));
    let _gone = std::fs::remove_dir_all(&folder);
    let script = format!("{}/tests/corpus.py", env!("CARGO_MANIFEST_DIR"));
    let made = Command::new("python3").args([script.as_str(), folder.as_str()]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cases = std::fs::read_to_string(format!("{folder}/cases.json")).unwrap();
    let cases: Value = serde_json::from_str(&cases).unwrap();
    let cases = cases.as_array().or_else(|| cases["cases"].as_array()).unwrap();
    let mut faults = Vec::new();
    for case in cases {
        let file = case["file"].as_str().unwrap();
        let raw = std::fs::read(format!("{folder}/{file}")).unwrap();
        let begun = Instant::now();
        let found = read(&raw, DOMAIN).and_then(|mail| {
            let mut left = ARCHIVED_BYTES_MAX;
            for file in mail.files.iter().filter(|file| is_archive(&file.bytes)) {
                open_archive(&file.name, &file.bytes, &mut left)?;
            }
            Ok(mail)
        });
        assert!(begun.elapsed() < SLOWEST, "{file}: {:?}", begun.elapsed());
        let code = case["code"].as_str().unwrap_or_default();
        let is_wanted = case["expect"] == "accepted" || LATER.contains(&code);
        match found {
            Ok(mail) if is_wanted => {
                // What signs a mail is not kept: the mail is not kept as it came.
                let is_signed = file.contains("smime-signed");
                let files = case["attachments"].as_u64().map(|files| files - u64::from(is_signed));
                if let Some(files) = files
                    && mail.files.len() as u64 != files
                {
                    faults.push(format!("{file}: {} files, not {files}", mail.files.len()));
                }
                if let Some(text) = case["text"].as_str()
                    && !mail.text.contains(text)
                {
                    faults.push(format!("{file}: {:?} lacks {text:?}", head(&mail.text)));
                }
            }
            // From one whom nobody trusts: the bridge says so.
            Ok(mail) if code == "sender" && domain_of(&mail.from) != TRUSTED => {}
            Ok(mail) => faults.push(format!("{file}: read, and is {code}: {:?}", mail.from)),
            Err(unfit) if is_wanted => faults.push(format!("{file}: {unfit}")),
            Err(unfit) if unfit.to_string() != code => {
                faults.push(format!("{file}: {unfit}, not {code}"));
            }
            Err(_) => {}
        }
    }
    assert!(cases.len() > 100, "{} cases", cases.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn head(text: &str) -> String {
    text.chars().take(120).collect()
}
