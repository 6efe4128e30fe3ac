//! `POST /v1/contacts/{contactId}/codes`: the code of an address that does not
//! count yet, sent again.
//!
//! Must not know: how it is sent.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_domain::{ContactId, OneTimeCode};
use espace_http::{Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::resend_contact_code;
use espace_storage::{Contacts, Envelope, KeyName};

use crate::App;
use crate::confirm_contact::ContactsOwner;

/// Sends the code of an address again, with an enrolment token or a session's.
#[utoipa::path(
    post, path = "/v1/contacts/{contactId}/codes", operation_id = "resendContactCode",
    tag = "contacts", params(("contactId" = String, Path)),
    responses(
        (status = 202),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["enrolment", "citizen"]))),
)]
pub(crate) async fn resend(
    State(app): State<App>,
    ContactsOwner(space_id): ContactsOwner,
    Path(contact_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let contact_id = ContactId::parse(&contact_id).map_err(|_| ProblemKind::NotFound)?;
    let found =
        app.stores.contacts.find(&space_id, &contact_id).await?.ok_or(ProblemKind::NotFound)?;
    let limit = app.limits.codes_per_person;
    let who = contact_id.as_str();
    if let Some(wait_s) = app.throttles.count("contact-code", who, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let key = app.stores.space_keys.content(&space_id).await?.ok_or(ProblemKind::NotFound)?;
    let random = app.random.as_ref();
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let tag = Contacts::otp_tag(&mac, &contact_id, &otp);
    let message = Envelope {
        to: found.open(&key)?,
        addressee: String::new(),
        notice: Notice::contact_code(&otp),
    };
    let delay_s = app.limits.code_delay_s;
    let sent =
        resend_contact_code(&app.stores, &found, tag, &message, delay_s, random, now).await?;
    if sent { Ok(StatusCode::ACCEPTED) } else { Err(ProblemKind::ContactCodeRefused.into()) }
}
