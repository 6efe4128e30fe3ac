//! `POST /v1/opposition`: a person, or their representative, refuses.
//!
//! Must not know: how identity was proven.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{Channel, OppositionChannel, OppositionId, Reference};
use espace_http::{Enrolled, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::transitions::RefusedBy;
use espace_storage::{Enrolment, EnrolmentOutcome, Opposition};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::register::{Word, refusal_of_state, register};

/// Tries when a wrong code is counted against the person at the same moment.
pub(crate) const RACES_MAX: u32 = 3;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// The person has read what a refusal means and confirms it: `true`.
    confirmed: bool,
    /// `email` or `letter`: the proof is sent that way too.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    receipt: Option<ReceiptChannel>,
}

/// A way a proof can travel.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ReceiptChannel {
    Email,
    Letter,
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
    /// Where the proof is fetched with the same enrolment token (PDF).
    receipt: String,
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
    require_confirmed(body.value.confirmed)?;
    let receipt = match &enrolment.outcome {
        Some(EnrolmentOutcome::Opposed(opposition_id)) => app
            .stores
            .oppositions
            .find(opposition_id)
            .await?
            .ok_or_else(|| Problem::internal("a settled enrolment without its receipt"))?,
        Some(EnrolmentOutcome::Activated(_) | EnrolmentOutcome::Reversed(_)) => {
            return Err(ProblemKind::EnrolmentOver.into());
        }
        None => refuse(&app, &enrolment, body.value.receipt, now).await?,
    };
    Ok((StatusCode::CREATED, Json(Registered::from(receipt))))
}

/// The confirmation step: nobody refuses by a slip.
pub(crate) fn require_confirmed(confirmed: bool) -> Result<(), Problem> {
    if confirmed {
        return Ok(());
    }
    let detail = "Confirmez pour enregistrer votre choix.";
    Err(Problem::invalid(vec![FieldError::new("/confirmed", "not-confirmed", detail)]))
}

/// Registers, again where the person changed between reading and writing.
async fn refuse(
    app: &App,
    enrolment: &Enrolment,
    receipt: Option<ReceiptChannel>,
    now: Timestamp,
) -> Result<Opposition, Problem> {
    let word = Word {
        by: RefusedBy::Enrolled(enrolment),
        channel: OppositionChannel::Web,
        opposition_id: OppositionId::generate(app.random.as_ref()),
        representative: enrolment.representative.as_ref(),
        proof: receipt.map(Channel::from),
    };
    for _ in 0..RACES_MAX {
        let found = app.stores.registry.find_by_index(&enrolment.person).await?;
        let entry = found.ok_or(ProblemKind::EnrolmentOver)?;
        if !entry.accepts(&enrolment.code) {
            return Err(refusal_of_state(&entry.registration));
        }
        if let Some(by) = &enrolment.representative
            && !app.stores.registry.represents(by, &entry).await?
        {
            return Err(ProblemKind::NotLegalRepresentative.into());
        }
        if let Some(receipt) = register(app, &entry, &word, now).await? {
            return Ok(receipt);
        }
    }
    Err(ProblemKind::Unavailable.into())
}

impl From<ReceiptChannel> for Channel {
    fn from(channel: ReceiptChannel) -> Self {
        match channel {
            ReceiptChannel::Email => Self::Email,
            ReceiptChannel::Letter => Self::Letter,
        }
    }
}

impl From<Opposition> for Registered {
    fn from(receipt: Opposition) -> Self {
        Self {
            receipt: format!("/v1/opposition/{}/receipt", receipt.opposition_id),
            opposition_id: receipt.opposition_id,
            reference: receipt.reference,
            at: receipt.registered_at,
        }
    }
}
