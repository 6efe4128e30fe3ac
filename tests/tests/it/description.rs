//! The description of the API is the code's, the template's and the README's.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;
use espace_http::{ProblemKind, document};
use journeys::now;
use local_cloud::system::project;
use local_cloud::template;
use serde_json::Value;

/// The description, from the code.
async fn described() -> Result<Value> {
    Ok(serde_json::to_value(document(parts().await?))?)
}

/// A router is described without a cloud: nothing is called.
async fn parts() -> Result<Vec<utoipa::openapi::OpenApi>> {
    let config = local_cloud::backend::owner("http://127.0.0.1:9").await;
    let aws = espace_storage::Aws::from_config(config);
    let random = || std::sync::Arc::new(espace_crypto::SystemRandom);
    let environment = || {
        let template = template::whole().unwrap_or_default();
        let names = template.lines().filter_map(|line| {
            let name = line.trim().split(':').next()?;
            name.starts_with("ESPACE_").then(|| (name.to_owned(), "1".to_owned()))
        });
        espace_storage::Environment::from_values(names.collect())
    };
    Ok(vec![
        activation::router(activation::App::new(&aws, environment(), now(), random())?).1,
        campaigns::router(campaigns::App::new(&aws, environment(), now(), random())?).1,
        consent::router(consent::App::new(&aws, environment(), now(), random())?).1,
        documents::router(documents::App::new(&aws, environment(), now(), random())?).1,
        caregivers::router(caregivers::App::new(&aws, environment(), now(), random())?).1,
        inquiries::router(inquiries::App::new(&aws, environment(), now(), random())?).1,
        messaging::router(messaging::App::new(&aws, environment(), now(), random())?).1,
        notifications::router(notifications::App::new(&aws, environment(), now(), random())?).1,
        review::router(review::App::new(&aws, environment(), now(), random())?).1,
        phone_line::router(phone_line::App::new(&aws, environment(), now(), random())?).1,
        search::router(search::App::new(&aws, environment(), now(), random())?).1,
        opposition::router(opposition::App::new(&aws, environment(), now(), random())?).1,
        sessions::router(sessions::App::new(&aws, environment(), now(), random())?).1,
        space::router(space::App::new(&aws, environment(), now(), random())?).1,
    ])
}

/// What stands in the description under one name is one thing: put together from many functions,
/// a second of that name would be described as the first.
#[tokio::test]
async fn no_two_functions_mean_something_else_by_one_name() -> Result<()> {
    let mut known = std::collections::BTreeMap::<String, Value>::new();
    for part in parts().await? {
        let part = serde_json::to_value(part)?;
        for (name, schema) in part["components"]["schemas"].as_object().into_iter().flatten() {
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(first, schema, "{name} is described twice");
        }
    }
    Ok(())
}

/// `METHOD path` of every operation.
pub(crate) fn operations(description: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().into_iter().flatten() {
        for method in methods.as_object().into_iter().flatten().map(|(method, _)| method) {
            found.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    found
}

#[tokio::test]
async fn the_committed_description_is_the_codes() -> Result<()> {
    let path = project().join("docs/openapi.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&described().await?)?);
    if std::env::var_os("ESPACE_UPDATE").is_some() {
        fs::write(&path, &current)?;
    }
    let committed = fs::read_to_string(&path)?;
    assert!(committed == current, "docs/openapi.json is stale: run `cargo xtask openapi`");
    Ok(())
}

#[tokio::test]
async fn the_template_routes_what_the_code_serves() -> Result<()> {
    let template = template::whole()?;
    let mut routed: BTreeSet<String> = template
        .lines()
        .filter(|line| line.contains("RestApiId: !Ref Api, Method:"))
        .map(|line| {
            let part = |name: &str| {
                let rest = line.split(&format!("{name}: ")).nth(1).unwrap_or_default();
                rest.split([',', '}']).next().unwrap_or_default().trim_matches('"').to_owned()
            };
            // A path may hold braces: it is the last part and quoted.
            let path = line.split("Path: \"").nth(1).unwrap_or_default();
            let path = path.split('"').next().unwrap_or_default();
            format!("{} {path}", part("Method").to_uppercase())
        })
        .collect();
    assert!(routed.remove("GET /v1/openapi.json"), "the description itself is served");
    assert_eq!(routed, operations(&described().await?));
    Ok(())
}

#[tokio::test]
async fn every_operation_names_who_may_call_it() -> Result<()> {
    let description = described().await?;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let actors = operation["x-actors"].as_array().map_or(0, Vec::len);
            assert!(actors > 0, "{method} {path} names nobody");
            let public = operation["x-actors"] == serde_json::json!(["anyone"]);
            assert_eq!(operation["security"].is_null(), public, "{method} {path}");
        }
    }
    Ok(())
}

#[test]
fn every_problem_is_listed_for_those_who_call() {
    let listed = fs::read_to_string(project().join("docs/api.md")).unwrap();
    for kind in ProblemKind::ALL {
        let row = format!("| `{}` | {} |", kind.slug(), kind.status().as_u16());
        assert!(listed.contains(&row), "docs/api.md lacks the row {row}");
    }
}

#[test]
fn the_readme_lists_every_route() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let committed = fs::read(project().join("docs/openapi.json")).unwrap();
    let description: Value = serde_json::from_slice(&committed).unwrap();
    for operation in operations(&description) {
        assert!(readme.contains(&format!("`{operation}`")), "README.md lacks {operation}");
    }
}
