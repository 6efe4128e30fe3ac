//! `POST /v1/spaces/{spaceId}/documents/{documentId}/upload/completion`: every part has
//! been sent.
//!
//! Must not know: what becomes of the content.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_deposit::CONTENT_BYTES_MAX;
use espace_domain::decision::Action;
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{ArrivedPart, UploadState};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::App;
use crate::read_upload::{Found, enter, finish};
use crate::upload_view::{PART_BYTES, UploadView, missing, parts_of};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Completion {
    parts: Vec<SentPart>,
}

/// A part, and the tag that its sending was answered with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentPart {
    number: u32,
    etag: String,
}

/// Puts the parts together; the content is then examined, and the document appears or is
/// refused. Said again, it is the same.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents/{documentId}/upload/completion",
    operation_id = "completeUpload", tag = "documents", request_body = Completion,
    params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 202, body = UploadView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "insurer", "support"]))),
)]
pub(crate) async fn complete(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
    body: Result<JsonBody<Completion>, Problem>,
) -> Result<(StatusCode, Json<UploadView>), Problem> {
    let path = (space_id.as_str(), document_id.as_str());
    let (visit, permit, found) = enter(&app, &bearer, path, Action::DepositDocument).await?;
    let sent = body?.value.parts;
    if sent.len() as u64 > CONTENT_BYTES_MAX.div_ceil(PART_BYTES) {
        let detail = "Ces parties sont trop nombreuses.";
        return Err(Problem::invalid(vec![FieldError::new("/parts", "too-many", detail)]));
    }
    let elements = [document_id.as_str(), "upload:completed"];
    let accepted = |view| Ok((StatusCode::ACCEPTED, Json(view)));
    let mut upload = match found {
        Found::Upload(upload) => *upload,
        Found::Document(document) => {
            let done = Done { elements: &elements, ..Done::default() };
            app.guard.record(&visit, &permit, done).await?;
            return accepted(UploadView::available(document.document_id));
        }
    };
    let name = upload.inbox_name(&visit.space_id);
    let upload_id = upload.details.upload_id.clone();
    match upload.state_at(visit.now) {
        UploadState::Rejected => {
            let reason = json!(upload.reason_at(visit.now));
            Err(Problem::from(ProblemKind::UploadOver).with_member("reason", reason))
        }
        UploadState::Checking => {
            // Said before: what may have been left undone is done.
            let done = Done { elements: &elements, ..Done::default() };
            app.guard.record(&visit, &permit, done).await?;
            finish(&app, &visit, &upload).await?;
            accepted(UploadView::checking(upload.document_id))
        }
        UploadState::AwaitingContent => {
            let Some(mut arrived) = app.inbox.arrived(&name, &upload_id).await? else {
                let reason = json!("upload-expired");
                return Err(Problem::from(ProblemKind::UploadOver).with_member("reason", reason));
            };
            let size = upload.details.size;
            let mut lacking = missing(size, &arrived);
            lacking.extend(untrue(size, &sent, &arrived));
            lacking.sort_unstable();
            lacking.dedup();
            if !lacking.is_empty() {
                let missing = json!(lacking);
                return Err(
                    Problem::from(ProblemKind::UploadIncomplete).with_member("missing", missing)
                );
            }
            arrived.sort_by_key(|part| part.number);
            upload.state = UploadState::Checking;
            let key = &visit.opened(&permit)?.content_key;
            let random = app.random.as_ref();
            let changes = [app.uploads.replace(&visit.space_id, &upload, key, random)?];
            let done = Done { elements: &elements, changes: &changes, ..Done::default() };
            app.guard.record(&visit, &permit, done).await?;
            app.inbox.complete(&name, &upload_id, &arrived).await?;
            accepted(UploadView::checking(upload.document_id))
        }
    }
}

/// The parts that came otherwise than their sender says.
fn untrue(size: u64, sent: &[SentPart], arrived: &[ArrivedPart]) -> Vec<u32> {
    let bare = |tag: &str| tag.trim_matches('"').to_owned();
    let agrees = |number: u32| {
        let said = sent.iter().find(|part| part.number == number).map(|part| bare(&part.etag));
        let came = arrived.iter().find(|part| part.number == number).map(|p| bare(&p.etag));
        said.is_some() && said == came
    };
    parts_of(size).map(|(number, _)| number).filter(|number| !agrees(*number)).collect()
}
