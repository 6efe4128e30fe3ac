//! What is sealed and what is clear, as the table of `docs/crypto.md` says: every raw item of
//! the tables it names has no other attribute, and nothing that was planted stands in one
//! that is clear, nor in a bucket.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use journeys::{Deployed, rpps};
use local_cloud::system::project;
use reqwest::Method;
use serde_json::json;

use crate::uploads::{announcement, complete, ended, large_pdf, send};
use crate::vault::{OWN, PHYSICIAN, REPORT, deposit, doctor, entry, path_of, pdf};

/// Words that are planted wherever a person or a professional writes.
const PLANTED: [&str; 6] = [
    "Ptéridophyte",
    "Xylophage-remarque",
    "1.2.250.1.999.77.123",
    "Contenu-Zymotique",
    "Dr Quincampoix",
    "Motif-Ornithorynque",
];

/// Clear and sealed ones.
type Attributes = (BTreeSet<String>, BTreeSet<String>);

/// The attributes of each table, clear and sealed, as the documentation says.
fn documented() -> Result<BTreeMap<String, Attributes>> {
    let text = std::fs::read_to_string(project().join("docs/crypto.md"))?;
    let (_, section) =
        text.split_once("## What is sealed and what is clear").context("a section")?;
    let mut tables = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [place, clear, sealed, ..] = cells.as_slice() else { continue };
        let names = |cell: &str| {
            let quoted = cell.split('`').skip(1).step_by(2);
            quoted.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let table = place.split([',', ' ']).next().unwrap_or_default().to_owned();
        let entry: &mut Attributes = tables.entry(table).or_default();
        entry.0.extend(names(clear));
        entry.1.extend(names(sealed));
    }
    Ok(tables)
}

#[tokio::test]
async fn what_is_said_to_be_sealed_is_and_nothing_else_is_there() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let [title, comment, unique, content, _, reason] = PLANTED;
    let (_, physician) = doctor(&deployed, &patient).await?;
    let mut own = entry(OWN, title);
    own["comment"] = json!(comment);
    own["uniqueId"] = json!(unique);
    let note = deposit(&deployed, token, space, &own, pdf(content)).await?.ok()?;
    let masked = json!({"masked": true, "pinned": true});
    let path = path_of(space, &note);
    deployed.api.send(Method::PATCH, &path, Some(token), Some(&masked)).await?.ok()?;
    let mut hidden = entry(REPORT, title);
    hidden["visibility"] = json!(["INVISIBLE_PATIENT"]);
    deposit(&deployed, &physician, space, &hidden, pdf(content)).await?.ok()?;
    let mut bytes = large_pdf(5_000_000);
    bytes.splice(30..30, format!("% {content}\n").bytes());
    let mut large = announcement(entry(OWN, title), "application/pdf", &bytes);
    large["comment"] = json!(comment);
    let begun = patient.post(&deployed, "/documents", &large).await?.ok()?;
    let sent = path_of(space, &begun);
    let parts = send(&begun, &bytes).await?;
    // Raw, while one is on its way.
    look(&deployed, space).await?;
    complete(&deployed, token, &sent, &parts).await?.ok()?;
    assert_eq!(ended(&deployed, token, &sent).await?["state"], "available");
    // An emergency, a contest, a refused attempt.
    let other = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let emergency = json!({"mode": "breakGlass", "reason": reason});
    let accesses = format!("/v1/spaces/{space}/accesses");
    deployed.api.post(&accesses, Some(&other), &emergency).await?.ok()?;
    let body = json!({"reason": reason});
    patient.post(&deployed, "/access-log/1/contest", &body).await?;
    let said = json!({"subject": title, "body": content, "attachments": []});
    let threads = format!("/v1/spaces/{space}/threads");
    let new = deployed.api.post(&threads, Some(&physician), &said).await?.ok()?;
    let thread = format!("{threads}/{}", new["threadId"].as_str().context("an id")?);
    let answer = json!({"body": comment, "attachments": [note["documentId"]]});
    deployed.api.post(&format!("{thread}/messages"), Some(token), &answer).await?.ok()?;
    let draft = json!({"body": reason});
    let path = format!("{thread}/draft");
    let kept = deployed.api.send(Method::PUT, &path, Some(token), Some(&draft)).await?;
    assert_eq!(kept.status, 204);
    look(&deployed, space).await?;
    buckets(&deployed, space).await
}

/// Reads every raw item of the tables that the documentation names.
async fn look(deployed: &Deployed, space: &str) -> Result<()> {
    let documented = documented()?;
    let mut looked = 0;
    for (table, output) in [
        ("documents", "DocumentsTable"),
        ("reveals", "RevealsTable"),
        ("traces", "TracesTable"),
        ("consents", "ConsentsTable"),
        ("messages", "MessagesTable"),
        ("inboxes", "InboxesTable"),
        ("pushSubscriptions", "PushSubscriptionsTable"),
        ("digests", "DigestsTable"),
        ("mails", "MailsTable"),
        ("followUps", "FollowUpsTable"),
        ("emergencyReviews", "EmergencyReviewsTable"),
        ("inquiries", "InquiriesTable"),
        ("professionalNotices", "ProfessionalNoticesTable"),
        ("spaces", "SpacesTable"),
        ("spaceKeys", "SpaceKeysTable"),
    ] {
        let (clear, sealed) = documented.get(table).with_context(|| format!("a row of {table}"))?;
        for item in deployed.items(output).await? {
            let is_ours =
                item.get("spaceId").is_none_or(|id| id.as_s().is_ok_and(|id| id == space));
            for (name, value) in item.iter().filter(|_| is_ours) {
                looked += 1;
                ensure!(
                    clear.contains(name) || sealed.contains(name),
                    "{table}: `{name}` is not in docs/crypto.md"
                );
                // Sealed or not, nothing that was planted is readable; nor is a type.
                let raw = match value.as_b() {
                    Ok(bytes) => String::from_utf8_lossy(bytes.as_ref()).into_owned(),
                    Err(other) => format!("{other:?}"),
                };
                let told = PLANTED.iter().chain(&[OWN, REPORT, "INVISIBLE"]);
                for word in told {
                    ensure!(!raw.contains(word), "{table}.{name} holds {word:?} in clear");
                }
                if sealed.contains(name) {
                    ensure!(value.is_b(), "{table}.{name} is said to be sealed and is text");
                }
            }
        }
    }
    ensure!(looked > 60, "{looked} attributes");
    Ok(())
}

/// Reads every object of the space: the vault's are sealed, the inbox has none.
async fn buckets(deployed: &Deployed, space: &str) -> Result<()> {
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let mut found = 0;
    for output in ["VaultBucket", "InboxBucket"] {
        let bucket = deployed.stack.output(output)?;
        let mut pages = s3.list_objects_v2().bucket(bucket).into_paginator().send();
        while let Some(page) = pages.next().await {
            for key in page?.contents().iter().filter_map(|object| object.key()) {
                if !key.contains(space) {
                    continue;
                }
                found += 1;
                ensure!(output == "VaultBucket", "{key} was left in the inbox");
                let read = s3.get_object().bucket(bucket).key(key).send().await?;
                let bytes = read.body.collect().await?.into_bytes();
                let text = String::from_utf8_lossy(&bytes);
                ensure!(bytes.first() == Some(&1), "{key} has no version");
                for word in PLANTED.iter().chain(&["%PDF", "trailer"]) {
                    ensure!(!text.contains(word), "{key} holds {word:?} in clear");
                }
            }
        }
    }
    ensure!(found == 3, "{found} contents");
    Ok(())
}
