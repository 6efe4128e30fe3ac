//! `POST /v1/spaces/{spaceId}/threads/{threadId}/messages`: a message in a conversation.
//!
//! Must not know: who will read it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, IdempotencyKey, JsonBody, Problem, ProblemBody, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::compose::{
    Key, RACES_MAX, REQUEST_BYTES_MAX, Said, Sent, add, changes, check, count, joined, message,
    number_element, sent_before, wait,
};
use crate::read::named;

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Answer {
    /// Plain text, up to 100,000 bytes of UTF-8.
    body: String,
    /// Documents of the space, at most ten.
    #[serde(default)]
    #[schema(max_items = 10)]
    attachments: Vec<String>,
}

/// Writes in a conversation. Sent again under the same key, it is the same message.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/threads/{threadId}/messages",
    operation_id = "answerThread", tag = "messaging", request_body = Answer,
    params(
        ("spaceId" = String, Path), ("threadId" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again, the same message"),
    ),
    responses(
        (status = 201, body = Sent),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn answer(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, thread_id)): Path<(String, String)>,
    key: Result<IdempotencyKey, Problem>,
    body: Result<JsonBody<Answer, REQUEST_BYTES_MAX>, Problem>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let action = Action::AnswerThread;
    // A key that is none is told of once the caller is let in.
    let (key, bad_key) = match key {
        Ok(key) => (key, None),
        Err(problem) => (IdempotencyKey::default(), Some(problem)),
    };
    let own_key = key.as_deref().map(|key| format!("{thread_id}.{key}"));
    let mut body = Some(body);
    let mut input = None;
    for attempt in 0..RACES_MAX {
        let path = (space_id.as_str(), Some(thread_id.as_str()));
        let visit = app.guard.visit_thread(&bearer, path, action, own_key.as_deref()).await?;
        let about = named(&thread_id);
        let permit = match app.guard.permit(&visit, action, &about).await {
            // Ended since: what was sent before it ended was sent.
            Err(problem) if problem.kind() == ProblemKind::ThreadClosed && own_key.is_some() => {
                let read = app.guard.permit(&visit, Action::ReadThread, &about).await?;
                let raw = &body.take().ok_or(ProblemKind::ThreadClosed)??.raw;
                let key = own_key.as_deref().map(|name| Key { name, asked: raw });
                return match sent_before((&visit, &read), key)? {
                    Some(before) => Ok((StatusCode::CREATED, Json(before))),
                    None => Err(problem),
                };
            }
            permit => permit?,
        };
        let opened = visit.opened(&permit)?;
        let Some(mut stored) = opened.thread.clone() else {
            return Err(app.guard.nowhere(&visit, action, &about).await);
        };
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
        let key = own_key.as_deref().map(|name| Key { name, asked: raw });
        if let Some(before) = sent_before((&visit, &permit), key)? {
            return Ok((StatusCode::CREATED, Json(before)));
        }
        check(&Said { body: &value.body, attachments: &value.attachments })?;
        let attachments = joined(&app, (&visit, &permit), &value.attachments).await?;
        let new = message(&app, (&visit, &permit), &value.body, attachments)?;
        let message = add(&visit, &mut stored.thread, new)?;
        let mut writes = changes(&app, (&visit, &permit), &stored, &message, key)?;
        let content_key = &opened.content_key;
        let random = app.random.as_ref();
        writes.push(app.messages.replace(&visit.space_id, &stored, content_key, random)?);
        let number = number_element(&message);
        let elements = [thread_id.as_str(), message.message_id.as_str(), &number];
        let done = Done { elements: &elements, changes: &writes, ..Done::default() };
        match app.guard.record(&visit, &permit, done).await {
            Ok(_) => {
                let sent = Sent { thread_id: stored.thread_id, message_id: message.message_id };
                return Ok((StatusCode::CREATED, Json(sent)));
            }
            // Another message came first: this one goes after it.
            Err(problem) if problem.kind() == ProblemKind::ChangedMeanwhile => {}
            Err(problem) => return Err(problem),
        }
        wait(&app, attempt).await;
    }
    Err(ProblemKind::ChangedMeanwhile.into())
}
