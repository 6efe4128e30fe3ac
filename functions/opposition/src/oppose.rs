//! `POST /v1/opposition`: a person, or their representative, refuses.
//!
//! Must not know: how identity was proven.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{OppositionChannel, OppositionId, Reference, RegistrationRefusal};
use espace_http::{Enrolled, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::{OpposeRefused, Refusal, oppose as refuse};
use espace_storage::{Enrolment, EnrolmentOutcome, Envelope, Opposition};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// Tries when a wrong code is counted against the person at the same moment.
const RACES_MAX: u32 = 3;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// The person has read what a refusal means and confirms it: `true`.
    confirmed: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    #[schema(value_type = String)]
    opposition_id: OppositionId,
    /// What is printed on the proof.
    #[schema(value_type = String)]
    reference: Reference,
    #[serde(rename = "registeredAt")]
    at: Timestamp,
}

/// Registers a refusal (R.1111-28). Sent again with the same enrolment token it
/// gives the same answer.
#[utoipa::path(
    post, path = "/v1/opposition", operation_id = "oppose", tag = "opposition",
    request_body = Confirmation,
    responses(
        (status = 201, body = Registered),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["enrolment"]))),
)]
pub(crate) async fn oppose(
    State(app): State<App>,
    Enrolled(enrolment): Enrolled,
    body: JsonBody<Confirmation>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let now = app.clock.now();
    if !body.value.confirmed {
        let detail = "Confirmez le refus pour l’enregistrer.";
        let error = FieldError::new("/confirmed", "not-confirmed", detail);
        return Err(Problem::invalid(vec![error]));
    }
    match &enrolment.outcome {
        Some(EnrolmentOutcome::Opposed(opposition_id)) => answer(&app, opposition_id).await,
        Some(EnrolmentOutcome::Activated(_)) => Err(ProblemKind::EnrolmentOver.into()),
        None => register(&app, &enrolment, now).await,
    }
}

/// Registers, again where the person changed between reading and writing.
async fn register(
    app: &App,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let random = app.random.as_ref();
    let receipt = Opposition::new(
        OppositionId::generate(random),
        Reference::generate(random),
        now,
        OppositionChannel::Web,
        &enrolment.person,
    );
    for _ in 0..RACES_MAX {
        let registry = &app.stores.registry;
        let entry =
            registry.find_by_index(&enrolment.person).await?.ok_or(ProblemKind::EnrolmentOver)?;
        let code_stands = entry.code.as_ref().is_some_and(|code| code.stands(&enrolment.code));
        if !code_stands {
            return Err(refusal_of_state(&entry.registration));
        }
        let message = registry.open_unheld_record(&entry).await?.and_then(|record| {
            Some(Envelope {
                to: record.contacts.first()?.clone(),
                addressee: format!("{} {}", record.traits.first_name(), record.traits.last_name()),
                notice: Notice::OppositionRegistered {
                    reference: receipt.reference.as_str().to_owned(),
                    registered_on: now.to_zoned(TimeZone::UTC).date(),
                },
            })
        });
        let refusal =
            Refusal { enrolment, entry: &entry, receipt: &receipt, message: message.as_ref() };
        let written = refuse(&app.stores, &refusal, random, now).await?;
        match written {
            Ok(()) => return Ok((StatusCode::CREATED, Json(Registered::from(receipt)))),
            Err(OpposeRefused::Domain(refusal)) => return Err(problem_of(&refusal)),
            Err(OpposeRefused::Raced) => {}
        }
    }
    Err(ProblemKind::Unavailable.into())
}

/// Why a code no longer stands.
fn refusal_of_state(registration: &espace_domain::Registration) -> Problem {
    match registration {
        espace_domain::Registration::Held { .. } => ProblemKind::SpaceAlreadyOpen.into(),
        espace_domain::Registration::Opposed { .. } => ProblemKind::AlreadyOpposed.into(),
        espace_domain::Registration::Invited { .. } => ProblemKind::EnrolmentOver.into(),
    }
}

/// How the domain's no is said.
fn problem_of(refusal: &RegistrationRefusal) -> Problem {
    match refusal {
        RegistrationRefusal::AlreadyHeld { .. } => ProblemKind::SpaceAlreadyOpen.into(),
        RegistrationRefusal::AlreadyOpposed => ProblemKind::AlreadyOpposed.into(),
        RegistrationRefusal::NotDue => Problem::internal("a refusal cannot be early"),
    }
}

/// The answer rebuilt from what was registered.
async fn answer(
    app: &App,
    opposition_id: &OppositionId,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let receipt = app
        .stores
        .oppositions
        .find(opposition_id)
        .await?
        .ok_or_else(|| Problem::internal("a settled enrolment without its receipt"))?;
    Ok((StatusCode::CREATED, Json(Registered::from(receipt))))
}

impl From<Opposition> for Registered {
    fn from(receipt: Opposition) -> Self {
        Self {
            opposition_id: receipt.opposition_id,
            reference: receipt.reference,
            at: receipt.registered_at,
        }
    }
}
