//! `GET /v1/spaces/{spaceId}/access-log/download`: a chain of the log as a file that
//! anyone can verify (`docs/access-log.md`).
//!
//! Must not know: what a trace says.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use espace_domain::decision::Chain;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{AccessLogFile, AnchorProof};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::App;
use crate::access_log::enter;
use crate::shown::{shown_chain, shown_head};
use crate::verification::anchored;

/// Traces of one part: some 1.5 MB.
const PART_TRACES: u64 = 2_000;
/// Traces asked for at once.
const PAGE: i32 = 500;

/// Which part of which chain.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DownloadQuery {
    /// `ordinary` where none is named; `secret` is the holder's alone.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    chain: Option<Chain>,
    /// From 1; 2,000 traces a part.
    #[serde(default)]
    part: Option<u64>,
}

/// Downloads a part of a chain. The first line says how many parts there are.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/access-log/download", operation_id = "downloadAccessLog",
    tag = "consent", params(("spaceId" = String, Path), DownloadQuery),
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn download(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    query: Result<Query<DownloadQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (visit, permit) = enter(&app, &bearer, &space_id).await?;
    let Query(query) = query.map_err(|_| ProblemKind::InvalidParameter)?;
    let chain = shown_chain(&visit, query.chain)?;
    let opened = visit.opened(&permit)?;
    let head = shown_head(&app, (&visit, &permit), &opened.space, chain).await?;
    let parts = head.sequence.div_ceil(PART_TRACES).max(1);
    let part = query.part.unwrap_or(1);
    if !(1..=parts).contains(&part) {
        return Err(ProblemKind::InvalidParameter.into());
    }
    let first = (part - 1) * PART_TRACES + 1;
    let last = (part * PART_TRACES).min(head.sequence);
    let hash = head.hash.to_hex();
    let file = AccessLogFile {
        space_id: &visit.space_id,
        chain,
        part: (part, parts),
        at: visit.now,
        head: (head.sequence, &hash),
    };
    let mut lines = vec![file.first_line()];
    let traces = app.guard.acts().traces();
    let mut from = Some(first).filter(|first| *first <= last);
    while let Some(start) = from {
        let key = &opened.trace_key;
        let (found, next) = traces.oldest(&visit.space_id, chain, start, PAGE, key).await?;
        lines.extend(found.iter().filter(|t| t.head.sequence <= last).map(AccessLogFile::line));
        from = next.filter(|next| *next <= last);
    }
    if part == parts
        && let Some((proof, _)) = anchored(&app, &visit, chain, head.sequence).await?
    {
        lines.push(proof_line(&proof));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.to_string());
        text.push('\n');
    }
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal-des-acces.ndjson\""),
    ];
    Ok((headers, text).into_response())
}

/// What shows that the chain was anchored.
fn proof_line(proof: &AnchorProof) -> Value {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let path: Vec<_> = proof.path.iter().map(|hash| hex(hash)).collect();
    json!({
        "proof": {
            "anchor": proof.anchor, "anchoredAt": proof.anchored_at, "shard": proof.shard,
            "leaf": proof.leaf, "leaves": proof.leaves, "path": path,
            "sequence": proof.sequence, "hash": hex(&proof.hash), "salt": hex(&proof.salt),
        }
    })
}
