//! A content too large for one request: announced, then sent in parts to the inbox.
//!
//! Must not know: what becomes of it once it has come.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use espace_access::{Done, Permit, Visit};
use espace_content::Media;
use espace_deposit::{CONTENT_BYTES_MAX, Entry, Said};
use espace_domain::SpaceId;
use espace_domain::decision::{Action, Labels};
use espace_http::{FieldError, Problem, ProblemKind};
use espace_storage::{
    Change, InboxName, Inherited, Target, UPLOADS_OPEN_MAX, Upload, UploadDetails, UploadState,
};
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
/// between, an upload is left that nothing was sent to; the inbox forgets it in a day. One
/// that is on its way already goes on where it is the same; where it is not, it gives way
/// to its own depositor's, and to nobody's once its parts have come.
pub(crate) async fn announce(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    target: &Target,
    (announced, entry, inherited): (&Announced, Entry, Inherited),
    key: Option<(String, String)>,
) -> Result<UploadView, Problem> {
    let opened = visit.opened(permit)?;
    let (space_id, document_id) = (&visit.space_id, target.document_id());
    let content_key = &opened.content_key;
    let before = match &opened.upload {
        Some(upload) if upload.document_id == *document_id => Some(upload.clone()),
        _ => app.uploads.find(space_id, document_id, content_key).await?,
    };
    let author = author((visit, permit))?;
    if let Some(before) = &before {
        let is_theirs = before.details.author.depositor() == author.depositor();
        match before.state_at(visit.now) {
            UploadState::Rejected => {}
            _ if is_theirs && is_same(&before.details, announced, &entry) => {
                return pending(app, visit, before.clone()).await;
            }
            UploadState::AwaitingContent if is_theirs => {}
            UploadState::AwaitingContent | UploadState::Checking => {
                return Err(ProblemKind::UploadPending.into());
            }
        }
    }
    let sender = visit.names.sender(space_id, &author.depositor());
    if app.uploads.count_open(space_id, &sender, visit.now).await? >= UPLOADS_OPEN_MAX {
        return Err(ProblemKind::TooManyUploads.into());
    }
    let mut bytes = [0; NAME_BYTES];
    app.random.fill(&mut bytes);
    let name = InboxName {
        space_id: space_id.clone(),
        document_id: document_id.clone(),
        name: BASE64URL_NOPAD.encode(&bytes),
    };
    let upload_id = app.inbox.begin(&name).await?;
    let upload = Upload {
        document_id: document_id.clone(),
        write: before.as_ref().map_or(0, |before| before.write),
        state: UploadState::AwaitingContent,
        sender,
        details: UploadDetails {
            version: target.version(),
            document_type: entry.document_type,
            title: entry.title,
            event_date: entry.event_date,
            comment: entry.comment,
            inherited,
            // What masks it now may be taken away before it comes.
            labels: Labels { masked: entry.labels.masked, ..target.labels_with(entry.labels) },
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
    let changes = changes(app, (visit, permit), (&upload, before.as_ref()), key)?;
    let elements = [document_id.as_str(), "upload:begun"];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    if let Err(problem) = app.guard.record(visit, permit, done).await {
        give_up(app, space_id, &upload).await;
        return Err(problem);
    }
    if let Some(before) = before {
        give_up(app, space_id, &before).await;
    }
    UploadView::of(app, (space_id, visit.now), upload).await
}

/// Whether the same content was announced, and the same said of it.
fn is_same(before: &UploadDetails, announced: &Announced, entry: &Entry) -> bool {
    let said = (&entry.title, entry.event_date, &entry.comment, &entry.unique_id);
    before.sha256 == announced.sha256
        && (&before.title, before.event_date, &before.comment, &before.unique_id) == said
        && before.labels.masked == entry.labels.masked
        && !entry.labels.hides_more_than(before.labels)
}

/// The writes of an announcement: what is announced, and the names that lead to it; those of
/// what it replaces are free again.
fn changes(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    (upload, before): (&Upload, Option<&Upload>),
    key: Option<(String, String)>,
) -> Result<Vec<Change>, Problem> {
    let (space_id, document_id) = (&visit.space_id, &upload.document_id);
    let content_key = &visit.opened(permit)?.content_key;
    let random = app.random.as_ref();
    let mut changes = vec![if before.is_some() {
        app.uploads.replace(space_id, upload, content_key, random)?
    } else {
        app.uploads.create(space_id, upload, content_key, random)?
    }];
    let names = names_of(visit, upload);
    // Of one that came to nothing they were freed with it.
    let given_way = before.filter(|before| before.state_at(visit.now) != UploadState::Rejected);
    for name in given_way.map(|before| names_of(visit, before)).unwrap_or_default() {
        if !names.contains(&name) {
            changes.push(app.documents.free_unique(space_id, &name)?);
        }
    }
    for name in names {
        changes.push(app.documents.claim_unique(space_id, &name, document_id)?);
    }
    if let Some((name, bound)) = key {
        let key = (name.as_str(), bound.as_str());
        changes.push(app.documents.claim_key(space_id, key, document_id, visit.now)?);
    }
    Ok(changes)
}

/// The names by which a content on its way is found.
pub(crate) fn names_of(visit: &Visit, upload: &Upload) -> Vec<String> {
    let details = &upload.details;
    let kind = details.document_type;
    let sole = kind.is_statement().then(|| visit.names.sole(&visit.space_id, kind));
    let called = details
        .unique_id
        .as_ref()
        .map(|unique| visit.names.unique(&visit.space_id, &details.author.depositor(), unique));
    sole.into_iter().chain(called).collect()
}

/// One that is on its way already, with its parts' URLs.
async fn pending(app: &App, visit: &Visit, upload: Upload) -> Result<UploadView, Problem> {
    let elements = [upload.document_id.as_str()];
    let facts = Some(visit.facts_of_upload(&upload));
    let action = Action::ReadUpload;
    let permit = app.guard.permit_for(visit, action, facts, &elements).await?;
    app.guard.record(visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    UploadView::of(app, (&visit.space_id, visit.now), upload).await
}

/// Gives up what was sent of an upload. What cannot be given up now, the inbox forgets in
/// two days.
pub(crate) async fn give_up(app: &App, space_id: &SpaceId, upload: &Upload) {
    let name = upload.inbox_name(space_id);
    match app.inbox.abort(&name, &upload.details.upload_id).await {
        Ok(()) | Err(_) => {}
    }
}
