//! Every route refuses everyone it does not name: routes × actors, enumerated
//! from the description of the API itself.

use anyhow::Result;
use journeys::Deployed;
use local_cloud::system::project;
use reqwest::Method;
use serde_json::{Value, json};

/// A caller and what the description calls it.
struct Caller {
    kind: &'static str,
    token: Option<String>,
}

#[tokio::test]
async fn every_route_refuses_everyone_it_does_not_name() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let invited = deployed.invite(0).await?;
    let citizen = deployed.citizen().await?;
    let callers = [
        Caller { kind: "nobody", token: None },
        Caller { kind: "nobody", token: Some("not-a-token".to_owned()) },
        Caller { kind: "nobody", token: Some(tampered(&citizen)) },
        Caller { kind: "enrolment", token: Some(deployed.prove(&invited).await?) },
        Caller { kind: "insurer", token: Some(api.insurer().await?) },
        Caller { kind: "support", token: Some(api.support("A-17").await?) },
        Caller {
            kind: "professional",
            token: Some(api.professional("10100997245", "10", None).await?),
        },
        // A profession of no matrix group: a token that opens nothing.
        Caller {
            kind: "professional",
            token: Some(api.professional("10100997245", "99", None).await?),
        },
        Caller { kind: "citizen", token: Some(citizen) },
    ];
    let committed = std::fs::read(project().join("docs/openapi.json"))?;
    let description: Value = serde_json::from_slice(&committed)?;
    let mut refused = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let named: Vec<&str> = operation["x-actors"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            if named.contains(&"anyone") {
                continue;
            }
            let filled = filled(path);
            // An agent who helps nobody is named by the routes of spaces for those who do.
            let is_named = |caller: &&Caller| {
                let helps_nobody = caller.kind == "support" && path.starts_with("/v1/spaces");
                named.contains(&caller.kind) && !helps_nobody
            };
            for caller in callers.iter().filter(|caller| !is_named(caller)) {
                let method: Method = method.to_uppercase().parse()?;
                let body = json!({"name": "x", "sentAt": "2026-01-01T00:00:00Z"});
                let body = (method == Method::POST).then_some(&body);
                let answer =
                    api.send(method.clone(), &filled, caller.token.as_deref(), body).await?;
                let status = answer.status.as_u16();
                // A deposit's body is read before its space is: to an agent who may help
                // somewhere, what is wrong with it is told, and nothing of the space.
                let is_read_first = caller.kind == "support" && path.ends_with("/documents");
                assert!(
                    matches!(status, 401 | 403) || (is_read_first && status == 422),
                    "{method} {path} answers {status} to {}: {}",
                    caller.kind,
                    String::from_utf8_lossy(&answer.body)
                );
                assert_eq!(answer.headers["content-type"], "application/problem+json");
                refused += 1;
            }
        }
    }
    assert!(refused > 30, "only {refused} refusals were tried");
    Ok(())
}

/// A path with its parameters filled: the caller's own space, and ids of nothing.
fn filled(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| match part {
            "{spaceId}" => "me".to_owned(),
            part if part.starts_with('{') => "0".repeat(26),
            part => part.to_owned(),
        })
        .collect();
    parts.join("/")
}

/// A token whose last character of the signature differs.
fn tampered(token: &str) -> String {
    let mut text = token.to_owned();
    // The last character may hold unused bits: change one in the middle.
    let position = text.len() - 20;
    let replacement = if text.as_bytes()[position] == b'A' { "B" } else { "A" };
    text.replace_range(position..=position, replacement);
    text
}

#[tokio::test]
async fn another_holders_space_is_as_absent_as_none() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (mine, other) = (deployed.citizen().await?, deployed.citizen().await?);
    let theirs = deployed.api.get("/v1/spaces/me", Some(&other)).await?.ok()?;
    let space = theirs["spaceId"].as_str().unwrap();
    let hidden = deployed.api.get(&format!("/v1/spaces/{space}"), Some(&mine)).await?;
    let absent = deployed.api.get(&format!("/v1/spaces/{}", "0".repeat(26)), Some(&mine)).await?;
    let nonsense = deployed.api.get("/v1/spaces/nonsense", Some(&mine)).await?;
    for answer in [&hidden, &absent, &nonsense] {
        assert_eq!(answer.status, 404);
        let mut body = answer.json();
        body["instance"] = json!("");
        let mut first = hidden.json();
        first["instance"] = json!("");
        assert_eq!(body, first);
    }
    Ok(())
}

#[tokio::test]
async fn a_bad_body_is_named_by_its_place_and_a_large_one_refused() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let unknown = json!({"code": "x", "nir": "y", "surprise": 1});
    let answer = api.post("/v1/activation/identity", None, &unknown).await?;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "invalid-body"));
    assert_eq!(answer.json()["errors"][0]["code"], "unknown-field");

    let shapes = json!({"code": "x", "nir": "y", "card": {"type": "photo", "serial": "1"}});
    let answer = api.post("/v1/activation/identity", None, &shapes).await?;
    let errors = answer.json();
    let pointers: Vec<_> =
        errors["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/code", "/nir", "/card/serial"]);

    let send = |body: Vec<u8>, media: &'static str| {
        let request = api.request(Method::POST, "/v1/activation/identity");
        request.header("content-type", media).body(body).send()
    };
    assert_eq!(send(b"{\"code\": \"\xff\"}".to_vec(), "application/json").await?.status(), 400);
    assert_eq!(send(b"{\"code\":".to_vec(), "application/json").await?.status(), 400);
    assert_eq!(send(b"code=x".to_vec(), "text/plain").await?.status(), 415);
    assert_eq!(send(vec![b' '; 70_000_000], "application/json").await?.status(), 413);
    Ok(())
}
