//! A content too large for one request: announced, then sent in parts to the inbox.
//!
//! Must not know: what becomes of it once it has come.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use espace_access::{Done, Permit, Visit};
use espace_content::Media;
use espace_deposit::{CONTENT_BYTES_MAX, Entry, Said};
use espace_http::{FieldError, Problem, ProblemKind};
use espace_storage::{InboxName, Target, Upload, UploadDetails, UploadState};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::entry::{EntryInput, LabelInput};
use crate::target::author;
use crate::upload_view::UploadView;

/// Random bytes in the name of an upload.
const NAME_BYTES: usize = 20;
/// Hexadecimal digits of a SHA-256.
const SHA256_DIGITS: usize = 64;
/// Largest announcement.
const ANNOUNCEMENT_BYTES_MAX: usize = 64 * 1024;

/// An announcement: an entry, which is complete here, and the content's size and hash.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AnnouncedInput {
    /// A code of value set J07.
    #[serde(default)]
    type_code: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    event_date: Option<Date>,
    #[serde(default)]
    unique_id: Option<String>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    visibility: Vec<LabelInput>,
    /// The media type; what comes must be of it.
    content_type: String,
    /// Bytes, up to 100 MiB.
    #[schema(maximum = 104_857_600, minimum = 1)]
    size: u64,
    /// In hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    sha256: String,
}

/// An announcement, read.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) said: Said,
    pub(crate) content_type: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    /// Of the announcement itself: what an idempotency key is bound to.
    pub(crate) digest: String,
}

impl Announced {
    /// Reads an announcement.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        if body.len() > ANNOUNCEMENT_BYTES_MAX {
            return Err(ProblemKind::BodyTooLarge.into());
        }
        let input: AnnouncedInput = espace_http::read_json(body)?;
        let mut errors = Vec::new();
        if input.size == 0 || input.size > CONTENT_BYTES_MAX {
            let detail = "La taille va de 1 octet à 100 Mio.";
            errors.push(FieldError::new("/size", "invalid-size", detail));
        }
        let sha256 = input.sha256.to_ascii_lowercase();
        let is_hash =
            sha256.len() == SHA256_DIGITS && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            let detail = "L’empreinte SHA-256 a 64 chiffres hexadécimaux.";
            errors.push(FieldError::new("/sha256", "invalid-hash", detail));
        }
        if !Media::ALL.iter().any(|media| media.is_claimed_by(&input.content_type)) {
            let detail = "Ce format de document n’est pas accepté.";
            errors.push(FieldError::new("/contentType", "unknown-media-type", detail));
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let entry = EntryInput {
            type_code: input.type_code,
            title: input.title,
            event_date: input.event_date,
            unique_id: input.unique_id,
            comment: input.comment,
            visibility: input.visibility,
        };
        Ok(Self {
            said: entry.said(),
            content_type: input.content_type,
            size: input.size,
            sha256,
            digest: HEXLOWER.encode(digest(&SHA256, body).as_ref()),
        })
    }
}

/// Opens an upload: the inbox first, then what is known of it, with a trace. Killed in
/// between, an upload is left that nothing was sent to; the inbox forgets it in a day.
pub(crate) async fn announce(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    target: &Target,
    (announced, entry): (&Announced, Entry),
    key: Option<(String, String)>,
) -> Result<UploadView, Problem> {
    let opened = visit.opened(permit)?;
    let random = app.random.as_ref();
    let (space_id, document_id) = (&visit.space_id, target.document_id());
    let content_key = &opened.content_key;
    let before = match &opened.upload {
        Some(upload) if upload.document_id == *document_id => Some(upload.clone()),
        _ => app.uploads.find(space_id, document_id, content_key).await?,
    };
    let mut bytes = [0; NAME_BYTES];
    random.fill(&mut bytes);
    let name = InboxName {
        space_id: space_id.clone(),
        document_id: document_id.clone(),
        name: BASE64URL_NOPAD.encode(&bytes),
    };
    let upload_id = app.inbox.begin(&name).await?;
    let author = author((visit, permit))?;
    let claimed = entry
        .unique_id
        .as_ref()
        .map(|unique| visit.names.unique(space_id, &author.depositor(), unique));
    let upload = Upload {
        document_id: document_id.clone(),
        write: before.as_ref().map_or(0, |before| before.write + 1),
        state: UploadState::AwaitingContent,
        details: UploadDetails {
            version: target.version(),
            document_type: entry.document_type,
            title: entry.title,
            event_date: entry.event_date,
            comment: entry.comment,
            labels: entry.labels,
            unique_id: entry.unique_id,
            content_type: announced.content_type.clone(),
            size: announced.size,
            sha256: announced.sha256.clone(),
            author,
            actor: visit.actor(),
            begun_at: visit.now,
            name: name.name.clone(),
            upload_id,
            reason: None,
        },
    };
    let mut changes = vec![app.uploads.create(space_id, &upload, content_key, random)?];
    if let Some(claimed) = claimed {
        changes.push(app.documents.claim_unique(space_id, &claimed, document_id)?);
    }
    if let Some((name, bound)) = key {
        let key = (name.as_str(), bound.as_str());
        changes.push(app.documents.claim_key(space_id, key, document_id, visit.now)?);
    }
    let elements = [document_id.as_str(), "upload:begun"];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    if let Err(problem) = app.guard.record(visit, permit, done).await {
        let details = &upload.details;
        return match app.inbox.abort(&name, &details.upload_id).await {
            // What cannot be given up now, the inbox forgets in a day.
            Ok(()) | Err(_) => Err(problem),
        };
    }
    if let Some(before) = before {
        let name = before.inbox_name(space_id);
        app.inbox.abort(&name, &before.details.upload_id).await?;
    }
    UploadView::of(app, (space_id, visit.now), upload).await
}
