//! `POST /v1/spaces/{spaceId}/caregivers`: someone is asked to help.
//!
//! Must not know: what they will answer.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::Action;
use espace_domain::{
    CAREGIVERS_MAX, Caregiver, CaregiverId, Channel, Nir, Registration, SpaceId, SpaceState,
    invitation_expires_at, is_minor, paris_date,
};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::{
    Care, Change, Choice, Envelope, LinkKind, Representation, RepresentationDetails,
    SearchedTraits, Versioned, told,
};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::list::{CaregiverView, known, view};

/// Longest name, characters.
const NAME_CHARS_MAX: usize = 100;

/// Who is asked: by number and traits, so that nobody is found by a name alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Invitation {
    /// 13 characters.
    nir: String,
    birth_name: String,
    first_name: String,
    #[schema(value_type = String)]
    birth_date: Date,
}

/// Asks someone to help. The answer is the same whoever exists: one who is not there does not
/// answer, and after thirty days the invitation is over.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/caregivers", operation_id = "inviteCaregiver",
    tag = "caregivers", params(("spaceId" = String, Path)), request_body = Invitation,
    responses(
        (status = 202, body = CaregiverView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn invite(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<Invitation>, Problem>,
) -> Result<(StatusCode, Json<CaregiverView>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::InviteCaregiver).await?;
    let input = body?.value;
    let nir = Nir::parse(&input.nir).map_err(|_| {
        let detail = "Le numéro de sécurité sociale est mal écrit.";
        Problem::invalid(vec![FieldError::new("/nir", "invalid-nir", detail)])
    })?;
    let name = read_name(&input)?;
    let limit = app.invitations_per_holder;
    let holder = visit.space_id.as_str();
    if let Some(wait_s) = app.throttles.count("invitation", holder, limit, visit.now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let caregivers = known(&app, (&visit, &permit)).await?;
    let standing = caregivers.iter().filter(|(_, known)| known.value.counts_at(visit.now));
    if standing.count() >= CAREGIVERS_MAX {
        return Err(ProblemKind::TooManyCaregivers.into());
    }
    let helper = helper(&app, &nir, &input).await?.filter(|helper| *helper != visit.space_id);
    let random = app.random.as_ref();
    let mut caregiver = Caregiver {
        caregiver_id: CaregiverId::generate(random),
        helper: None,
        name,
        invited_at: visit.now,
        answer: None,
    };
    let mut changes = Vec::new();
    if let Some(helper) = helper {
        changes = ask(&app, (&visit, &permit), &helper, &caregiver).await?;
        caregiver.helper = (!changes.is_empty()).then_some(helper);
    }
    let opened = visit.opened(&permit)?;
    let entry = visit.names.caregiver(&visit.space_id, &caregiver.caregiver_id);
    let choice = Versioned { value: Choice::Caregiver(caregiver.clone()), version: None };
    let key = &opened.content_key;
    changes.push(app.consents.put(&visit.space_id, &entry, &choice, key, random)?);
    let elements = [caregiver.caregiver_id.as_str()];
    // The epoch moves: of two invitations at once, one counts the other.
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::ACCEPTED, Json(view(caregiver, visit.now))))
}

/// The space of the person of that number and those traits, where they hold one themselves
/// and are of age.
async fn helper(app: &App, nir: &Nir, input: &Invitation) -> Result<Option<SpaceId>, Problem> {
    let index = app.registry.index(nir).await?;
    let Some(entry) = app.registry.find_by_index(&index).await? else {
        return Ok(None);
    };
    let traits = SearchedTraits {
        birth_name: &input.birth_name,
        first_name: &input.first_name,
        birth_date: input.birth_date,
    };
    if !app.registry.has_traits(&entry, &traits).await? {
        return Ok(None);
    }
    match entry.registration {
        Registration::Held { space_id } => Ok(Some(space_id)),
        Registration::Invited { .. }
        | Registration::Opposed { .. }
        | Registration::Erased { .. } => Ok(None),
    }
}

/// The writes that ask someone: the invitation, and word of it. None where they cannot help:
/// their space is not in their own hands, they are a minor, or act for the holder already.
async fn ask(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    helper: &SpaceId,
    caregiver: &Caregiver,
) -> Result<Vec<Change>, Problem> {
    let (Some(space), Some(key)) =
        (app.spaces.find(helper).await?, app.space_keys.content(helper).await?)
    else {
        return Ok(Vec::new());
    };
    // An invitation that nobody answered in time makes room for another.
    let before = app.representations.find(helper, &visit.space_id).await?;
    let is_over = |link: &Representation| {
        if link.kind == LinkKind::Heir {
            // Who asks here is alive: nothing was left to anyone.
            return Some(true);
        }
        let care = link.open(&key).ok()?.care?;
        Some(!care.accepted && invitation_expires_at(care.invited_at) <= visit.now)
    };
    if before.as_ref().is_some_and(|link| is_over(link) != Some(true)) {
        return Ok(Vec::new());
    }
    let in_hand = matches!(space.state, SpaceState::Active { .. }) && space.account.is_some();
    let traits = space.holder(&key)?;
    if !in_hand || space.suspension.is_some() || is_minor(traits.birth_date, paris_date(visit.now))
    {
        return Ok(Vec::new());
    }
    let holder = &visit.opened(permit)?.holder;
    let details = RepresentationDetails {
        first_name: format!("{} {}", holder.first_name(), holder.last_name()),
        until: None,
        care: Some(Care {
            caregiver_id: caregiver.caregiver_id.clone(),
            invited_at: caregiver.invited_at,
            accepted: false,
        }),
        inheritance: None,
    };
    let random = app.random.as_ref();
    let link = (helper, &visit.space_id);
    let mut changes = vec![app.representations.invite(
        link,
        before.as_ref(),
        &details,
        (&key, visit.now, random),
    )?];
    let contacts = app.contacts.of_space(helper).await?;
    let chosen = app.consents.notifications(helper, &key).await?;
    for contact in told(contacts, &chosen) {
        let to = contact.open(&key)?;
        if contact.confirmed_at.is_none() || to.channel() == Channel::Letter {
            continue;
        }
        let envelope = Envelope {
            to,
            addressee: format!("{} {}", traits.first_name(), traits.last_name()),
            notice: Notice::HelpAsked { first_name: traits.first_name().to_owned() },
        };
        changes.push(app.outbox.message(&envelope, visit.now, random).await?);
    }
    Ok(changes)
}

/// The name as it will be shown to the holder; refused where it is none.
fn read_name(input: &Invitation) -> Result<String, Problem> {
    let (first, last) = (input.first_name.trim(), input.birth_name.trim());
    let is_name = |name: &str| !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX;
    if is_name(first) && is_name(last) {
        return Ok(format!("{first} {last}"));
    }
    let detail = "Le nom est vide ou trop long.";
    Err(Problem::invalid(vec![FieldError::new("/firstName", "invalid-name", detail)]))
}
