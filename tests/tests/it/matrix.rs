//! What each profession sees of each type of document, on the deployed stack, held against
//! the cells of `matrix.csv` itself and not against the code that was made from it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use journeys::{Deployed, rpps};
use serde_json::json;

use crate::vault::{deposit, entry, pdf};

const MATRIX: &str = include_str!("../../../shared/domain/data/matrix.csv");
const PROFESSIONS: &str = include_str!("../../../shared/domain/data/professions.csv");
/// Columns of the matrix.
const GROUPS: usize = 19;
/// Types that the matrix lets somebody read.
const TYPES: usize = 108;
/// The column of pharmacists who are biologists, told by their section.
const BIOLOGIST: &str = "pharmacien_biologiste";

/// The cells of a line of CSV.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    cells
}

/// By column: the types that its professions read.
fn matrix() -> BTreeMap<String, BTreeSet<String>> {
    let mut lines = MATRIX.lines().map(cells);
    let head = lines.next().unwrap();
    let groups = &head[3..3 + GROUPS];
    let mut read: BTreeMap<_, BTreeSet<_>> =
        groups.iter().map(|group| (group.clone(), BTreeSet::new())).collect();
    for line in lines {
        for (group, cell) in groups.iter().zip(&line[3..]) {
            if cell == "1" {
                read.get_mut(group).unwrap().insert(line[0].clone());
            }
        }
    }
    read
}

/// By column: a profession of it, and whether the service lets it in (`domain.md` B4: access
/// by those who are no health professionals is switched off).
fn professions() -> BTreeMap<String, (String, bool)> {
    let mut found: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for line in PROFESSIONS.lines().skip(1).map(cells) {
        let is_care = line[3] == "health professional";
        if is_care || !found.contains_key(&line[4]) {
            let known = found.entry(line[4].clone()).or_insert((line[0].clone(), is_care));
            if is_care && !known.1 {
                *known = (line[0].clone(), true);
            }
        }
    }
    found
}

#[tokio::test]
async fn each_group_sees_of_each_type_what_the_matrix_says() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let (matrix, professions) = (matrix(), professions());
    ensure!(matrix.len() == GROUPS, "{} groups", matrix.len());
    let types: BTreeSet<&String> = matrix.values().flatten().collect();
    ensure!(types.len() == TYPES, "{} types", types.len());
    // The insurer takes a whole DMP over: it deposits of every type.
    let insurer = api.insurer().await?;
    for kind in &types {
        let new = entry(kind, kind);
        deposit(&deployed, &insurer, space, &new, pdf(kind)).await?.ok()?;
    }
    let accesses = format!("/v1/spaces/{space}/accesses");
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let mut let_in = 0;
    for (group, expected) in &matrix {
        let (profession, is_care, specialty) = if group == BIOLOGIST {
            ("21", true, Some("G"))
        } else {
            let (code, is_care) = professions.get(group).with_context(|| group.clone())?;
            (code.as_str(), *is_care, None)
        };
        let token = api.professional(&rpps(), profession, specialty).await?;
        let opened = api.post(&accesses, Some(&token), &glass).await?;
        assert_eq!(opened.status.is_success(), is_care, "{group} ({profession})");
        let mut seen = BTreeSet::new();
        if is_care {
            let_in += 1;
            let list = format!("/v1/spaces/{space}/documents?limit=200");
            let listed = api.get(&list, Some(&token)).await?.ok()?;
            for document in listed["items"].as_array().context("items")? {
                seen.insert(document["typeCode"].as_str().context("a type")?.to_owned());
            }
            assert_eq!(listed["next"], json!(null), "{group}: what is hidden is not counted");
        }
        let none = BTreeSet::new();
        assert_eq!(&seen, if is_care { expected } else { &none }, "{group} ({profession})");
    }
    assert!(let_in >= 12, "{let_in} groups are health professionals");
    Ok(())
}
