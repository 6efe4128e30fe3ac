//! `POST /v1/support/heirs`: an agent found an heir's claim good; a second one admits them.
//!
//! Must not know: what the dead person's space holds, nor how a copy is made.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_access::Done;
use espace_crypto::SealingKey;
use espace_domain::decision::Action;
use espace_domain::{
    HeirClaim, HeirFinding, HeirPurpose, HeirRelation, SpaceId, SpaceState, Traits, is_minor,
    paris_date,
};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::{
    Change, Choice, Envelope, HeirAdmission, PersonRecord, RepresentationDetails, SupportAct,
    SupportActKind, Versioned,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::caller::{self, Caller, agent, read_person};

/// Characters of a reference.
const REFERENCE_CHARS: std::ops::RangeInclusive<usize> = 1..=200;
/// What the trace of a finding says beside the act.
const PENDING: &str = "pending";
const ADMITTED: &str = "admitted";

/// What an agent found, with the proofs in hand: the certificate of death, and what shows that
/// the one is an heir of the other.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct HeirInput {
    /// The dead person's number, 13 characters.
    nir: String,
    /// The dead person's birth date.
    birth_date: String,
    /// The heir's number, 13 characters.
    heir_nir: String,
    /// The heir's birth date.
    heir_birth_date: String,
    /// `successor`, `partner` (of a civil union), `cohabitant`, `parentalAuthority` (over a
    /// minor).
    #[schema(value_type = String)]
    relation: HeirRelation,
    /// `causeOfDeath`, `memory`, `rights`: one of the three the law knows.
    #[schema(value_type = String)]
    purpose: HeirPurpose,
    /// The first day of the care that this takes: nothing older is handed over.
    #[schema(value_type = String)]
    care_since: Date,
    /// The file with the proofs.
    reference: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeirView {
    /// `pending` until another agent finds the same, `admitted`.
    state: &'static str,
    /// Of an admitted heir: until when they may ask for their copy.
    until: Option<Timestamp>,
}

/// An heir, with their own space.
struct Heir {
    space_id: SpaceId,
    traits: Traits,
    key: SealingKey,
}

/// Finds an heir's claim good. Where two agents find the same within thirty days, the heir is
/// admitted: for thirty days they ask, in their own space and with their own second factor, for
/// a copy of the documents of that care. Refused where no death was reported, and where the
/// person objected.
#[utoipa::path(
    post, path = "/v1/support/heirs", operation_id = "admitHeir", tag = "support",
    request_body = HeirInput,
    responses(
        (status = 202, body = HeirView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn admit(
    State(app): State<App>,
    bearer: Bearer,
    body: Result<JsonBody<HeirInput>, Problem>,
) -> Result<(StatusCode, Json<HeirView>), Problem> {
    let (claims, agent) = agent(&app, &bearer, "heir").await?;
    let input = body?.value;
    let now = app.guard.now();
    let (dead, claimant) = read(&input, now)?;
    let random = app.random.as_ref();
    let dead = dead.find(&app).await?;
    let heir = claimant.find(&app).await?;
    // What an agent did is written before it has an effect.
    let about = dead.space_id.as_str();
    let kind = SupportActKind::HeirFound;
    app.acts.note(&SupportAct::new(&agent, kind, about, now, random)).await?;
    let action = Action::AdmitHeir;
    let visit = app.guard.arrive(claims, dead.space_id.clone(), action, &[]).await?;
    let permit = app.guard.permit(&visit, action, &[]).await?;
    let opened = visit.opened(&permit)?;
    if input.relation == HeirRelation::ParentalAuthority && !died_as_minor(&dead.record) {
        let detail = "L’autorité parentale ne concerne qu’une personne décédée mineure.";
        let error = FieldError::new("/relation", "not-a-minor", detail);
        return Err(Problem::invalid(vec![error]));
    }
    let heir = with_space(&app, heir).await?;
    let entry = visit.names.heir(&visit.space_id, &heir.space_id);
    let before = app.consents.heir(&visit.space_id, &entry, &opened.content_key).await?;
    let claim = HeirClaim {
        heir: heir.space_id.clone(),
        relation: input.relation,
        purpose: input.purpose,
        care_since: input.care_since,
        reference: input.reference.trim().to_owned(),
        agent: agent.clone(),
        at: now,
    };
    let mut changes = Vec::new();
    let version = before.as_ref().and_then(|found| found.version);
    let (state, until) = match claim.weigh(before.as_ref().map(|found| &found.value)) {
        HeirFinding::SameAgent => return Err(ProblemKind::FoundByYou.into()),
        HeirFinding::Pending => {
            let choice = Versioned { value: Choice::Heir(claim), version };
            let key = &opened.content_key;
            changes.push(app.consents.put(&visit.space_id, &entry, &choice, key, random)?);
            (PENDING, None)
        }
        HeirFinding::Admitted(left) => {
            changes.push(app.consents.remove_seen(&visit.space_id, &entry, version)?);
            // What the admission rests on stays with the record, for who disputes it.
            let first = before.map(|found| found.value);
            let admission = HeirAdmission { first, second: claim, until: left.until };
            let choice = Versioned { value: Choice::Admission(admission), version: None };
            let entry = visit.names.admission(&visit.space_id, &heir.space_id, now);
            let key = &opened.content_key;
            changes.push(app.consents.put(&visit.space_id, &entry, &choice, key, random)?);
            let details = RepresentationDetails {
                first_name: opened.holder.first_name().to_owned(),
                until: None,
                care: None,
                inheritance: Some(left),
            };
            let link = (&heir.space_id, &visit.space_id);
            let sealing = (&heir.key, now, random);
            changes.push(app.representations.admit(link, &details, sealing)?);
            changes.extend(word(&app, &heir, left.until, now).await?);
            (ADMITTED, Some(left.until))
        }
    };
    let done = Done { elements: &[state], changes: &changes, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::ACCEPTED, Json(HeirView { state, until })))
}

/// The heir's own space, in which they get what is theirs.
async fn with_space(app: &App, found: caller::Holder) -> Result<Heir, Problem> {
    let space_id = found.space_id;
    let missing = || Problem::from(ProblemKind::HeirWithoutSpace);
    let space = app.spaces.find(&space_id).await?.ok_or_else(missing)?;
    let is_in_hand = matches!(space.state, SpaceState::Active { .. });
    if !is_in_hand || space.account.is_none() || space.suspension.is_some() {
        return Err(missing());
    }
    let key = app.space_keys.content(&space_id).await?.ok_or_else(missing)?;
    Ok(Heir { space_id, traits: found.record.traits, key })
}

/// Word to the heir.
async fn word(
    app: &App,
    heir: &Heir,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<Change>, Problem> {
    let traits = &heir.traits;
    let first_name = traits.first_name().to_owned();
    let addressee = format!("{first_name} {}", traits.last_name());
    let notice = Notice::HeirAdmitted { first_name, until };
    let mut messages = Vec::new();
    for to in app.contacts.told(&heir.space_id, &heir.key).await? {
        let envelope = Envelope { to, addressee: addressee.clone(), notice: notice.clone() };
        messages.push(app.outbox.message(&envelope, now, app.random.as_ref()).await?);
    }
    Ok(messages)
}

/// Whether the person was a minor on the day they died.
fn died_as_minor(record: &PersonRecord) -> bool {
    record.deceased_on.is_some_and(|day| is_minor(record.traits.birth_date, day))
}

/// Checks the shape of every field, telling all that is wrong at once.
fn read(input: &HeirInput, now: Timestamp) -> Result<(Caller, Caller), Problem> {
    let mut errors = Vec::new();
    let dead = read_person((&input.nir, "/nir"), (&input.birth_date, "/birthDate"), &mut errors);
    let heir = read_person(
        (&input.heir_nir, "/heirNir"),
        (&input.heir_birth_date, "/heirBirthDate"),
        &mut errors,
    );
    if input.care_since > paris_date(now) {
        let detail = "Ce jour est dans le futur.";
        errors.push(FieldError::new("/careSince", "future-date", detail));
    }
    if !REFERENCE_CHARS.contains(&input.reference.trim().chars().count()) {
        let detail = "Dites la référence du dossier, en 200 caractères au plus.";
        errors.push(FieldError::new("/reference", "invalid-length", detail));
    }
    match (dead, heir) {
        (Some(dead), Some(heir)) if errors.is_empty() => {
            Ok((Caller::without_card(dead.0, dead.1), Caller::without_card(heir.0, heir.1)))
        }
        _ => Err(Problem::invalid(errors)),
    }
}
