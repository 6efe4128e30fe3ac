//! `POST /v1/contacts/{contactId}/confirmation`: a new address counts once the
//! code sent to it comes back.
//!
//! Must not know: how the code was sent.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use espace_crypto::OpaqueToken;
use espace_domain::{Actor, ContactId, OneTimeCode, SpaceId};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{EnrolmentOutcome, KeyName, OtpOutcome};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactConfirmation {
    /// The six digits received.
    otp: String,
}

/// Confirms an address. Right after activation the enrolment token serves,
/// later a session's.
#[utoipa::path(
    post, path = "/v1/contacts/{contactId}/confirmation", operation_id = "confirmContact",
    tag = "activation", request_body = ContactConfirmation,
    params(("contactId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["enrolment", "citizen"]))),
)]
pub(crate) async fn confirm_contact(
    State(app): State<App>,
    ContactsOwner(space_id): ContactsOwner,
    Path(contact_id): Path<String>,
    body: JsonBody<ContactConfirmation>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let otp = OneTimeCode::parse(&body.value.otp).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })?;
    let contact_id = ContactId::parse(&contact_id).map_err(|_| ProblemKind::NotFound)?;
    let found =
        app.stores.contacts.find(&space_id, &contact_id).await?.ok_or(ProblemKind::NotFound)?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    match app.stores.contacts.confirm(&found, &otp, &mac, now).await? {
        OtpOutcome::Right => Ok(StatusCode::NO_CONTENT),
        OtpOutcome::Wrong => Err(ProblemKind::OtpWrong.into()),
        OtpOutcome::Over => Err(ProblemKind::OtpOver.into()),
    }
}

/// The space whose contacts the bearer may confirm.
pub(crate) struct ContactsOwner(pub(crate) SpaceId);

impl FromRequestParts<App> for ContactsOwner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, app).await?;
        // An enrolment token is opaque, a session's is a JWT.
        if OpaqueToken::parse(bearer.expose()).is_some() {
            let enrolment = app.enrolment_gate.admit(&bearer).await?;
            return match enrolment.outcome {
                Some(EnrolmentOutcome::Activated(space_id)) => Ok(Self(space_id)),
                _ => Err(ProblemKind::Unauthenticated.into()),
            };
        }
        match app.gate.admit(&bearer).await?.actor {
            Actor::Citizen { space_id, archived: false } => Ok(Self(space_id)),
            Actor::Citizen { archived: true, .. } => Err(ProblemKind::SpaceClosed.into()),
            _ => Err(ProblemKind::Forbidden.into()),
        }
    }
}
