//! `POST /v1/campaigns`: the insurer announces a file of insured persons.
//!
//! Must not know: what the file says.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{CODE_VALIDITY_DAYS, CampaignId};
use espace_http::{
    FieldError, IdempotencyKey, Insurer, JsonBody, Problem, ProblemBody, ProblemKind, claim_name,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// How far the insurer's clock, and the request's way, may stretch the limits.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);
/// Longest name of a campaign.
const NAME_CHARS_MAX: usize = 100;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCampaign {
    /// A name for people, at most 100 characters.
    name: String,
    /// When the campaign was sent: six weeks run from then. At most 42 days ago.
    sent_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedCampaign {
    #[schema(value_type = String)]
    campaign_id: CampaignId,
    /// Where the file goes.
    upload: Upload,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upload {
    method: String,
    url: String,
    /// Headers to be sent as they are.
    headers: BTreeMap<String, String>,
}

/// Announces a campaign. The file (NDJSON, one insured person a line) is then
/// sent to `upload`, and read as soon as it has come.
#[utoipa::path(
    post, path = "/v1/campaigns", operation_id = "createCampaign", tag = "campaigns",
    request_body = NewCampaign,
    responses(
        (status = 201, body = CreatedCampaign),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["insurer"]))),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Insurer(claims): Insurer,
    key: IdempotencyKey,
    body: JsonBody<NewCampaign>,
) -> Result<(StatusCode, Json<CreatedCampaign>), Problem> {
    let now = app.clock.now();
    let NewCampaign { name, sent_at } = body.value;
    let name = name.trim().to_owned();
    if name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control)
    {
        let detail = "Le nom doit avoir de 1 à 100 caractères.";
        return Err(Problem::invalid(vec![FieldError::new("/name", "length", detail)]));
    }
    let age = now.duration_since(sent_at);
    let oldest = SignedDuration::from_hours(24 * CODE_VALIDITY_DAYS);
    if age < -TOLERANCE || age > oldest + TOLERANCE {
        return Err(ProblemKind::CampaignDate.into());
    }
    let made = claim_name(
        &app.idempotency,
        &key,
        &claims.sub,
        "POST /v1/campaigns",
        &body.raw,
        app.random.as_ref(),
        now,
    )
    .await?;
    let campaign_id = CampaignId::from_bytes(made);
    // Not created: the same request was sent before, and its campaign stands.
    let _created = app.campaigns.create(campaign_id.clone(), name, sent_at, now).await?;
    let upload = app.files.presign(&campaign_id).await?;
    let created = CreatedCampaign {
        campaign_id,
        upload: Upload { method: upload.method, url: upload.url, headers: upload.headers },
    };
    Ok((StatusCode::CREATED, Json(created)))
}
