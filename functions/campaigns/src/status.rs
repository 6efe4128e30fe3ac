//! `GET /v1/campaigns/{campaignId}`: how far a campaign is.
//!
//! Must not know: how the work is split.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::CampaignId;
use espace_http::{Insurer, Problem, ProblemBody, ProblemKind};
use espace_storage::CampaignState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// `awaitingFile`, `running`, `completed` or `failed`. A chunk that cannot be worked
    /// waits in the dead-letter queue, and the campaign stays `running`.
    #[schema(value_type = String)]
    state: CampaignState,
    /// Lines of the file.
    received: u64,
    /// New persons, each sent a code.
    invited: u64,
    /// Known persons, brought up to date.
    updated: u64,
    /// Lines refused.
    rejected: u64,
    /// Messages sent so far.
    mailed: Mailed,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mailed {
    email: u64,
    sms: u64,
    letter: u64,
}

/// How far a campaign is.
#[utoipa::path(
    get, path = "/v1/campaigns/{campaignId}", operation_id = "readCampaign", tag = "campaigns",
    params(("campaignId" = String, Path)),
    responses(
        (status = 200, body = Progress),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["insurer"]))),
)]
pub(crate) async fn status(
    State(app): State<App>,
    _: Insurer,
    Path(campaign_id): Path<String>,
) -> Result<Json<Progress>, Problem> {
    let campaign_id = CampaignId::parse(&campaign_id).map_err(|_| ProblemKind::NotFound)?;
    let campaign = app.campaigns.find(&campaign_id).await?.ok_or(ProblemKind::NotFound)?;
    let mailed = app.campaigns.mailed(&campaign_id).await?;
    let sent = |channel: &str| mailed.get(channel).copied().unwrap_or_default();
    Ok(Json(Progress {
        state: campaign.state,
        received: campaign.lines,
        invited: campaign.invited,
        updated: campaign.updated,
        rejected: campaign.rejected,
        mailed: Mailed { email: sent("email"), sms: sent("sms"), letter: sent("letter") },
    }))
}
