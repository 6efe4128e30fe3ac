//! An inquiry as an agent sees it.
//!
//! Must not know: how it is stored.

use espace_domain::InquiryId;
use espace_storage::StoredInquiry;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

/// An inquiry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InquiryView {
    #[schema(value_type = String)]
    pub(crate) inquiry_id: InquiryId,
    /// `awaitingApproval`, `running`, `completed`.
    state: &'static str,
    rpps: String,
    #[schema(value_type = String)]
    from: Date,
    #[schema(value_type = String)]
    to: Date,
    legal_basis: String,
    reference: String,
    asked_by: String,
    asked_at: Timestamp,
    approved_by: Option<String>,
    approved_at: Option<Timestamp>,
    /// Traces found so far.
    traces: u64,
    /// The files that are there, of each month that is done.
    pub(crate) files: Vec<FileView>,
}

/// The traces of one month: NDJSON.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    pub(crate) month: String,
    /// Where it may be fetched, for five minutes.
    pub(crate) url: String,
}

impl InquiryView {
    pub(crate) fn of(stored: &StoredInquiry) -> Self {
        let inquiry = &stored.inquiry;
        let approved = inquiry.approved.clone();
        Self {
            inquiry_id: stored.inquiry_id.clone(),
            state: state(stored),
            rpps: inquiry.rpps.clone(),
            from: inquiry.from,
            to: inquiry.to,
            legal_basis: inquiry.legal_basis.clone(),
            reference: inquiry.reference.clone(),
            asked_by: inquiry.asked_by.clone(),
            asked_at: inquiry.asked_at,
            approved_at: approved.as_ref().map(|(_, at)| *at),
            approved_by: approved.map(|(agent, _)| agent),
            traces: stored.found,
            files: Vec::new(),
        }
    }
}

fn state(stored: &StoredInquiry) -> &'static str {
    if stored.inquiry.approved.is_none() {
        "awaitingApproval"
    } else if stored.months_done().len() < stored.inquiry.months().len() {
        "running"
    } else {
        "completed"
    }
}
