//! `POST /v1/support/inquiries/{inquiryId}/approval`: another agent approves, and it begins.
//!
//! Must not know: how it is produced.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::InquiryId;
use espace_http::{Problem, ProblemBody, ProblemKind, Support};
use espace_storage::{SupportAct, SupportActKind};
use jiff::civil::Date;
use serde::Serialize;

use crate::App;
use crate::view::InquiryView;

/// Tries when it changes meanwhile.
const RACES_MAX: u32 = 5;

/// One month to be produced.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MonthMessage<'a> {
    inquiry_id: &'a InquiryId,
    month: Date,
}

/// Approves an inquiry: the months that are not done yet are begun. Approved again, those
/// that were lost begin anew.
#[utoipa::path(
    post, path = "/v1/support/inquiries/{inquiryId}/approval", operation_id = "approveInquiry",
    tag = "support", params(("inquiryId" = String, Path)),
    responses(
        (status = 200, body = InquiryView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn approve(
    State(app): State<App>,
    support: Support,
    Path(inquiry_id): Path<String>,
) -> Result<Json<InquiryView>, Problem> {
    let id = InquiryId::parse(&inquiry_id).map_err(|_| ProblemKind::NotFound)?;
    let (now, random) = (app.clock.now(), app.random.as_ref());
    for _ in 0..RACES_MAX {
        let mut stored = app.inquiries.find(&id).await?.ok_or(ProblemKind::NotFound)?;
        stored.inquiry.approve(&support.agent, now).map_err(|_| ProblemKind::AskedByYou)?;
        let kind = SupportActKind::InquiryApproved;
        app.acts.note(&SupportAct::new(&support.agent, kind, id.as_str(), now, random)).await?;
        if !app.inquiries.save(&stored, random).await? {
            continue;
        }
        let done = stored.months_done();
        let name = |month: &Date| month.strftime("%Y-%m").to_string();
        let is_left = |month: &Date| !done.contains_key(name(month).as_str());
        let months = stored.inquiry.months().into_iter().filter(is_left);
        let messages: Vec<_> =
            months.map(|month| MonthMessage { inquiry_id: &id, month }).collect();
        app.queue.send_all(&messages).await?;
        return Ok(Json(InquiryView::of(&stored)));
    }
    Err(ProblemKind::Unavailable.into())
}
