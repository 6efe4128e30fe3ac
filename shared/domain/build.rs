//! Compiles the value sets in `data/` into tables: nothing is parsed at start.
//!
//! For: `matrix.rs`. Must not know any rule: a table in, the same table out.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

type Rows = Vec<HashMap<String, String>>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    let groups = read("matrix_groups")?;
    let mut code = String::new();
    write_groups(&mut code, &groups)?;
    write_professions(&mut code, &groups, &read("professions")?)?;
    write_types(&mut code, &groups, &read("doc_types")?, &read("matrix")?)?;
    let out = env_of_cargo("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("value_sets.rs"), code)?;
    Ok(())
}

/// What cargo tells a build script.
#[expect(clippy::disallowed_methods, reason = "a build script is told by its environment")]
fn env_of_cargo(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

/// The rows of a file, each by the names of its columns.
fn read(name: &str) -> Result<Rows, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(format!("data/{name}.csv"))?;
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

fn write_groups(code: &mut String, groups: &Rows) -> Result<(), Box<dyn Error>> {
    code.push_str(
        "/// A column of the access matrix: the professions that may read the same types.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         pub enum MatrixGroup {\n",
    );
    for group in groups {
        let heading = group["official_heading_fr"].replace('[', "(").replace(']', ")");
        writeln!(code, "    /// {heading}\n    {},", variant(&group["group_key"]))?;
    }
    code.push_str(
        "}\n\nimpl MatrixGroup {\n    /// Every group.\n    pub const ALL: &[Self] = &[\n",
    );
    for group in groups {
        writeln!(code, "        Self::{},", variant(&group["group_key"]))?;
    }
    code.push_str("    ];\n\n    /// The key used in data and in the API.\n    pub fn key(self) -> &'static str {\n        match self {\n");
    for group in groups {
        let key = &group["group_key"];
        writeln!(code, "            Self::{} => {key:?},", variant(key))?;
    }
    code.push_str("        }\n    }\n\n    /// The heading of the official matrix.\n    pub fn heading(self) -> &'static str {\n        match self {\n");
    for group in groups {
        let (key, heading) = (&group["group_key"], &group["official_heading_fr"]);
        writeln!(code, "            Self::{} => {heading:?},", variant(key))?;
    }
    code.push_str("        }\n    }\n}\n");
    Ok(())
}

fn write_professions(
    code: &mut String,
    groups: &Rows,
    professions: &Rows,
) -> Result<(), Box<dyn Error>> {
    code.push_str("static PROFESSIONS: &[ProfessionRow] = &[\n");
    for row in professions {
        let is_care = matches!(row["kind"].as_str(), "health professional" | "access mode");
        writeln!(
            code,
            "    ProfessionRow {{ code: {:?}, display: {:?}, is_care: {is_care}, group: {} }},",
            row["code"],
            row["display_fr"],
            known_group(groups, &row["matrix_group"])?
        )?;
    }
    code.push_str("];\n");
    Ok(())
}

fn write_types(
    code: &mut String,
    groups: &Rows,
    types: &Rows,
    matrix: &Rows,
) -> Result<(), Box<dyn Error>> {
    let matrix: HashMap<_, _> = matrix.iter().map(|row| (row["type_code"].as_str(), row)).collect();
    let mut sorted: Vec<_> = types.iter().collect();
    sorted.sort_by_key(|row| &row["type_code"]);
    code.push_str("static TYPES: &[TypeRow] = &[\n");
    for row in sorted {
        let name = row["type_code"].as_str();
        let cells = matrix.get(name).ok_or_else(|| format!("{name} is not in the matrix"))?;
        let mut readers = 0_u32;
        for (index, group) in groups.iter().enumerate() {
            match cells[&group["group_key"]].as_str() {
                "1" => readers |= 1 << index,
                "0" => {}
                other => return Err(format!("{name}: {other:?} is no cell").into()),
            }
        }
        let by_patient = match row["patient_deposited"].as_str() {
            "yes" => true,
            "no" => false,
            other => return Err(format!("{name}: {other:?} is neither yes nor no").into()),
        };
        writeln!(
            code,
            "    TypeRow {{ code: {name:?}, system: {:?}, display: {:?}, class: {:?}, \
             category: {:?}, category_label: {:?}, by_patient: {by_patient}, readers: {readers:#x} }},",
            row["code_system"],
            row["display_fr"],
            row["class_code"],
            row["ui_category_code"],
            row["ui_category_label"],
        )?;
    }
    code.push_str("];\n");
    Ok(())
}

/// A group's variant as an option; an unknown key stops the build.
fn known_group(groups: &Rows, key: &str) -> Result<String, Box<dyn Error>> {
    if key.is_empty() {
        return Ok("None".to_owned());
    }
    if groups.iter().any(|group| group["group_key"] == key) {
        return Ok(format!("Some(MatrixGroup::{})", variant(key)));
    }
    Err(format!("{key} is no group").into())
}

/// `chirurgien_dentiste` as a variant.
fn variant(key: &str) -> String {
    key.split('_')
        .map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + chars.as_str())
        })
        .collect()
}
