//! `PUT /v1/spaces/{spaceId}/notification-preferences`: the holder chooses of what they are
//! told, and where.
//!
//! Must not know: how it is sent.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::{Done, Visit};
use espace_domain::decision::{Action, Party};
use espace_domain::{ContactId, Digest};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody};
use espace_storage::{Choice, Consents, Versioned};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::read_preferences::PreferencesView;

/// What the holder chooses.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPreferences {
    /// A professional opened the space with consent.
    access: bool,
    /// A professional consulted a document.
    document_read: bool,
    /// A professional or the insurer deposited a document.
    new_document: bool,
    /// A professional wrote; as it was where it is not named.
    #[serde(default)]
    message: Option<bool>,
    /// `none`, `daily` or `weekly`; as it was where it is not named.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    digest: Option<Digest>,
    /// The one confirmed contact to which all of it goes, emergencies included; `null` for
    /// every contact; as it was where it is not named. The holder's alone to choose.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    safe_contact: Whereto,
}

/// Where all of it goes.
#[derive(Default, Deserialize)]
#[serde(from = "Option<String>")]
enum Whereto {
    /// As it was.
    #[default]
    Unchanged,
    /// To every contact.
    Everywhere,
    /// To the contact of that name alone.
    Only(String),
}

impl From<Option<String>> for Whereto {
    fn from(named: Option<String>) -> Self {
        named.map_or(Self::Everywhere, Self::Only)
    }
}

/// Chooses. A safe contact is one of the holder's confirmed ones, chosen by the holder
/// alone.
#[utoipa::path(
    put, path = "/v1/spaces/{spaceId}/notification-preferences",
    operation_id = "setNotificationPreferences", tag = "notifications",
    params(("spaceId" = String, Path)), request_body = NewPreferences,
    responses(
        (status = 200, body = PreferencesView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn set(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<NewPreferences>, Problem>,
) -> Result<Json<PreferencesView>, Problem> {
    let action = Action::SetPreferences;
    let (visit, permit) = app.guard.enter(&bearer, &space_id, action).await?;
    let input = body?.value;
    let key = &visit.opened(&permit)?.content_key;
    let entry = Consents::notifications_entry();
    let Versioned { value: mut chosen, version } =
        app.consents.chosen_notifications(&visit.space_id, key).await?;
    chosen.access = input.access;
    chosen.document_read = input.document_read;
    chosen.new_document = input.new_document;
    chosen.message = input.message.unwrap_or(chosen.message);
    chosen.digest = input.digest.unwrap_or(chosen.digest);
    match input.safe_contact {
        Whereto::Unchanged => {}
        Whereto::Everywhere if visit.party == Party::Holder => chosen.safe_contact = None,
        Whereto::Everywhere => return Err(unknown_contact()),
        Whereto::Only(named) => chosen.safe_contact = Some(confirmed(&app, &visit, &named).await?),
    }
    let view = PreferencesView::from(&chosen);
    let choice = Versioned { value: Choice::Notifications(chosen), version };
    let random = app.random.as_ref();
    let changes = [app.consents.put(&visit.space_id, entry, &choice, key, random)?];
    // Which contact is the safe one stays out of the log, that others may be made to show.
    let done = Done { changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(Json(view))
}

/// The confirmed contact of that name, for the holder alone.
async fn confirmed(app: &App, visit: &Visit, named: &str) -> Result<ContactId, Problem> {
    let contacts = app.contacts.of_space(&visit.space_id).await?;
    let mut contacts = contacts.into_iter().filter(|_| visit.party == Party::Holder);
    let found =
        contacts.find(|known| known.contact_id.as_str() == named && known.confirmed_at.is_some());
    found.map(|known| known.contact_id).ok_or_else(unknown_contact)
}

fn unknown_contact() -> Problem {
    let detail = "Choisissez un contact que vous avez confirmé.";
    Problem::invalid(vec![FieldError::new("/safeContact", "unknown-contact", detail)])
}
