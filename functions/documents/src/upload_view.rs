//! A large content on its way, as the API shows it to its depositor.
//!
//! Must not know: who may see it.

use espace_domain::{DocumentId, SpaceId};
use espace_http::Problem;
use espace_storage::{ArrivedPart, Upload, UploadState};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// Bytes of a part; the last may be shorter.
pub(crate) const PART_BYTES: u64 = 8 * 1024 * 1024;

/// Where a large content stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadView {
    #[schema(value_type = String)]
    document_id: DocumentId,
    /// `awaitingContent`, `checking`, `available`, `rejected`.
    state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Where to send its parts, while they are awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<PartsView>,
}

/// Where to send the parts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartsView {
    /// Bytes of every part but the last.
    part_size: u64,
    parts: Vec<PartView>,
    /// Until when parts are taken; URLs serve an hour and are renewed here.
    expires_at: Timestamp,
}

/// One part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartView {
    number: u32,
    /// Its bytes.
    size: u64,
    /// Where to `PUT` it.
    url: String,
    /// Its tag, once it has come; sent again, it is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

impl UploadView {
    /// An upload as it stands, with what has come of it and fresh URLs.
    pub(crate) async fn of(
        app: &App,
        (space_id, now): (&SpaceId, Timestamp),
        upload: Upload,
    ) -> Result<Self, Problem> {
        let reason = upload.reason_at(now).map(str::to_owned);
        let state = upload.state_at(now);
        let document_id = upload.document_id.clone();
        if state != UploadState::AwaitingContent {
            return Ok(Self { document_id, state: state.name(), reason, upload: None });
        }
        let name = upload.inbox_name(space_id);
        let details = &upload.details;
        let Some(arrived) = app.inbox.arrived(&name, &details.upload_id).await? else {
            // The inbox has forgotten it.
            let state = UploadState::Rejected.name();
            let reason = Some("upload-expired".to_owned());
            return Ok(Self { document_id, state, reason, upload: None });
        };
        let mut parts = Vec::new();
        for (number, size) in parts_of(details.size) {
            let url = app.inbox.presign(&name, &details.upload_id, number, size).await?;
            let came = arrived.iter().find(|part| part.number == number && part.size == size);
            parts.push(PartView { number, size, url, etag: came.map(|part| part.etag.clone()) });
        }
        let upload = Some(PartsView { part_size: PART_BYTES, parts, expires_at: upload.until() });
        Ok(Self { document_id, state: state.name(), reason, upload })
    }

    /// One that has become a document.
    pub(crate) fn available(document_id: DocumentId) -> Self {
        Self { document_id, state: "available", reason: None, upload: None }
    }

    /// One whose parts have all come.
    pub(crate) fn checking(document_id: DocumentId) -> Self {
        let state = UploadState::Checking.name();
        Self { document_id, state, reason: None, upload: None }
    }
}

/// The parts of a content of `size` bytes: number and bytes of each.
pub(crate) fn parts_of(size: u64) -> impl Iterator<Item = (u32, u64)> {
    let count = size.div_ceil(PART_BYTES).max(1);
    (0..count).filter_map(move |index| {
        let number = u32::try_from(index + 1).ok()?;
        Some((number, (size - index * PART_BYTES).min(PART_BYTES)))
    })
}

/// The parts that have not come as they were announced, and those that have.
pub(crate) fn missing(size: u64, arrived: &[ArrivedPart]) -> Vec<u32> {
    let has_come = |number, size| arrived.iter().any(|p| p.number == number && p.size == size);
    parts_of(size).filter(|(n, size)| !has_come(*n, *size)).map(|(n, _)| n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_cut_into_whole_parts_and_a_rest() {
        let parts = |size| parts_of(size).collect::<Vec<_>>();
        assert_eq!(parts(1), [(1, 1)]);
        assert_eq!(parts(PART_BYTES), [(1, PART_BYTES)]);
        assert_eq!(parts(PART_BYTES + 1), [(1, PART_BYTES), (2, 1)]);
        let all = parts(100 * 1024 * 1024);
        assert_eq!((all.len(), all.last()), (13, Some(&(13, 4 * 1024 * 1024))));
    }
}
