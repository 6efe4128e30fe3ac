//! `GET …/threads/{threadId}/messages/{number}/attachments/{position}/content`: what was
//! joined to a message. Who takes part in the conversation was sent it.
//!
//! Must not know: what it says.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use espace_access::{Done, Permit, Visit};
use espace_crypto::ContentPlace;
use espace_domain::decision::Action;
use espace_domain::{Attachment, DocumentId, Message};
use espace_http::{Asked, Bearer, Download, Problem, ProblemBody, ProblemKind};
use espace_storage::{PastVersion, StoredContent, StoredThread};

use crate::App;
use crate::read::{enter, named};

/// A content that is joined, as it is offered.
pub(crate) struct Joined {
    pub(crate) document_id: DocumentId,
    version: u32,
    object: String,
    content_key: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    content_type: String,
    pub(crate) title: String,
    extension: String,
}

/// Reads what was joined to a message, whole or a range of it.
#[utoipa::path(
    get,
    path = "/v1/spaces/{spaceId}/threads/{threadId}/messages/{number}/attachments/{position}/content",
    operation_id = "readAttachment", tag = "messaging",
    params(
        ("spaceId" = String, Path), ("threadId" = String, Path), ("number" = String, Path),
        ("position" = String, Path),
    ),
    responses(
        (status = 200, content_type = "application/octet-stream"),
        (status = 206, content_type = "application/octet-stream"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id, number, position)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let action = Action::ReadAttachment;
    let path = (space_id.as_str(), thread_id.as_str());
    let (visit, permit, stored) = enter(&app, &bearer, path, action).await?;
    let place = (number.as_str(), position.as_str());
    let found = find(&app, (&visit, &permit), &stored, place).await?;
    let Some(joined) = found else {
        return Err(app.guard.nowhere(&visit, action, &named(&thread_id)).await);
    };
    let (permit, joined) = match joined.0 {
        Found::Document(document, version) => {
            let facts = Some(visit.facts(&document));
            // Refused, it is noted as what is not there is: without a name.
            let about = named(&thread_id);
            let permit = app.guard.permit_for(&visit, action, facts, &about).await?;
            (permit, Joined::of(document.document_id, version))
        }
        Found::File(joined) => (permit, joined),
    };
    let elements = [thread_id.as_str(), joined.document_id.as_str()];
    app.guard.record(&visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    let content = joined.content(&visit);
    let tag = content.tag();
    let download = Download {
        tag: &tag,
        size: joined.size,
        content_type: &joined.content_type,
        title: &joined.title,
        extension: &joined.extension,
    };
    let piece = match download.asked(&headers)? {
        Asked::Known(answer) => return Ok(answer),
        Asked::Piece(piece) => piece,
    };
    let key = &visit.opened(&permit)?.content_key;
    let bytes = content.read(&app.vault, key, (piece.start, piece.end)).await?;
    download.answer(piece, bytes.ok_or(ProblemKind::NotFound)?)
}

/// What is at a place of a message.
pub(crate) enum Found {
    /// A document of the space, and its version that was sent.
    Document(Box<espace_storage::Document>, PastVersion),
    /// A file that came by mail.
    File(Joined),
}

/// What is at a place of a message, where there is something.
pub(crate) async fn find(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    stored: &StoredThread,
    (number, position): (&str, &str),
) -> Result<Option<(Found, Message)>, Problem> {
    let (Ok(number), Ok(position)) = (number.parse::<u32>(), position.parse::<usize>()) else {
        return Ok(None);
    };
    let key = &visit.opened(permit)?.content_key;
    let message = app.messages.message(&visit.space_id, &stored.thread_id, number, key).await?;
    let Some((message, at)) = message.zip(position.checked_sub(1)) else { return Ok(None) };
    let joined = message.attachments.get(at).cloned();
    let found = match joined {
        Some(Attachment::Document { document_id, version }) => {
            let document = app.documents.find(&visit.space_id, &document_id, key).await?;
            let sent = document.and_then(|document| {
                let version = document.details.version(version)?;
                Some((document, version))
            });
            sent.map(|(document, version)| Found::Document(Box::new(document), version))
        }
        Some(Attachment::File(file)) => Some(Found::File(Joined {
            document_id: file.file_id,
            version: 1,
            object: file.object,
            content_key: file.content_key,
            size: file.size,
            content_type: file.content_type,
            title: file.name,
            extension: file.extension,
            sha256: file.sha256,
        })),
        Some(Attachment::Refused { .. }) | None => None,
    };
    Ok(found.map(|found| (found, message)))
}

impl Joined {
    fn of(document_id: DocumentId, details: PastVersion) -> Self {
        Self {
            document_id,
            version: details.version,
            object: details.object,
            content_key: details.content_key,
            size: details.size,
            content_type: details.content_type,
            title: details.title,
            extension: details.extension,
            sha256: details.sha256,
        }
    }

    /// Where its content lies.
    pub(crate) fn content<'a>(&'a self, visit: &'a Visit) -> StoredContent<'a> {
        StoredContent {
            place: ContentPlace {
                space: visit.space_id.as_str(),
                document: self.document_id.as_str(),
                version: self.version,
            },
            object: &self.object,
            content_key: &self.content_key,
            size: self.size,
        }
    }
}
