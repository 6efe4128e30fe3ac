//! `POST /v1/spaces/{spaceId}/documents`: a document comes in.
//!
//! Must not know: how it is shown.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use espace_access::{Done, Opened, Permit, Visit};
use espace_content::Inspected;
use espace_crypto::{ContentPlace, seal_content};
use espace_domain::decision::{Action, DocumentFacts, Party};
use espace_domain::{Actor, DocumentId, Random, SpaceId};
use espace_http::{Bearer, Claims, Problem, ProblemBody, ProblemKind};
use espace_storage::{Author, Document, DocumentDetails, KnownUnique, RelationNames};
use utoipa::ToSchema;

use crate::App;
use crate::entry::{self, Entry, EntryInput};
use crate::form::{self, Form};
use crate::patient::require_holders;
use crate::view::DocumentView;

/// Random bytes in an object's name.
const OBJECT_BYTES: usize = 20;
/// The harmless file by which a scanner's answer is tried (EICAR).
const EICAR: &[u8] = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

/// A deposit.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read by parts")]
pub(crate) struct Deposit {
    entry: EntryInput,
    /// The document itself, up to 4 MiB.
    #[schema(value_type = String, format = Binary)]
    content: Vec<u8>,
}

/// Deposits a document of up to 4 MiB. Its type is taken from its bytes; a CDA or FHIR
/// document fills what the entry leaves out. The same depositor's `uniqueId` again is the
/// same document.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents", operation_id = "depositDocument",
    tag = "documents", params(("spaceId" = String, Path)),
    request_body(content = Deposit, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = DocumentView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "insurer"]))),
)]
pub(crate) async fn deposit(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<DocumentView>), Problem> {
    let claims = app.guard.claims(&bearer).await?;
    app.guard.require_admitted(&claims, Action::DepositDocument)?;
    let body = body.map_err(|_| ProblemKind::BodyTooLarge)?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Form { entry, content } = form::read(content_type.unwrap_or_default(), body).await?;
    let input = entry::read(&entry)?;
    let inspected = judge(&content)?;
    let entry = entry::complete(input, inspected.header.as_ref())?;

    let depositor = depositor_of(&claims);
    let unique = |names: &RelationNames, space_id: &SpaceId| {
        let unique = entry.unique_id.as_deref()?;
        Some(names.repetition(&["unique", space_id.as_str(), &depositor, unique]))
    };
    let visit = app.guard.visit_deposit(claims, &space_id, Action::DepositDocument, unique).await?;
    let facts = DocumentFacts {
        document_type: entry.document_type,
        labels: entry.labels,
        authored: true,
        from_own_side: visit.party.is_own_side(),
        rule: None,
    };
    let action = Action::DepositDocument;
    let permit = app.guard.permit_for(&visit, action, Some(facts), &[]).await?;
    let opened = visit.opened(&permit)?;
    let sha256 = HEXLOWER.encode(digest(&SHA256, &content).as_ref());
    if let Some(known) = &opened.unique {
        return again(&app, (&visit, &permit), known, &sha256).await;
    }
    if let Some(header) = &inspected.header {
        require_holders(&header.patient, opened, app.takes_test_identities)?;
    }
    let name = unique(&visit.names, &visit.space_id);
    let new = New { entry, inspected, content: &content, sha256 };
    let document = store(&app, (&visit, &permit), new, name).await?;
    Ok((StatusCode::CREATED, Json(DocumentView::of(document, visit.party))))
}

/// What is deposited.
struct New<'a> {
    entry: Entry,
    inspected: Inspected,
    content: &'a [u8],
    sha256: String,
}

/// Seals and keeps the content, then writes the entry: killed in between, an object is
/// left that no entry leads to.
async fn store(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    new: New<'_>,
    unique: Option<String>,
) -> Result<Document, Problem> {
    let opened = visit.opened(permit)?;
    let random = app.random.as_ref();
    let document_id = DocumentId::at(visit.now, random);
    let place =
        ContentPlace { space: visit.space_id.as_str(), document: document_id.as_str(), version: 1 };
    let failed = |_| Problem::internal("a content could not be sealed");
    let (sealed, key) = seal_content(place, new.content, random).map_err(failed)?;
    let content_key = key.seal(&opened.content_key, place, random).map_err(failed)?;
    let object = object_name(random);
    app.vault.put(&object, sealed).await?;
    let New { entry, inspected, content, sha256 } = new;
    let details = DocumentDetails {
        version: 1,
        document_type: entry.document_type,
        title: entry.title,
        event_date: entry.event_date,
        comment: entry.comment,
        content_type: inspected.media.mime().to_owned(),
        extension: inspected.media.extension().to_owned(),
        size: content.len() as u64,
        sha256,
        author: author(visit, opened),
        added_at: visit.now,
        masked: entry.labels.masked,
        invisible_patient: entry.labels.invisible_patient,
        invisible_representatives: entry.labels.invisible_representatives,
        pinned: false,
        archived: false,
        unique_id: entry.unique_id,
        object,
        content_key,
        rules: std::collections::BTreeMap::new(),
    };
    let document = Document { document_id: document_id.clone(), write: 0, details };
    let space_id = &visit.space_id;
    let mut changes =
        vec![app.documents.create(space_id, &document, &opened.content_key, random)?];
    if let Some(name) = unique {
        let known = KnownUnique { document_id: document_id.clone() };
        changes.push(app.documents.claim_unique(space_id, &name, &known)?);
    }
    let elements = [document_id.as_str()];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    let recorded = app.guard.record(visit, permit, done).await;
    if recorded.as_ref().is_err_and(|problem| problem.kind() == ProblemKind::ChangedMeanwhile) {
        // Certainly not written: nothing leads to the content. After any other failure an
        // entry may stand, and the content stays.
        let object = &document.details.object;
        if app.vault.delete(object).await.is_err() {
            // It opens for nobody: its key was written nowhere.
            return Err(ProblemKind::ChangedMeanwhile.into());
        }
    }
    recorded?;
    Ok(document)
}

/// The same depositor's document again.
async fn again(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    known: &KnownUnique,
    sha256: &str,
) -> Result<(StatusCode, Json<DocumentView>), Problem> {
    let key = &visit.opened(permit)?.content_key;
    let found = app.documents.find(&visit.space_id, &known.document_id, key).await?;
    match found {
        Some(document) if document.details.sha256 == sha256 => {
            let elements = [document.document_id.as_str()];
            let done = Done { elements: &elements, ..Done::default() };
            app.guard.record(visit, permit, done).await?;
            Ok((StatusCode::CREATED, Json(DocumentView::of(document, visit.party))))
        }
        _ => Err(ProblemKind::UniqueIdTaken.into()),
    }
}

/// Judges the bytes: type, active content, malware.
pub(crate) fn judge(content: &[u8]) -> Result<Inspected, Problem> {
    if content.windows(EICAR.len()).any(|window| window == EICAR) {
        return Err(ProblemKind::MalwareFound.into());
    }
    espace_content::inspect(content).map_err(|refused| {
        let name = serde_json::Value::String(refused.name());
        Problem::from(ProblemKind::ContentRefused).with_member("reason", name)
    })
}

/// By what a depositor's own names are theirs.
fn depositor_of(claims: &Claims) -> String {
    match &claims.actor {
        Actor::Professional { rpps, .. } => format!("professional.{rpps}"),
        Actor::Citizen { .. } => "own-side".to_owned(),
        Actor::Support { .. } | Actor::Insurer => claims.actor.kind().to_owned(),
    }
}

/// Who deposits.
fn author(visit: &Visit, opened: &Opened) -> Author {
    let mut author = Author {
        kind: visit.party.name().to_owned(),
        id: None,
        name: None,
        profession: None,
        structure: None,
    };
    match &visit.claims.actor {
        Actor::Professional { rpps, profession, structure, name, .. } => {
            author.id = Some(rpps.clone());
            author.name = Some(name.clone());
            author.profession = Some(profession.clone());
            author.structure.clone_from(structure);
        }
        Actor::Citizen { .. } if visit.party == Party::Holder => {
            author.name = Some(opened.holder.first_name().to_owned());
        }
        Actor::Citizen { .. } => author.name.clone_from(&opened.acts_for),
        Actor::Support { .. } | Actor::Insurer => {}
    }
    author
}

/// A name for an object that tells nothing.
fn object_name(random: &dyn Random) -> String {
    let mut bytes = [0; OBJECT_BYTES];
    random.fill(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}
