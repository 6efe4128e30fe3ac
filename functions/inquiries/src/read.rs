//! `GET /v1/support/inquiries/{inquiryId}`: where an inquiry stands, and its files.
//!
//! Must not know: what is in them.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::InquiryId;
use espace_http::{Problem, ProblemBody, ProblemKind, Support};
use espace_storage::{SupportAct, SupportActKind};

use crate::App;
use crate::view::{FileView, InquiryView};

/// Where an inquiry stands, and where the files that are there may be fetched. To the two agents it
/// is of, and nobody else.
#[utoipa::path(
    get, path = "/v1/support/inquiries/{inquiryId}", operation_id = "readInquiry",
    tag = "support", params(("inquiryId" = String, Path)),
    responses(
        (status = 200, body = InquiryView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    support: Support,
    Path(inquiry_id): Path<String>,
) -> Result<Json<InquiryView>, Problem> {
    let id = InquiryId::parse(&inquiry_id).map_err(|_| ProblemKind::NotFound)?;
    let stored = app.inquiries.find(&id).await?.ok_or(ProblemKind::NotFound)?;
    let mut view = InquiryView::of(&stored);
    let approved_by = stored.inquiry.approved.as_ref().map(|(agent, _)| agent.as_str());
    let is_of_theirs = [Some(stored.inquiry.asked_by.as_str()), approved_by];
    let months = stored.months_done();
    if !months.is_empty() && is_of_theirs.contains(&Some(support.agent.as_str())) {
        let (now, random) = (app.clock.now(), app.random.as_ref());
        let kind = SupportActKind::InquiryFetched;
        app.acts.note(&SupportAct::new(&support.agent, kind, id.as_str(), now, random)).await?;
        for (month, files) in months {
            for number in 1..=files {
                let url = app.files.address(&id, (month, number)).await?;
                view.files.push(FileView { month: month.to_owned(), url });
            }
        }
    }
    Ok(Json(view))
}
