//! `POST /v1/activation`: a person takes their own space in hand.
//!
//! Must not know: how identity was proven, nor how a transaction is written.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_crypto::{BlindIndex, PasswordHash};
use espace_domain::{
    AlertCode, Contact, ContactId, Email, Login, LoginError, OneTimeCode, Phone, Registration,
    SpaceId, SpaceState, check_password, is_minor, normal_password, paris_date,
};
use espace_http::{
    Enrolled, FieldError, JsonBody, Problem, ProblemBody, ProblemKind, password_fault,
};
use espace_notifications::Notice;
use espace_storage::transitions::{
    Activation, ActivationRefused, NewSpaceContact, activate as take_in_hand,
};
use espace_storage::{
    AccountSecrets, Contacts, Enrolment, EnrolmentOutcome, Envelope, KeyName, PersonEntry,
    PersonRecord, nir_tag,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// Tries when the person changes between reading and writing.
const RACES_MAX: u32 = 3;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// At least 8 letters, digits, `.`, `-` or `_`; no e-mail address, NIR or IBAN.
    login: String,
    /// At least 9 characters with lower and upper case, a digit and a special one.
    password: String,
    /// An address beside those on file.
    #[serde(default)]
    email: Option<String>,
    /// A mobile number beside those on file.
    #[serde(default)]
    phone: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Activated {
    #[schema(value_type = String)]
    space_id: SpaceId,
    contacts: Vec<ContactView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContactView {
    #[schema(value_type = String)]
    contact_id: ContactId,
    /// `email`, `sms`.
    channel: &'static str,
    /// Its ends only, for its owner to know it by.
    hint: String,
    /// `confirmed`, `unconfirmed`.
    state: &'static str,
}

/// What the person chose, its shape being right.
struct Choice {
    login_index: BlindIndex,
    secrets: AccountSecrets,
    added: Vec<Contact>,
}

/// Creates the account and activates the space. A contact that is not on file
/// is sent a code and counts once confirmed.
#[utoipa::path(
    post, path = "/v1/activation", operation_id = "activate", tag = "activation",
    request_body = NewAccount,
    responses(
        (status = 201, body = Activated),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["enrolment"]))),
)]
pub(crate) async fn activate(
    State(app): State<App>,
    Enrolled(enrolment): Enrolled,
    body: JsonBody<NewAccount>,
) -> Result<(StatusCode, Json<Activated>), Problem> {
    let now = app.clock.now();
    if let Some(EnrolmentOutcome::Activated(space_id)) = &enrolment.outcome {
        let activated = answer_again(&app, space_id, &body.value.login).await?;
        return Ok((StatusCode::CREATED, Json(activated)));
    }
    if enrolment.outcome.is_some() {
        return Err(ProblemKind::EnrolmentOver.into());
    }
    if enrolment.representative.is_some() {
        return Err(ProblemKind::RepresentativeOnly.into());
    }
    let mut choice = None;
    for _ in 0..RACES_MAX {
        let registry = &app.stores.registry;
        let entry =
            registry.find_by_index(&enrolment.person).await?.ok_or(ProblemKind::EnrolmentOver)?;
        check_state(&app, &entry, &enrolment).await?;
        let record = registry
            .open_record(&entry, &app.stores.space_keys)
            .await?
            .ok_or(ProblemKind::EnrolmentOver)?;
        if is_minor(record.traits.birth_date, paris_date(now)) {
            return Err(ProblemKind::RepresentativeOnly.into());
        }
        // Hashing takes 20 ms and memory: once, whatever races.
        let choice = match &choice {
            Some(choice) => choice,
            None => choice.insert(choose(&app, &body.value, &record).await?),
        };
        match write(&app, &enrolment, &entry, &record, choice, now).await? {
            Ok(activated) => return Ok((StatusCode::CREATED, Json(activated))),
            Err(ActivationRefused::LoginTaken) => return Err(ProblemKind::LoginTaken.into()),
            Err(ActivationRefused::Raced) => {}
        }
    }
    Err(ProblemKind::Unavailable.into())
}

/// The answer rebuilt for someone who sent the same request again with the same
/// token: the first answer was lost on the way.
async fn answer_again(app: &App, space_id: &SpaceId, login: &str) -> Result<Activated, Problem> {
    let login = Login::parse(login).map_err(|_| ProblemKind::SpaceAlreadyActive)?;
    let account = app.stores.accounts.find(&login).await?;
    if account.is_none_or(|account| account.space_id != *space_id) {
        return Err(ProblemKind::SpaceAlreadyActive.into());
    }
    let key =
        app.stores.space_keys.content(space_id).await?.ok_or(ProblemKind::SpaceAlreadyActive)?;
    let mut contacts = Vec::new();
    for known in app.stores.contacts.of_space(space_id).await? {
        let contact = known.open(&key)?;
        view(&mut contacts, &known.contact_id, &contact, known.confirmed_at.is_some());
    }
    Ok(Activated { space_id: space_id.clone(), contacts })
}

/// Whether the code still stands and the space may be taken in hand.
async fn check_state(app: &App, entry: &PersonEntry, enrolment: &Enrolment) -> Result<(), Problem> {
    if let Registration::Held { space_id } = &entry.registration {
        let space = app.stores.spaces.find(space_id).await?.ok_or(ProblemKind::EnrolmentOver)?;
        if !space.may_be_taken(app.clock.now()) {
            return Err(match space.state {
                SpaceState::Active { .. } => ProblemKind::SpaceAlreadyActive.into(),
                _ => ProblemKind::EnrolmentOver.into(),
            });
        }
    }
    if entry.accepts(&enrolment.code) { Ok(()) } else { Err(ProblemKind::EnrolmentOver.into()) }
}

/// Checks the person's choices, telling all that is wrong at once.
async fn choose(app: &App, input: &NewAccount, record: &PersonRecord) -> Result<Choice, Problem> {
    let mut errors = Vec::new();
    let login = Login::parse(&input.login).map_err(|error| errors.push(login_fault(error))).ok();
    if let Some(login) = &login
        && let Err(error) = check_password(&input.password, login, &record.traits)
    {
        errors.push(password_fault(error));
    }
    let mut added = Vec::new();
    if let Some(email) = &input.email {
        if let Ok(email) = Email::parse(email) {
            added.push(Contact::Email(email));
        } else {
            let detail = "L’adresse e-mail est incorrecte.";
            errors.push(FieldError::new("/email", "email", detail));
        }
    }
    if let Some(phone) = &input.phone {
        if let Ok(phone) = Phone::parse(phone) {
            added.push(Contact::Sms(phone));
        } else {
            let detail = "Le numéro de téléphone est incorrect.";
            errors.push(FieldError::new("/phone", "phone", detail));
        }
    }
    added.retain(|contact| !record.contacts.contains(contact));
    if added.is_empty() && !record.contacts.iter().any(receives_codes) {
        let detail = "Indiquez une adresse e-mail ou un numéro de mobile pour vous connecter.";
        errors.push(FieldError::new("/email", "missing-field", detail));
    }
    let Some(login) = login.filter(|_| errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let login_index = app.stores.accounts.index(&login).await?;
    let hash = PasswordHash::compute(&normal_password(&input.password), app.random.as_ref())?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let nir = record.nir().ok_or_else(|| Problem::internal("a record without a number"))?;
    let secrets = AccountSecrets::new(&hash, nir_tag(&mac, &login_index, &nir));
    Ok(Choice { login_index, secrets, added })
}

/// Writes everything in one transaction.
async fn write(
    app: &App,
    enrolment: &Enrolment,
    entry: &PersonEntry,
    record: &PersonRecord,
    choice: &Choice,
    now: Timestamp,
) -> Result<Result<Activated, ActivationRefused>, Problem> {
    let random = app.random.as_ref();
    let mut contacts = Vec::new();
    let mut views = Vec::new();
    let mut messages = Vec::new();
    // A space that opened by itself has the contacts on file already; one that is
    // taken back gets them anew.
    let has_contacts = match &entry.registration {
        Registration::Held { space_id } => {
            let space = app.stores.spaces.find(space_id).await?;
            space.is_some_and(|space| space.account.is_none())
        }
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => false,
    };
    let on_file = match &entry.registration {
        Registration::Held { space_id } if has_contacts => {
            let Some(key) = app.stores.space_keys.content(space_id).await? else {
                return Ok(Err(ActivationRefused::Raced));
            };
            for known in app.stores.contacts.of_space(space_id).await? {
                let contact = known.open(&key)?;
                view(&mut views, &known.contact_id, &contact, known.confirmed_at.is_some());
            }
            &[][..]
        }
        _ => &record.contacts[..],
    };
    for contact in on_file {
        let contact_id = ContactId::generate(random);
        view(&mut views, &contact_id, contact, true);
        let contact = contact.clone();
        contacts.push(NewSpaceContact { contact_id, contact, otp: None, on_file: true });
    }
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let first_name = record.traits.first_name();
    let addressee = record.full_name();
    for contact in &choice.added {
        let contact_id = ContactId::generate(random);
        let otp = OneTimeCode::generate(random);
        let tag = Contacts::otp_tag(&mac, &contact_id, &otp);
        view(&mut views, &contact_id, contact, false);
        messages.push(Envelope {
            to: contact.clone(),
            addressee: addressee.clone(),
            notice: Notice::contact_code(&otp),
        });
        let contact = contact.clone();
        contacts.push(NewSpaceContact { contact_id, contact, otp: Some(tag), on_file: false });
    }
    // Every address the insurer knows is told, the letter included where a new
    // address comes beside it: whoever took a letter cannot take the second too.
    let alert = AlertCode::generate(random);
    for known in told(&record.contacts, !choice.added.is_empty()) {
        messages.push(Envelope {
            to: known.clone(),
            addressee: addressee.clone(),
            notice: Notice::space_activated(first_name, &alert),
        });
    }
    let activation = Activation {
        enrolment,
        entry,
        record,
        login: &choice.login_index,
        secrets: &choice.secrets,
        contacts: &contacts,
        messages: &messages,
        alert: &alert,
    };
    let written = take_in_hand(&app.stores, &activation, random, now).await?;
    Ok(written.map(|space_id| Activated { space_id, contacts: views }))
}

/// The addresses that get word of an activation: the electronic ones; the letter
/// where there is no other, or where a new address comes beside it.
fn told(known: &[Contact], is_extended: bool) -> impl Iterator<Item = &Contact> {
    let has_electronic = known.iter().any(receives_codes);
    known.iter().filter(move |contact| receives_codes(contact) || !has_electronic || is_extended)
}

/// Adds a contact to the answer; letters receive no one-time codes.
pub(crate) fn view(
    views: &mut Vec<ContactView>,
    contact_id: &ContactId,
    contact: &Contact,
    confirmed: bool,
) {
    if receives_codes(contact) {
        views.push(ContactView {
            contact_id: contact_id.clone(),
            channel: contact.channel().as_str(),
            hint: contact.hint(),
            state: if confirmed { "confirmed" } else { "unconfirmed" },
        });
    }
}

/// Whether one-time codes can be sent there.
pub(crate) fn receives_codes(contact: &Contact) -> bool {
    matches!(contact, Contact::Email(_) | Contact::Sms(_))
}

fn login_fault(error: LoginError) -> FieldError {
    let (code, detail) = match error {
        LoginError::Length => ("length", "L’identifiant doit avoir de 8 à 64 caractères."),
        LoginError::Characters => (
            "characters",
            "L’identifiant ne prend que des lettres sans accent, des chiffres, « . », « - » et « _ ».",
        ),
        LoginError::KnownIdentifier => (
            "known-identifier",
            "L’identifiant ne doit pas être une adresse e-mail, un numéro de sécurité sociale \
             ni un IBAN.",
        ),
    };
    FieldError::new("/login", code, detail)
}
