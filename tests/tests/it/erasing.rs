//! Erasing at the holder's word: the key goes first, then all the rest; a certificate says so.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use espace_domain::{Registration, SpaceId};
use espace_storage::transitions::Settled;
use espace_storage::{Aws, KEY_RECOVERY_DAYS, SpaceKeys};
use jiff::{Timestamp, ToSpan};
use journeys::{Deployed, Invited, PASSWORD, Patient, login_of, now};
use local_cloud::system::project;
use serde_json::{Value, json};

use crate::uploads::{announce, announcement, large_pdf, send};
use crate::vault::{OWN, REPORT, content, deposit, doctor, entry, path_of, pdf};

/// The tables whose items stand under a space's name.
const UNDER_SPACES: [(&str, &str); 11] = [
    ("SpacesTable", "spaceId"),
    ("DocumentsTable", "spaceId"),
    ("MessagesTable", "spaceId"),
    ("ConsentsTable", "spaceId"),
    ("ContactsTable", "spaceId"),
    ("DigestsTable", "spaceId"),
    ("ExportsTable", "spaceId"),
    ("ImportsTable", "spaceId"),
    ("SpaceKeysTable", "spaceId"),
    ("TracesTable", "spaceId"),
    ("RepresentationsTable", "representative"),
];
/// The tables whose items name one elsewhere.
const NAMING_SPACES: [(&str, &str); 4] = [
    ("InboxesTable", "spaceId"),
    ("AccountsTable", "spaceId"),
    ("PersonsTable", "spaceId"),
    ("RepresentationsTable", "person"),
];

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The raw items of a space, by table.
pub(crate) async fn raw(deployed: &Deployed, space: &str) -> Result<Vec<(&'static str, Item)>> {
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    let name = AttributeValue::S(space.to_owned());
    let mut found = Vec::new();
    for (table, attribute) in UNDER_SPACES {
        let mut pages = client
            .query()
            .table_name(deployed.stack.output(table)?)
            .key_condition_expression("#a = :space")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":space", name.clone())
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            found.push((table, item?));
        }
    }
    for (table, attribute) in NAMING_SPACES {
        let items = deployed.items(table).await?.into_iter();
        let theirs = items.filter(|item| item.get(attribute) == Some(&name));
        found.extend(theirs.map(|item| (table, item)));
    }
    Ok(found)
}

/// How many items each table holds of a space, where it holds some.
fn counted(raw: &[(&'static str, Item)]) -> HashMap<&'static str, usize> {
    let mut counts = HashMap::new();
    for (table, _) in raw {
        *counts.entry(*table).or_default() += 1;
    }
    counts
}

/// The contents of a space in the vault.
pub(crate) async fn contents(deployed: &Deployed, space: &str) -> Result<HashMap<String, Vec<u8>>> {
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("VaultBucket")?;
    let mut found = HashMap::new();
    let mut pages = s3.list_objects_v2().bucket(bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        for object in page?.contents() {
            let key = object.key().context("a key")?;
            if key.contains(space) {
                let body = s3.get_object().bucket(bucket).key(key).send().await?.body;
                found.insert(key.to_owned(), body.collect().await?.to_vec());
            }
        }
    }
    Ok(found)
}

/// What is on its way to a space: what has come, and what is coming.
async fn on_the_way(deployed: &Deployed, space: &str) -> Result<(usize, usize)> {
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("InboxBucket")?;
    let (mut come, mut coming) = (0, 0);
    for folder in ["uploads", "imports"] {
        let prefix = format!("{folder}/{space}/");
        let listed = s3.list_objects_v2().bucket(bucket).prefix(&prefix).send().await?;
        come += listed.contents().len();
        let listed = s3.list_multipart_uploads().bucket(bucket).prefix(&prefix).send().await?;
        coming += listed.uploads().len();
    }
    Ok((come, coming))
}

/// Erases a space as its holder would; gives the certificate's reference.
pub(crate) async fn erase(deployed: &Deployed, patient: &Patient) -> Result<String> {
    let address = patient.invited.person.text("email");
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("EFFACER");
    body["eraseNow"] = json!(true);
    let erased = patient.post(deployed, "/closure", &body).await?;
    ensure!(erased.status == 202, "{}", erased.json());
    let erased = erased.json();
    ensure!(erased["state"] == "erased", "{erased}");
    Ok(erased["certificate"]["reference"].as_str().context("a reference")?.to_owned())
}

async fn verify(deployed: &Deployed, reference: &str) -> Result<Value> {
    let body = json!({"reference": reference});
    deployed.api.post("/v1/certificates/verify", None, &body).await?.ok()
}

fn in_minutes(minutes: i64) -> Result<Timestamp> {
    Ok(now().now().checked_add(minutes.minutes())?)
}

/// Someone with a document, a professional who came in, a conversation, a browser.
async fn lived_in(deployed: &Deployed) -> Result<(Patient, String, String)> {
    let patient = deployed.patient().await?;
    let (_, physician) = doctor(deployed, &patient).await?;
    let space = &patient.space_id;
    let mine = entry(OWN, "Ordonnance scannée");
    deposit(deployed, &patient.token, space, &mine, pdf("mien")).await?.ok()?;
    let report = entry(REPORT, "Compte rendu");
    let report = deposit(deployed, &physician, space, &report, pdf("rendu")).await?.ok()?;
    crate::messages::open(deployed, &physician, space).await?;
    let report = path_of(space, &report);
    Ok((patient, physician, report))
}

#[tokio::test]
async fn what_is_erased_is_gone_at_once_and_certified_once_no_key_is_held() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, physician, report) = lived_in(&deployed).await?;
    let space = &patient.space_id;
    let address = patient.invited.person.text("email");
    // The word of a closing does not erase.
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("FERMER");
    body["eraseNow"] = json!(true);
    let refused = patient.post(&deployed, "/closure", &body).await?;
    assert_eq!(refused.problem(), "invalid-body");
    let before = contents(&deployed, space).await?;
    assert_eq!(before.len(), 2);
    let reference = erase(&deployed, &patient).await?;

    // At once: the key is gone, with the account and its sessions; nobody finds a space.
    assert_eq!(patient.get(&deployed, "").await?.status, 401);
    assert_eq!(content(&deployed, &physician, &report, &[]).await?.status, 404);
    let late = deposit(&deployed, &physician, space, &entry(REPORT, "Trop tard"), pdf("x")).await?;
    assert_eq!(late.status, 404);
    let login = json!({"login": login_of(&patient.invited.person), "password": PASSWORD});
    let unknown = deployed.api.post("/v1/sessions", None, &login).await?;
    assert_eq!(unknown.status, 401, "{}", unknown.json());
    let keys = raw(&deployed, space).await?;
    let keys: Vec<_> = keys.iter().filter(|(table, _)| *table == "SpaceKeysTable").collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].1["purpose"], AttributeValue::S("trace".into()));

    // The certificate says so at once; its dates come once no function can hold the key.
    let said = verify(&deployed, &reference).await?;
    assert_eq!((&said["exists"], &said["kind"]), (&json!(true), &json!("erasure")));
    assert_eq!(said["inaccessibleSince"], Value::Null);
    deployed.fire("erasure").await?;
    assert_eq!(verify(&deployed, &reference).await?, said, "not before a quarter of an hour");
    deployed.fire_as_of("erasure", in_minutes(16)?).await?;
    let said = verify(&deployed, &reference).await?;
    let instant = |name: &str| -> Result<Timestamp> {
        Ok(said[name].as_str().context("an instant")?.parse()?)
    };
    let asked = instant("registeredAt")?;
    assert_eq!(instant("inaccessibleSince")?, asked.checked_add(15.minutes())?);
    let days = (24 * KEY_RECOVERY_DAYS).hours();
    assert_eq!(instant("unrecoverableFrom")?, asked.checked_add(days)?);
    let told = |m: &local_cloud::mail::Message| m.subject == "Votre espace de santé est effacé";
    let mail = deployed.api.wait_for_mail(address, told).await?;
    assert!(mail.body.contains(&reference), "{}", mail.body);
    assert!(mail.body.contains("peut encore être annulé"), "{}", mail.body);

    // What is left: the state, the traces and their key.
    let left = raw(&deployed, space).await?;
    let mut tables: Vec<_> = counted(&left).into_keys().collect();
    tables.sort_unstable();
    assert_eq!(tables, ["SpaceKeysTable", "SpacesTable", "TracesTable"]);
    let state = left.iter().find(|(table, _)| *table == "SpacesTable").context("a space")?;
    for gone in ["holder", "account", "activatedAt"] {
        assert!(!state.1.contains_key(gone), "{gone}");
    }
    assert!(contents(&deployed, space).await?.is_empty());
    let person = deployed.person(patient.invited.person.text("nir")).await?;
    assert!(matches!(person.registration, Registration::Erased { .. }));
    // Done again it is nothing more.
    deployed.fire_as_of("erasure", in_minutes(40)?).await?;
    let mail = deployed.api.mail().await?;
    assert_eq!(mail.iter().filter(|m| m.to == address && told(m)).count(), 1);
    Ok(())
}

#[tokio::test]
async fn what_was_on_its_way_is_given_up() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let bytes = large_pdf(6_000_000);
    let announced = announcement(entry(OWN, "Grand scanner"), "application/pdf", &bytes);
    let upload = announce(&deployed, token, space, &announced).await?.ok()?;
    let parts = send(&upload, &bytes).await?;
    ensure!(!parts.is_empty());
    let archive = json!({"size": 6_000_000});
    patient.post(&deployed, "/imports", &archive).await?.ok()?;
    for _ in 0..2 {
        patient.post(&deployed, "/imports", &archive).await?.ok()?;
    }
    let fourth = patient.post(&deployed, "/imports", &archive).await?;
    assert_eq!(fourth.problem(), "too-many-imports");
    // Something that came and whose event was lost.
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("InboxBucket")?;
    let key = format!("imports/{space}/lost/lost");
    s3.put_object().bucket(bucket).key(key).body(bytes.into()).send().await?;
    assert_eq!(on_the_way(&deployed, space).await?, (1, 4));
    erase(&deployed, &patient).await?;
    deployed.fire_as_of("erasure", in_minutes(16)?).await?;
    assert_eq!(on_the_way(&deployed, space).await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn one_who_had_all_erased_gets_nothing_by_itself_and_may_come_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, ..) = lived_in(&deployed).await?;
    erase(&deployed, &patient).await?;
    deployed.fire_as_of("erasure", in_minutes(16)?).await?;
    let person = &patient.invited.person;
    let raw = deployed.items("PersonsTable").await?;
    let index = deployed.person(person.text("nir")).await?.index.as_str().to_owned();
    let reduced = raw.iter().find(|item| item["index"] == AttributeValue::S(index.clone()));
    let reduced = reduced.context("the person's item")?;
    for gone in ["record", "traits", "spaceId", "code", "dueAt"] {
        assert!(!reduced.contains_key(gone), "{gone}");
    }
    // The insurer writes again: nothing opens, a code comes.
    let address = person.text("email");
    let before = deployed.api.mail().await?.iter().filter(|m| m.to == address).count();
    deployed.feed(std::slice::from_ref(&person.0), 0).await?;
    let code = deployed.api.wait_for_new_code(address, before).await?;
    let entry = deployed.person(person.text("nir")).await?;
    assert!(matches!(entry.registration, Registration::Erased { .. }));
    assert_eq!(deployed.settle(person.text("nir"), 41).await?, Settled::Nothing);
    let token = deployed.activate_and_log_in(&Invited { code, ..patient.invited.clone() }).await?;
    let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_ne!(space["spaceId"], json!(patient.space_id), "a new space");
    let list = deployed.api.get("/v1/spaces/me/documents", Some(&token)).await?.ok()?;
    assert_eq!(list["items"], json!([]));
    Ok(())
}

/// Puts raw items back, as a restored backup would.
async fn put_back(deployed: &Deployed, items: &[(&'static str, Item)]) -> Result<()> {
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    for (table, item) in items {
        let name = deployed.stack.output(table)?;
        client.put_item().table_name(name).set_item(Some(item.clone())).send().await?;
    }
    Ok(())
}

/// Puts contents back.
async fn put_contents_back(deployed: &Deployed, contents: &HashMap<String, Vec<u8>>) -> Result<()> {
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("VaultBucket")?;
    for (key, bytes) in contents {
        let body = aws_sdk_s3::primitives::ByteStream::from(bytes.clone());
        s3.put_object().bucket(bucket).key(key).body(body).send().await?;
    }
    Ok(())
}

/// What of a restored space opens: whether its holder logs in, and what a professional who had
/// come in is answered.
async fn opens(
    deployed: &Deployed,
    patient: &Patient,
    (physician, report): (&str, &str),
) -> Result<(bool, u16, u16)> {
    let person = &patient.invited.person;
    let logged = deployed.api.log_in(&login_of(person), PASSWORD, person.text("email")).await;
    let read = content(deployed, physician, report, &[]).await?;
    let list = format!("/v1/spaces/{}/documents", patient.space_id);
    let listed = deployed.api.get(&list, Some(physician)).await?;
    Ok((logged.is_ok(), read.status.as_u16(), listed.status.as_u16()))
}

/// The content key of a space, as any function would find it.
async fn content_key(deployed: &Deployed, space: &str) -> Result<bool> {
    let aws = Aws::from_config(deployed.config.clone());
    let mut environment = deployed.environment("SpaceFunction", &[]).await?;
    let keys = SpaceKeys::new(&aws, &mut environment);
    Ok(keys.content(&SpaceId::parse(space)?).await?.is_some())
}

#[tokio::test]
async fn every_table_and_bucket_restored_but_the_key_table_nothing_opens() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, physician, report) = lived_in(&deployed).await?;
    let space = &patient.space_id;
    let tables = raw(&deployed, space).await?;
    let vault = contents(&deployed, space).await?;
    assert!(counted(&tables).len() >= 9, "{:?}", counted(&tables));
    let (keys, others): (Vec<_>, Vec<_>) =
        tables.into_iter().partition(|(table, _)| *table == "SpaceKeysTable");
    let theirs = (physician.as_str(), report.as_str());
    assert_eq!(opens(&deployed, &patient, theirs).await?, (true, 200, 200));
    erase(&deployed, &patient).await?;
    deployed.fire_as_of("erasure", in_minutes(16)?).await?;

    // Everything is brought back as it was, but the keys.
    put_back(&deployed, &others).await?;
    put_contents_back(&deployed, &vault).await?;
    assert!(!content_key(&deployed, space).await?);
    assert_eq!(opens(&deployed, &patient, theirs).await?, (false, 404, 404));

    // A key table of seven days later: the oldest state that can be restored then is one
    // without the key. The trace key stands there, the content key does not.
    let client = aws_sdk_dynamodb::Client::new(&deployed.config);
    let table = deployed.stack.output("SpaceKeysTable")?;
    let backup = client.create_backup().table_name(table).backup_name("sept-jours").send().await?;
    let backup = backup.backup_details().context("a backup")?.backup_arn().to_owned();
    let name = format!("cles-{}", &space[..8]);
    client.restore_table_from_backup().target_table_name(&name).backup_arn(backup).send().await?;
    let mut restored = client.scan().table_name(&name).into_paginator().items().send();
    let mut theirs_after = Vec::new();
    while let Some(item) = restored.next().await {
        let item = item?;
        if item.get("spaceId") == Some(&AttributeValue::S(space.clone())) {
            theirs_after.push(("SpaceKeysTable", item));
        }
    }
    assert_eq!(theirs_after.len(), 1);
    put_back(&deployed, &theirs_after).await?;
    client.delete_table().table_name(&name).send().await?;
    assert_eq!(opens(&deployed, &patient, theirs).await?, (false, 404, 404));

    // Within the seven days, and only so, two persons could still undo it (runbook): this is
    // also what shows that the test above refuses for want of the key and of nothing else.
    put_back(&deployed, &keys).await?;
    assert_eq!(opens(&deployed, &patient, theirs).await?, (true, 200, 200));
    Ok(())
}

#[test]
fn the_template_keeps_the_keys_as_long_as_certificates_say() -> Result<()> {
    let template = std::fs::read_to_string(project().join("infra/20-tables.yaml"))?;
    let (_, table) = template.split_once("  SpaceKeysTable:").context("a table")?;
    let (_, days) = table.split_once("RecoveryPeriodInDays: ").context("a period")?;
    let days: i64 = days.lines().next().context("a number")?.trim().parse()?;
    assert_eq!(days, KEY_RECOVERY_DAYS);
    Ok(())
}

#[tokio::test]
async fn a_space_that_an_authority_holds_is_closed_and_not_erased() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    deployed.order("retention-purge", json!({"hold": {"spaceId": patient.space_id}})).await?;
    let address = patient.invited.person.text("email");
    let mut body = deployed.step_up(&patient.token, "closure", address).await?;
    body["password"] = json!(PASSWORD);
    body["confirmation"] = json!("EFFACER");
    body["eraseNow"] = json!(true);
    let refused = patient.post(&deployed, "/closure", &body).await?;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "erasure-held"));
    deployed.order("retention-purge", json!({"lift": {"spaceId": patient.space_id}})).await?;
    let erased = patient.post(&deployed, "/closure", &body).await?;
    assert_eq!(erased.status, 202, "the same code, once nothing holds it");
    Ok(())
}
