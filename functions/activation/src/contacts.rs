//! `/v1/spaces/{spaceId}/contacts`: the addresses of a holder.
//!
//! Must not know: what is sent to them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_crypto::SealingKey;
use espace_domain::decision::Action;
use espace_domain::{
    AlertCode, ChallengeId, Contact, ContactId, Email, OneTimeCode, Phone, SpaceId,
};
use espace_http::{Citizen, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::{AddedContact, add_contact, remove_contact};
use espace_storage::{
    ChallengePurpose, Contacts, Envelope, KeyName, OtpOutcome, SpaceContact, told_of_changes,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::activate::{ContactView, receives_codes, view};
use crate::own_space::permit;

/// Most addresses a holder adds.
const CONTACTS_ADDED_MAX: usize = 8;

/// The addresses of a space.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactList {
    items: Vec<ContactView>,
    /// There is one page.
    next: Option<String>,
}

/// A second factor given moments ago.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Confirmed {
    /// From `POST /v1/sessions/current/step-up` for `contacts`.
    challenge_id: String,
    /// The six digits received.
    otp: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewContactInput {
    /// An e-mail address.
    #[serde(default)]
    email: Option<String>,
    /// A mobile number.
    #[serde(default)]
    phone: Option<String>,
    /// From `POST /v1/sessions/current/step-up` for `contacts`.
    challenge_id: String,
    /// The six digits received.
    otp: String,
}

/// Lists the addresses, each shown by its ends only.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/contacts", operation_id = "listContacts", tag = "contacts",
    params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = ContactList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    citizen: Citizen,
    Path(space_id): Path<String>,
) -> Result<Json<ContactList>, Problem> {
    let (own, key) = own_space(&app, citizen, &space_id, Action::ReadContacts).await?;
    let mut items = Vec::new();
    let mut contacts = app.stores.contacts.of_space(&own).await?;
    // The insurer's first, then as they came to count: two may look the same by their ends.
    contacts.sort_by_key(|one| (!one.on_file, one.confirmed_at.is_none(), one.confirmed_at));
    for known in contacts {
        let contact = known.open(&key)?;
        view(&mut items, &known.contact_id, &contact, known.confirmed_at.is_some());
    }
    Ok(Json(ContactList { items, next: None }))
}

/// Adds an address. It counts once the code sent to it comes back; those that
/// count already are told.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/contacts", operation_id = "addContact", tag = "contacts",
    params(("spaceId" = String, Path)), request_body = NewContactInput,
    responses(
        (status = 201, body = ContactView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn add(
    State(app): State<App>,
    citizen: Citizen,
    Path(space_id): Path<String>,
    body: JsonBody<NewContactInput>,
) -> Result<(StatusCode, Json<ContactView>), Problem> {
    let now = app.clock.now();
    let input = &body.value;
    let contact = read(input)?;
    step_up(&app, &citizen, &input.challenge_id, &input.otp, now).await?;
    let (own, key) = own_space(&app, citizen, &space_id, Action::ChangeContacts).await?;
    let known = opened(&app, &own, &key).await?;
    if known.iter().filter(|(found, _)| !found.on_file).count() >= CONTACTS_ADDED_MAX {
        return Err(ProblemKind::TooManyContacts.into());
    }
    if known.iter().any(|(_, other)| *other == contact) {
        let detail = "Ce contact est déjà enregistré.";
        return Err(Problem::invalid(vec![FieldError::new("/email", "known-contact", detail)]));
    }
    let random = app.random.as_ref();
    let (contact_id, otp) = (ContactId::generate(random), OneTimeCode::generate(random));
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let alert = AlertCode::generate(random);
    let name = holder_name(&app, &own, &key).await?;
    let to = |contact: &Contact, notice| Envelope {
        to: contact.clone(),
        addressee: name.clone(),
        notice,
    };
    let mut messages = vec![to(&contact, Notice::contact_code(&otp))];
    messages.extend(
        told_of_changes(&known)
            .map(|known| to(known, Notice::ContactAdded { alert: alert.grouped() })),
    );
    let added = AddedContact {
        contact_id: &contact_id,
        contact: &contact,
        otp: Contacts::otp_tag(&mac, &contact_id, &otp),
        alert: &alert,
        messages: &messages,
    };
    if !add_contact(&app.stores, &own, &key, &added, random, now).await? {
        return Err(ProblemKind::Unavailable.into());
    }
    let mut views = Vec::new();
    view(&mut views, &contact_id, &contact, false);
    let view = views.pop().ok_or_else(|| Problem::internal("an address without a view"))?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Removes an address, never the last that counts.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/contacts/{contactId}", operation_id = "removeContact",
    tag = "contacts", request_body = Confirmed,
    params(("spaceId" = String, Path), ("contactId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    citizen: Citizen,
    Path((space_id, contact_id)): Path<(String, String)>,
    body: JsonBody<Confirmed>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let contact_id = ContactId::parse(&contact_id).map_err(|_| ProblemKind::NotFound)?;
    step_up(&app, &citizen, &body.value.challenge_id, &body.value.otp, now).await?;
    let (own, key) = own_space(&app, citizen, &space_id, Action::ChangeContacts).await?;
    let known = opened(&app, &own, &key).await?;
    let (removed, address) = known
        .iter()
        .find(|(found, _)| found.contact_id == contact_id)
        .ok_or(ProblemKind::NotFound)?;
    let is_left = known.iter().any(|(found, contact)| {
        found.contact_id != contact_id && found.confirmed_at.is_some() && receives_codes(contact)
    });
    if !is_left {
        return Err(ProblemKind::LastContact.into());
    }
    let alert = AlertCode::generate(app.random.as_ref());
    let name = holder_name(&app, &own, &key).await?;
    let mut messages: Vec<_> = told_of_changes(&known).cloned().collect();
    if !messages.contains(address) {
        messages.push(address.clone());
    }
    let messages: Vec<_> = messages
        .into_iter()
        .map(|to| Envelope {
            to,
            addressee: name.clone(),
            notice: Notice::ContactRemoved { alert: alert.grouped() },
        })
        .collect();
    let random = app.random.as_ref();
    if !remove_contact(&app.stores, &own, removed, &alert, &messages, random, now).await? {
        return Err(ProblemKind::NotFound.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's own space and its key; another's does not exist for them.
async fn own_space(
    app: &App,
    citizen: Citizen,
    named: &str,
    action: Action,
) -> Result<(SpaceId, SealingKey), Problem> {
    permit(app, &citizen, named, action).await?;
    let own = citizen.space_id;
    let key = app.stores.space_keys.content(&own).await?.ok_or(ProblemKind::NotFound)?;
    Ok((own, key))
}

/// The addresses of a space, opened.
async fn opened(
    app: &App,
    space_id: &SpaceId,
    key: &SealingKey,
) -> Result<Vec<(SpaceContact, Contact)>, Problem> {
    let mut opened = Vec::new();
    for found in app.stores.contacts.of_space(space_id).await? {
        let contact = found.open(key)?;
        opened.push((found, contact));
    }
    Ok(opened)
}

/// The holder's name, as on an envelope.
async fn holder_name(app: &App, own: &SpaceId, key: &SealingKey) -> Result<String, Problem> {
    let space = app.stores.spaces.find(own).await?.ok_or(ProblemKind::NotFound)?;
    let holder = space.holder(key)?;
    Ok(format!("{} {}", holder.first_name(), holder.last_name()))
}

/// Uses up the second factor that a change of the addresses asks for.
async fn step_up(
    app: &App,
    citizen: &Citizen,
    challenge_id: &str,
    otp: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    let otp = OneTimeCode::parse(otp).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })?;
    let id = ChallengeId::parse(challenge_id).map_err(|_| ProblemKind::StepUpRequired)?;
    let found = app.challenges.find(&id, now).await?;
    let challenge = found
        .filter(|found| found.confirms(ChallengePurpose::Contacts, &citizen.claims.sid))
        .ok_or(ProblemKind::StepUpRequired)?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    match app.challenges.answer(&challenge, &otp, &mac, now).await? {
        OtpOutcome::Right => Ok(()),
        OtpOutcome::Wrong => Err(ProblemKind::OtpWrong.into()),
        OtpOutcome::Over => Err(ProblemKind::OtpOver.into()),
    }
}

/// The address that a request adds: one, of one kind.
fn read(input: &NewContactInput) -> Result<Contact, Problem> {
    let fault = |pointer: &str, code: &str, detail: &str| {
        Problem::invalid(vec![FieldError::new(pointer, code, detail)])
    };
    match (&input.email, &input.phone) {
        (Some(email), None) => Email::parse(email)
            .map(Contact::Email)
            .map_err(|_| fault("/email", "email", "L’adresse e-mail est incorrecte.")),
        (None, Some(phone)) => Phone::parse(phone)
            .map(Contact::Sms)
            .map_err(|_| fault("/phone", "phone", "Le numéro de téléphone est incorrect.")),
        _ => Err(fault("/email", "missing-field", "Indiquez une adresse e-mail ou un numéro.")),
    }
}
