//! `POST /v1/spaces/{spaceId}/dependants`: a representative, logged in, takes the space
//! of a child or protected adult in hand.
//!
//! Must not know: how identity was proven, nor how a transaction is written.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_crypto::BlindIndex;
use espace_domain::decision::Action;
use espace_domain::{AlertCode, Registration, SpaceId, paris_date};
use espace_http::{Citizen, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::{Attachment, attach};
use espace_storage::{EnrolmentOutcome, Envelope, PersonRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::own_space::permit;

/// Tries when the person changes between reading and writing.
const RACES_MAX: u32 = 3;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewDependant {
    /// What proving the dependant's identity gave.
    enrolment_token: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attached {
    #[schema(value_type = String)]
    space_id: SpaceId,
}

/// Takes a dependant's space in hand. Sent again with the same token it gives the
/// same answer.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/dependants", operation_id = "attachDependant",
    tag = "activation", request_body = NewDependant, params(("spaceId" = String, Path)),
    responses(
        (status = 201, body = Attached),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn dependants(
    State(app): State<App>,
    citizen: Citizen,
    Path(space_id): Path<String>,
    body: JsonBody<NewDependant>,
) -> Result<(StatusCode, Json<Attached>), Problem> {
    permit(&app, &citizen, &space_id, Action::AttachDependant).await?;
    let now = app.clock.now();
    let random = app.random.as_ref();
    let enrolment =
        app.stores.enrolments.find_by_text(&body.value.enrolment_token, now).await?.ok_or_else(
            || {
                let detail = "Le délai est dépassé. Saisissez de nouveau le code.";
                Problem::invalid(vec![FieldError::new("/enrolmentToken", "enrolment-over", detail)])
            },
        )?;
    let registry = &app.stores.registry;
    // The representative who proved it must be the one who is logged in.
    let by = enrolment.representative.as_ref().ok_or(ProblemKind::NotLegalRepresentative)?;
    let held = registry.find_by_index(by).await?.map(|entry| entry.registration);
    if !matches!(held, Some(Registration::Held { space_id }) if space_id == citizen.space_id) {
        return Err(ProblemKind::NotLegalRepresentative.into());
    }
    match &enrolment.outcome {
        Some(EnrolmentOutcome::Activated(space_id)) => {
            return Ok((StatusCode::CREATED, Json(Attached { space_id: space_id.clone() })));
        }
        Some(_) => return Err(ProblemKind::EnrolmentOver.into()),
        None => {}
    }
    let key = app.stores.space_keys.content(&citizen.space_id).await?;
    let key = key.ok_or(ProblemKind::NotFound)?;
    for _ in 0..RACES_MAX {
        let entry =
            registry.find_by_index(&enrolment.person).await?.ok_or(ProblemKind::EnrolmentOver)?;
        if !entry.accepts(&enrolment.code) {
            return Err(ProblemKind::CodeUsed.into());
        }
        let record = registry
            .open_record(&entry, &app.stores.space_keys)
            .await?
            .ok_or(ProblemKind::EnrolmentOver)?;
        // What was proven half an hour ago may have ended since.
        let acts = registry.represents(by, &entry).await?
            && !record.has_come_of_age(paris_date(now))
            && record.deceased_on.is_none();
        if !acts {
            return Err(ProblemKind::NotLegalRepresentative.into());
        }
        let alert = AlertCode::generate(random);
        let messages = messages(&app, &record, by, &alert).await?;
        let attachment = Attachment {
            enrolment: &enrolment,
            entry: &entry,
            record: &record,
            representative: &citizen.space_id,
            representative_key: &key,
            alert: &alert,
            messages: &messages,
        };
        let attached = attach(&app.stores, &app.representations, &attachment, random, now).await?;
        if let Some(space_id) = attached {
            return Ok((StatusCode::CREATED, Json(Attached { space_id })));
        }
    }
    Err(ProblemKind::Unavailable.into())
}

/// Word to the dependant's address, and to every other representative at their own.
async fn messages(
    app: &App,
    record: &PersonRecord,
    acting: &BlindIndex,
    alert: &AlertCode,
) -> Result<Vec<Envelope<Notice>>, Problem> {
    let registry = &app.stores.registry;
    let first_name = record.traits.first_name();
    let notice = || Notice::space_activated(first_name, alert);
    let mut messages: Vec<Envelope<Notice>> = Vec::new();
    if let Some(to) = record.contacts.first() {
        let (to, addressee) = (to.clone(), record.full_name());
        messages.push(Envelope { to, addressee, notice: notice() });
    }
    for nir in record.representatives() {
        let Some(entry) = registry.find(&nir).await? else { continue };
        if entry.index == *acting {
            continue;
        }
        let other = registry.open_record(&entry, &app.stores.space_keys).await?;
        let Some(other) = other.filter(|other| other.deceased_on.is_none()) else { continue };
        if let Some(to) = other.contacts.first()
            && !messages.iter().any(|message| message.to == *to)
        {
            let (to, addressee) = (to.clone(), other.full_name());
            messages.push(Envelope { to, addressee, notice: notice() });
        }
    }
    Ok(messages)
}
