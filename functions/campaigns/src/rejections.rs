//! `GET /v1/campaigns/{campaignId}/rejections`: the lines that were refused.
//!
//! Must not know: the refused persons: a number and a reason is all there is.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use espace_domain::CampaignId;
use espace_http::{Insurer, Problem, ProblemBody, ProblemKind};
use serde::Deserialize;

use crate::App;

/// Most lines of one answer: about 1.5 MB, far under what a function may answer.
const LINES_MAX: usize = 20_000;
/// Items asked for at once.
const PAGE: i32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    /// The last line already read.
    #[serde(default)]
    after: u64,
}

/// The lines that were refused, in order, one JSON object `{line, reason}` a
/// line. Where there are more than 20,000, the `Link` header says where they go on.
#[utoipa::path(
    get, path = "/v1/campaigns/{campaignId}/rejections", operation_id = "readRejections",
    tag = "campaigns",
    params(("campaignId" = String, Path), ("after" = Option<u64>, Query)),
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["insurer"]))),
)]
pub(crate) async fn rejections(
    State(app): State<App>,
    _: Insurer,
    Path(campaign_id): Path<String>,
    Query(After { mut after }): Query<After>,
) -> Result<Response, Problem> {
    let campaign_id = CampaignId::parse(&campaign_id).map_err(|_| ProblemKind::NotFound)?;
    if app.campaigns.find(&campaign_id).await?.is_none() {
        return Err(ProblemKind::NotFound.into());
    }
    let mut text = String::new();
    let mut lines = 0;
    let mut more = true;
    while more && lines < LINES_MAX {
        let page = app.campaigns.rejections(&campaign_id, after, PAGE).await?;
        more = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        lines += page.len();
        for rejected in page {
            after = rejected.line;
            let line = serde_json::json!({
                "line": rejected.line,
                "reason": rejected.reason.code(),
            });
            text.push_str(&line.to_string());
            text.push('\n');
        }
    }
    let mut response = ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response();
    if more {
        let link = format!("</v1/campaigns/{campaign_id}/rejections?after={after}>; rel=\"next\"");
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}
