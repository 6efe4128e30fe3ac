//! `POST /v1/spaces/{spaceId}/threads`: a professional opens a conversation; a person writes
//! first to a pharmacy (`domain.md` B9).
//!
//! Must not know: who will read it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::{Action, MessagingFacts, Standing};
use espace_domain::{Actor, Correspondent, MatrixGroup, Thread, ThreadId};
use espace_http::{
    Bearer, FieldError, IdempotencyKey, JsonBody, Problem, ProblemBody, ProblemKind,
};
use espace_storage::{Choice, StoredThread};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::compose::{
    Key, RACES_MAX, REQUEST_BYTES_MAX, Said, Sent, add, changes, check, check_subject, count,
    joined, message, number_element, sent_before, wait,
};

/// A conversation's first message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewThread {
    /// 1 to 200 characters.
    subject: String,
    /// Plain text, up to 100,000 bytes of UTF-8.
    body: String,
    /// Documents of the space, at most ten.
    #[serde(default)]
    #[schema(max_items = 10)]
    attachments: Vec<String>,
    /// Of a professional: whether all professionals of their structure take part. They do,
    /// unless it is said otherwise.
    #[serde(default)]
    team: Option<bool>,
    /// Of a professional: `INVISIBLE_REPRESENTANTS_LEGAUX`, for secret care of a minor.
    #[serde(default)]
    visibility: Vec<ThreadLabel>,
    /// Of a person: the RPPS number of the pharmacist they write to.
    #[serde(default)]
    pharmacist: Option<String>,
}

/// From whom a conversation is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum ThreadLabel {
    /// From representatives and caregivers.
    #[serde(rename = "INVISIBLE_REPRESENTANTS_LEGAUX")]
    HiddenFromRepresentatives,
}

/// Opens a conversation. Sent again under the same key, it is the same.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/threads", operation_id = "openThread", tag = "messaging",
    request_body = NewThread,
    params(
        ("spaceId" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again, the same message"),
    ),
    responses(
        (status = 201, body = Sent),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn open(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    key: Result<IdempotencyKey, Problem>,
    body: Result<JsonBody<NewThread, REQUEST_BYTES_MAX>, Problem>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let claims = app.guard.claims(&bearer).await?;
    let action = match &claims.actor {
        Actor::Professional { .. } => Action::OpenThread,
        _ => Action::WriteToPharmacy,
    };
    let (key, bad_key) = match key {
        Ok(key) => (key, None),
        Err(problem) => (IdempotencyKey::default(), Some(problem)),
    };
    let named = key.as_deref().map(|key| format!("open.{key}"));
    let mut body = Some(body);
    let mut input = None;
    for attempt in 0..RACES_MAX {
        let path = (space_id.as_str(), None);
        let visit = app.guard.visit_thread(&bearer, path, action, named.as_deref()).await?;
        let permit = app.guard.permit(&visit, action, &[]).await?;
        if let Some(problem) = bad_key {
            return Err(problem);
        }
        if let Some(body) = body.take() {
            input = Some(body?);
            count(&app, &visit).await?;
        }
        let Some(JsonBody { value, raw }) = &input else {
            return Err(Problem::internal("a message without a body"));
        };
        let key = named.as_deref().map(|name| Key { name, asked: raw });
        if let Some(before) = sent_before((&visit, &permit), key)? {
            return Ok((StatusCode::CREATED, Json(before)));
        }
        let subject = check_subject(&value.subject)?;
        check(&Said { body: &value.body, attachments: &value.attachments })?;
        let thread = begun(&app, (&visit, &permit), value, subject).await?;
        let facts = MessagingFacts { takes_part: true, ..thread.facts(true) };
        let permit = app.guard.permit_in(&visit, action, facts, &[]).await?;
        let attachments = joined(&app, (&visit, &permit), &value.attachments).await?;
        let random = app.random.as_ref();
        let mut stored = StoredThread { thread_id: ThreadId::generate(random), write: 0, thread };
        let new = message(&app, (&visit, &permit), &value.body, attachments)?;
        let message = add(&visit, &mut stored.thread, new)?;
        let mut writes = changes(&app, (&visit, &permit), &stored, &message, key)?;
        let content_key = &visit.opened(&permit)?.content_key;
        writes.push(app.messages.create(&visit.space_id, &stored, content_key, random)?);
        let number = number_element(&message);
        let elements = [stored.thread_id.as_str(), message.message_id.as_str(), &number];
        let done = Done { elements: &elements, changes: &writes, ..Done::default() };
        match app.guard.record(&visit, &permit, done).await {
            Ok(_) => {
                let message_id = message.message_id;
                let sent = Sent { thread_id: stored.thread_id, message_id };
                return Ok((StatusCode::CREATED, Json(sent)));
            }
            Err(problem) if problem.kind() == ProblemKind::ChangedMeanwhile => {}
            Err(problem) => return Err(problem),
        }
        wait(&app, attempt).await;
    }
    Err(ProblemKind::ChangedMeanwhile.into())
}

/// A conversation as its first message finds it.
async fn begun(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    input: &NewThread,
    subject: String,
) -> Result<Thread, Problem> {
    let wrong = |pointer: &str, detail: &str| {
        Problem::invalid(vec![FieldError::new(pointer, "not-for-you", detail)])
    };
    if let Actor::Professional { structure, .. } = &visit.claims.actor {
        if input.pharmacist.is_some() {
            let detail = "Un professionnel écrit à la personne dont c’est l’espace.";
            return Err(wrong("/pharmacist", detail));
        }
        let shared = structure.clone().filter(|_| input.team != Some(false));
        let mut thread = Thread::new(subject, shared, visit.now);
        thread.secret = input.visibility.contains(&ThreadLabel::HiddenFromRepresentatives);
        return Ok(thread);
    }
    if input.team.is_some() {
        return Err(wrong("/team", "Ce choix est celui du professionnel."));
    }
    if !input.visibility.is_empty() {
        return Err(wrong("/visibility", "Ce choix est celui du professionnel."));
    }
    let rpps = input.pharmacist.as_deref().ok_or(ProblemKind::NotAPharmacy)?;
    let mut thread = Thread::new(subject, None, visit.now);
    // Of those whom the space knows: who came as a pharmacist, or was chosen as one.
    let known = app.consents.list(&visit.space_id, &visit.opened(permit)?.content_key).await?;
    let is_blocked = known
        .iter()
        .any(|(_, found)| matches!(&found.value, Choice::Block(block) if block.rpps == rpps));
    if is_blocked {
        return Err(ProblemKind::ProfessionalBlocked.into());
    }
    let pharmacist = known.into_iter().find_map(|(_, found)| match found.value {
        Choice::Tie(tie) if tie.rpps == rpps => {
            let group = tie.profession.as_deref().and_then(|code| MatrixGroup::of(code, None));
            let is_one = group == Some(MatrixGroup::PharmacienOfficinePui)
                || tie.standing_at(visit.now) == Some(Standing::CorrespondentPharmacist);
            is_one.then_some(tie)
        }
        _ => None,
    });
    if let Some(tie) = pharmacist {
        thread.with_pharmacy = true;
        thread.structure = tie.structure;
        thread.correspondents.push(Correspondent {
            rpps: tie.rpps,
            name: tie.name,
            profession: tie.profession,
            mailbox: None,
        });
    }
    Ok(thread)
}
