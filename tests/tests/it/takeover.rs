//! Older shared records (DMP) taken over by the insurer: a folder of documents, stopped and
//! resumed, imported twice.

use anyhow::{Context, Result};
use journeys::Deployed;
use local_cloud::import_dmp::import;
use local_cloud::system::target_directory;
use serde_json::json;

use crate::uploads::large_pdf;
use crate::vault::{REPORT, pdf};

#[tokio::test]
async fn a_folder_is_taken_over_once_however_often_it_is_imported() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let folder = target_directory().join("local").join(format!("dmp-{}", patient.space_id));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("a.pdf"), pdf("a"))?;
    std::fs::write(folder.join("b.txt"), "Compte rendu ancien")?;
    std::fs::write(folder.join("c.pdf"), large_pdf(5_000_000))?;
    std::fs::write(folder.join("d.bin"), b"\x7fELF")?;
    let nir = patient.invited.person.text("nir");
    let line = |nir: &str, file: &str, title: &str| {
        json!({"nir": nir, "file": file, "typeCode": REPORT, "title": title,
               "eventDate": "2019-05-06"})
        .to_string()
    };
    let unknown = Deployed::people().next().context("someone")?;
    let lines = [
        line(nir, "a.pdf", "Un"),
        line(nir, "b.txt", "Deux"),
        line(nir, "c.pdf", "Trois"),
        line(nir, "d.bin", "Quatre"),
        line(unknown["nir"].as_str().context("a number")?, "a.pdf", "Cinq"),
    ];
    let index = folder.join("index.ndjson");
    // Stopped after two lines: the third is not there yet.
    std::fs::write(&index, lines[..2].join("\n"))?;
    let counts = import(&deployed.api, &folder, |_| {}).await?;
    assert_eq!(serde_json::to_value(&counts)?, json!({"deposited": 2}));
    std::fs::write(&index, lines.join("\n"))?;
    let counts = import(&deployed.api, &folder, |_| {}).await?;
    let expected = json!({"deposited": 1, "content-refused": 1, "noSpace": 1});
    assert_eq!(serde_json::to_value(&counts)?, expected);
    // Its notes lost, all is sent again and nothing is there twice.
    std::fs::remove_file(folder.join("done.ndjson"))?;
    let counts = import(&deployed.api, &folder, |_| {}).await?;
    let expected = json!({"deposited": 3, "content-refused": 1, "noSpace": 1});
    assert_eq!(serde_json::to_value(&counts)?, expected);
    let mut listed = json!(null);
    for _ in 0..300 {
        listed = patient.get(&deployed, "/documents").await?.ok()?;
        if listed["items"].as_array().map(Vec::len) == Some(3) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let items = listed["items"].as_array().context("items")?;
    assert_eq!(items.len(), 3, "{listed}");
    assert!(items.iter().all(|item| item["author"]["kind"] == "insurer"));
    // The holder reads who looked them up, and when.
    let log = patient.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let actions: Vec<_> = log["items"].as_array().context("items")?.clone();
    assert!(actions.iter().any(|item| item["action"] == "findInsured"));
    // Nobody but the insurer finds anyone so.
    let body = json!({"nir": nir});
    let found = deployed.api.post("/v1/spaces/lookup", Some(&patient.token), &body).await?;
    assert_eq!(found.status, 403);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
