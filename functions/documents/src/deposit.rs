//! `POST /v1/spaces/{spaceId}/documents`: a document comes in, whole or announced.
//!
//! Must not know: how it is shown, nor how a large one comes.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use espace_access::{Done, Permit, Visit};
use espace_content::Inspected;
use espace_deposit::{Entry, PatientFacts, complete, examine, require_holders};
use espace_domain::decision::{Action, DocumentFacts};
use espace_http::{Bearer, Claims, IdempotencyKey, Problem, ProblemBody, ProblemKind};
use espace_storage::{Document, Inherited, Target};
use utoipa::ToSchema;

use crate::App;
use crate::announce::{Announced, AnnouncedInput, announce};
use crate::entry::{self, EntryInput, problem_of};
use crate::form::{self, Form};
use crate::keep::{New, keep};
use crate::target::{Deposited, Resolved, depositor_of, permit_on, resolve};
use crate::upload_view::UploadView;
use crate::view::DocumentView;

/// A deposit.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read by parts")]
pub(crate) struct Deposit {
    entry: EntryInput,
    /// The document itself, up to 4 MiB.
    #[schema(value_type = String, format = Binary)]
    content: Vec<u8>,
}

/// Deposits a document. As a form with its content, up to 4 MiB; or announced in JSON, up
/// to 100 MiB, with URLs to send its parts to. The type is taken from the bytes; a CDA or
/// FHIR document fills what the entry leaves out. The same depositor's `uniqueId` again is
/// the same document.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents", operation_id = "depositDocument",
    tag = "documents", params(
        ("spaceId" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again, the same document"),
    ),
    request_body(content((Deposit = "multipart/form-data"), (AnnouncedInput = "application/json"))),
    responses(
        (status = 201, body = DocumentView, description = "Kept"),
        (status = 202, body = UploadView, description = "Announced: its parts are awaited"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "insurer", "support"]))),
)]
pub(crate) async fn deposit(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    key: Result<IdempotencyKey, Problem>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let claims = app.guard.claims(&bearer).await?;
    app.guard.require_admitted(&claims, Action::DepositDocument)?;
    let key = key?;
    match Content::read(&headers, body).await? {
        // Boxed: what awaits is too large to be laid out inline.
        Content::Whole(form) => Box::pin(whole(&app, claims, &space_id, &key, form)).await,
        Content::Announced(announced) => {
            Box::pin(announce_new(&app, claims, &space_id, &key, announced)).await
        }
    }
}

/// What was sent: a content, or its announcement.
pub(crate) enum Content {
    /// In a form.
    Whole(Form),
    /// In JSON.
    Announced(Announced),
}

impl Content {
    /// Reads a body by its type.
    pub(crate) async fn read(
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Self, Problem> {
        let body = body.map_err(|_| ProblemKind::BodyTooLarge)?;
        let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let sent = sent.unwrap_or_default();
        let bare = sent.split(';').next().unwrap_or_default().trim();
        if bare.eq_ignore_ascii_case("application/json") {
            return Announced::read(&body).map(Self::Announced);
        }
        form::read(sent, body).await.map(Self::Whole)
    }
}

/// A content that came in the request.
async fn whole(
    app: &App,
    claims: Claims,
    space_id: &str,
    key: &IdempotencyKey,
    form: Form,
) -> Result<Response, Problem> {
    let Form { entry: said, content } = form;
    let input = entry::read(&said)?;
    let inspected = examine(&content).map_err(problem_of)?;
    let entry = complete(input.said(), inspected.header.as_ref()).map_err(problem_of)?;
    let sha256 = HEXLOWER.encode(digest(&SHA256, &content).as_ref());
    let said = HEXLOWER.encode(digest(&SHA256, &said).as_ref());
    let depositor = depositor_of(&claims.actor);
    let deposited = Deposited {
        depositor: &depositor,
        entry: &entry,
        replaces: inspected.header.as_ref().map_or(&[], |header| &header.replaces),
        sha256: &sha256,
        key: key.as_deref().map(|key| (key, said.as_str())),
    };
    let (visit, permit) = admit(app, claims, space_id, &deposited).await?;
    let target = match resolve(app, (&visit, &permit), &deposited).await? {
        Resolved::Known(document) => return known(app, (&visit, &permit), *document).await,
        Resolved::Pending(_) => return Err(ProblemKind::UploadPending.into()),
        Resolved::Place(target) => target,
    };
    require_patient(app, (&visit, &permit), &inspected)?;
    let permit = permit_on(app, &visit, (&target, &entry)).await?;
    let bound = deposited.fingerprint(&visit.names);
    let name = deposited
        .key
        .map(|(key, _)| visit.names.idempotency(&visit.space_id, deposited.depositor, key));
    let claim = |document: &Document| match (name, bound) {
        (Some(name), Some(bound)) => {
            let key = (name.as_str(), bound.as_str());
            let claim =
                app.documents.claim_key(&visit.space_id, key, &document.document_id, visit.now)?;
            Ok(vec![claim])
        }
        _ => Ok(Vec::new()),
    };
    let header = inspected.header.clone();
    let new = New { entry: entry.clone(), inspected, content: &content, sha256: sha256.clone() };
    let document = keep(app, (&visit, &permit), target, new, claim).await?;
    let view = DocumentView::of(document, visit.party).warned(header.as_ref());
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// A content that will come.
async fn announce_new(
    app: &App,
    claims: Claims,
    space_id: &str,
    key: &IdempotencyKey,
    announced: Announced,
) -> Result<Response, Problem> {
    let depositor = depositor_of(&claims.actor);
    let entry = complete(announced.said.clone(), None).map_err(problem_of)?;
    let deposited = Deposited {
        depositor: &depositor,
        entry: &entry,
        replaces: &[],
        sha256: &announced.sha256,
        key: key.as_deref().map(|key| (key, announced.digest.as_str())),
    };
    let (visit, permit) = admit(app, claims, space_id, &deposited).await?;
    let target = match resolve(app, (&visit, &permit), &deposited).await? {
        Resolved::Known(document) => return known(app, (&visit, &permit), *document).await,
        // The same, or what is said of it now.
        Resolved::Pending(upload) => Target::New(upload.document_id),
        Resolved::Place(target) => target,
    };
    let permit = permit_on(app, &visit, (&target, &entry)).await?;
    let bound = deposited.fingerprint(&visit.names);
    let key = deposited.key.zip(bound).map(|((key, _), bound)| {
        (visit.names.idempotency(&visit.space_id, deposited.depositor, key), bound)
    });
    let view = announce(
        app,
        (&visit, &permit),
        &target,
        (&announced, entry.clone(), Inherited::default()),
        key,
    )
    .await?;
    Ok((StatusCode::ACCEPTED, Json(view)).into_response())
}

/// Lets a depositor in.
async fn admit(
    app: &App,
    claims: Claims,
    space_id: &str,
    deposited: &Deposited<'_>,
) -> Result<(Visit, Permit), Problem> {
    let action = Action::DepositDocument;
    let names = |names: &_, space_id: &_| deposited.names(names, space_id);
    let visit = app.guard.visit_deposit(claims, space_id, action, names).await?;
    let facts = facts(&visit, deposited.entry);
    let permit = app.guard.permit_for(&visit, action, Some(facts), &[]).await?;
    Ok((visit, permit))
}

/// What is true of a document that is deposited.
fn facts(visit: &Visit, entry: &Entry) -> DocumentFacts {
    DocumentFacts {
        document_type: entry.document_type,
        labels: entry.labels,
        authored: true,
        from_own_side: visit.party.is_own_side(),
        rule: None,
    }
}

/// Refuses the document of another patient.
pub(crate) fn require_patient(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    inspected: &Inspected,
) -> Result<(), Problem> {
    let opened = visit.opened(permit)?;
    let facts = PatientFacts {
        holder: &opened.holder,
        matricule: opened.matricule.as_deref(),
        takes_test_identities: app.takes_test_identities,
    };
    match &inspected.header {
        Some(header) => require_holders(&header.patient, facts).map_err(problem_of),
        None => Ok(()),
    }
}

/// The same depositor's document again.
async fn known(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    document: Document,
) -> Result<Response, Problem> {
    let elements = [document.document_id.as_str(), "again"];
    let facts = Some(visit.facts(&document));
    let permit = app.guard.permit_for(visit, permit.action(), facts, &elements).await?;
    app.guard.record(visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
    Ok((StatusCode::CREATED, Json(DocumentView::of(document, visit.party))).into_response())
}
