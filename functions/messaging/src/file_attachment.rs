//! `POST …/threads/{threadId}/messages/{number}/attachments/{position}/document`: a file that
//! came with a mail is filed as a document, in one call, with where it came from.
//!
//! Must not know: how the mail came.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Permit, Visit};
use espace_content::Inspected;
use espace_crypto::{ContentPlace, seal_content};
use espace_deposit::{Entry, Fault, PatientFacts, Said, complete, examine, require_holders};
use espace_domain::decision::{Action, Labels, Situation, decide};
use espace_domain::{DocumentId, Message, paris_date};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{
    Author, KeptContent, Placing, Provenance, StoredContent, StoredThread, Target, Vault,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::attachment::{Found, Joined, find};
use crate::read::{enter, named};

/// What is said of the document; what a CDA says of itself may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Filing {
    /// A code of value set J07.
    #[serde(default)]
    type_code: Option<String>,
    /// The file's name, where none is said.
    #[serde(default)]
    #[schema(max_length = 300)]
    title: Option<String>,
    /// The day of the message, where none is said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    event_date: Option<Date>,
    #[serde(default)]
    #[schema(max_length = 3000)]
    comment: Option<String>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filed {
    #[schema(value_type = String)]
    document_id: DocumentId,
}

/// Files what came with a mail. Filed already, it is the same document.
#[utoipa::path(
    post,
    path = "/v1/spaces/{spaceId}/threads/{threadId}/messages/{number}/attachments/{position}/document",
    operation_id = "fileAttachment", tag = "messaging", request_body = Filing,
    params(
        ("spaceId" = String, Path), ("threadId" = String, Path), ("number" = String, Path),
        ("position" = String, Path),
    ),
    responses(
        (status = 201, body = Filed),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn file(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id, number, position)): Path<(String, String, String, String)>,
    body: Result<JsonBody<Filing>, Problem>,
) -> Result<(StatusCode, Json<Filed>), Problem> {
    let action = Action::FileAttachment;
    let path = (space_id.as_str(), thread_id.as_str());
    let (visit, permit, stored) = enter(&app, &bearer, path, action).await?;
    let place = (number.as_str(), position.as_str());
    let found = find(&app, (&visit, &permit), &stored, place).await?;
    let Some((Found::File(joined), message)) = found else {
        return Err(app.guard.nowhere(&visit, action, &named(&thread_id)).await);
    };
    let input = body?.value;
    let opened = visit.opened(&permit)?;
    let key = &opened.content_key;
    let whole = (0, joined.size);
    let content: StoredContent<'_> = joined.content(&visit);
    let bytes = content.read(&app.vault, key, whole).await?.ok_or(ProblemKind::NotFound)?;
    let inspected = examine(&bytes).map_err(problem_of)?;
    let own_name = format!("{}.{position}", message.message_id);
    let entry = entry(&stored, (&joined, &message), (input, &own_name), &inspected)?;
    let facts = PatientFacts {
        holder: &opened.holder,
        matricule: opened.matricule.as_deref(),
        takes_test_identities: app.takes_test_identities,
    };
    if let Some(header) = &inspected.header {
        require_holders(&header.patient, facts).map_err(problem_of)?;
    }
    let unique = entry.unique_id.clone().unwrap_or_else(|| own_name.clone());
    let unique = visit.names.unique(&visit.space_id, &own_side().depositor(), &unique);
    if let Some(known) = app.documents.known(&visit.space_id, &unique).await? {
        let document_id = known.document_id;
        let found = app.documents.find(&visit.space_id, &document_id, key).await?;
        let called = entry.unique_id.as_deref();
        let is_same = found.is_some_and(|found| {
            let facts = Some(visit.facts(&found));
            let situation = Situation { document: facts, ..visit.situation };
            let is_seen = decide(visit.party, Action::ReadDocument, &situation).is_allowed();
            is_seen && found.details.holds(called, &joined.sha256)
        });
        if !is_same {
            return Err(ProblemKind::UniqueIdTaken.into());
        }
        let elements = [thread_id.as_str(), document_id.as_str(), "again"];
        app.guard.record(&visit, &permit, Done { elements: &elements, ..Done::default() }).await?;
        return Ok((StatusCode::CREATED, Json(Filed { document_id })));
    }
    let from = Provenance {
        sender: message.author.name.clone(),
        rpps: message.author.id.clone(),
        sent_at: message.at,
        thread_id: stored.thread_id.clone(),
        number: message.number,
    };
    let document_id =
        keep(&app, (&visit, &permit), (entry, inspected), (&bytes, &joined.sha256), from).await?;
    Ok((StatusCode::CREATED, Json(Filed { document_id })))
}

/// What is said of the document, and what it says of itself, put together.
fn entry(
    stored: &StoredThread,
    (joined, message): (&Joined, &Message),
    (input, own_name): (Filing, &str),
    inspected: &Inspected,
) -> Result<Entry, Problem> {
    let header = inspected.header.as_ref();
    let has = |said: bool, own: bool| said || own;
    let titled = has(input.title.is_some(), header.is_some_and(|own| own.title.is_some()));
    let dated = has(input.event_date.is_some(), header.is_some_and(|own| own.event_date.is_some()));
    let called = header.is_some_and(|own| own.unique_id.is_some());
    let said = Said {
        type_code: input.type_code,
        title: if titled { input.title } else { Some(joined.title.clone()) },
        event_date: if dated { input.event_date } else { Some(paris_date(message.at)) },
        unique_id: (!called).then(|| own_name.to_owned()),
        comment: input.comment,
        // What came in a secret conversation of a minor stays their own.
        labels: Labels { invisible_representatives: stored.thread.secret, ..Labels::default() },
    };
    let entry = complete(said, header).map_err(problem_of)?;
    let kind = entry.document_type;
    if kind.category().is_none() || kind.is_statement() {
        return Err(ProblemKind::TypeNotDepositable.into());
    }
    Ok(entry)
}

/// Seals the content anew, as a document of its own: what becomes of one leaves the other.
async fn keep(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    (entry, inspected): (Entry, Inspected),
    (bytes, sha256): (&[u8], &str),
    provenance: Provenance,
) -> Result<DocumentId, Problem> {
    let random = app.random.as_ref();
    let (space_id, key) = (&visit.space_id, &visit.opened(permit)?.content_key);
    let document_id = DocumentId::at(visit.now, random);
    let place =
        ContentPlace { space: space_id.as_str(), document: document_id.as_str(), version: 1 };
    let failed = |_| Problem::internal("a content could not be sealed");
    let (sealed, content) = seal_content(place, bytes, random).map_err(failed)?;
    let content_key = content.seal(key, place, random).map_err(failed)?;
    let object = Vault::name((space_id, &document_id, 1), visit.now, random);
    app.vault.put(&object, sealed).await?;
    let thread_id = provenance.thread_id.to_string();
    let actor = visit.actor();
    let kept = KeptContent {
        document_type: entry.document_type,
        title: entry.title,
        event_date: entry.event_date,
        comment: entry.comment,
        labels: entry.labels,
        unique_id: entry.unique_id,
        content_type: inspected.media.mime(),
        extension: inspected.media.extension(),
        size: bytes.len() as u64,
        sha256: sha256.to_owned(),
        provenance: Some(provenance),
        author: Author { kind: actor.kind, name: actor.name, ..own_side() },
        added_at: visit.now,
        object: object.clone(),
        content_key,
    };
    let placing = Placing { documents: &app.documents, space_id, key, names: &visit.names, random };
    let (_, changes) = placing.place(Target::New(document_id.clone()), kept)?;
    let elements = [thread_id.as_str(), document_id.as_str()];
    let done = Done { elements: &elements, changes: &changes, ..Done::default() };
    let recorded = app.guard.record(visit, permit, done).await;
    if recorded.as_ref().is_err_and(|problem| problem.kind() == ProblemKind::ChangedMeanwhile) {
        // Certainly not written: nothing leads to the content; where it stays, a sweep removes it.
        app.vault.delete(&object).await?;
    }
    recorded.map(|_| document_id)
}

/// The person's side as a depositor.
fn own_side() -> Author {
    Author { kind: "holder".to_owned(), id: None, name: None, profession: None, structure: None }
}

/// What is told of a fault.
fn problem_of(fault: Fault) -> Problem {
    match fault {
        Fault::Fields(faults) => Problem::invalid(
            faults
                .into_iter()
                .map(|fault| {
                    let detail = "Ce champ est absent ou incorrect.";
                    FieldError::new(fault.pointer, fault.code, detail)
                })
                .collect(),
        ),
        Fault::Disagrees => ProblemKind::EntryDisagrees.into(),
        Fault::AnotherPatient => ProblemKind::AnotherPatient.into(),
        Fault::Malware => ProblemKind::MalwareFound.into(),
        Fault::Content(_) => ProblemKind::ContentRefused.into(),
    }
}
