//! `POST /v1/support/oppositions`: an agent registers a caller's refusal.
//!
//! Must not know: how a refusal is written.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{
    Channel, InvitationCode, OppositionChannel, OppositionId, is_minor, paris_date,
};
use espace_http::{
    FieldError, IdempotencyKey, JsonBody, Problem, ProblemBody, ProblemKind, RepresentativeInput,
    ShownIdentity, Support, claim_name, read_nir,
};
use espace_storage::transitions::RefusedBy;
use espace_storage::{
    ClaimedHolder, IdentityClaim, PersonEntry, Recognised, SupportAct, SupportActKind, recognise,
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::oppose::{RACES_MAX, ReceiptChannel, Registered};
use crate::register::{Word, register};

/// The scope of idempotency keys.
const ROUTE: &str = "POST /v1/support/oppositions";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CallerRefuses {
    /// The code the caller received.
    code: String,
    /// The person's number, 13 characters.
    nir: String,
    /// The serial on the person's card; none for a child, nor where the code stands
    /// in for it.
    #[serde(default)]
    card_serial: Option<String>,
    /// Who acts for the person.
    #[serde(default)]
    representative: Option<RepresentativeInput>,
    /// `email` or `letter`: the proof is sent that way.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    receipt: Option<ReceiptChannel>,
}

/// Registers a caller's refusal. It can be undone for two weeks.
#[utoipa::path(
    post, path = "/v1/support/oppositions", operation_id = "opposeByPhone", tag = "support",
    request_body = CallerRefuses,
    responses(
        (status = 201, body = Registered),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn support_oppose(
    State(app): State<App>,
    support: Support,
    key: IdempotencyKey,
    body: JsonBody<CallerRefuses>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let now = app.clock.now();
    let claim = read(&app, &body.value).await?;
    if !app.settings.phone_line_is_open(now) {
        return Err(ProblemKind::PhoneLineClosed.into());
    }
    let limit = app.settings.acts_per_agent;
    if let Some(wait_s) = app.throttles.count("agent-oppose", &support.agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let random = app.random.as_ref();
    let store = &app.idempotency;
    let name = claim_name(store, &key, &support.agent, ROUTE, &body.raw, random, now).await?;
    let opposition_id = OppositionId::from_bytes(name);
    if let Some(receipt) = app.stores.oppositions.find(&opposition_id).await? {
        return Ok((StatusCode::CREATED, Json(Registered::from(receipt))));
    }
    let kind = SupportActKind::Opposition;
    let act = SupportAct::new(&support.agent, kind, opposition_id.as_str(), now, random);
    let word = Word {
        by: RefusedBy::Agent(&act),
        channel: OppositionChannel::PhoneLine,
        opposition_id,
        representative: claim.holder.representative(),
        proof: body.value.receipt.map(Channel::from),
    };
    for _ in 0..RACES_MAX {
        let entry = prove(&app, &claim, now).await?;
        if let Some(receipt) = register(&app, &entry, &word, now).await? {
            return Ok((StatusCode::CREATED, Json(Registered::from(receipt))));
        }
    }
    Err(ProblemKind::Unavailable.into())
}

/// The person, if code, number and card belong together and the code still serves.
async fn prove(app: &App, claim: &IdentityClaim, now: Timestamp) -> Result<PersonEntry, Problem> {
    let registry = &app.stores.registry;
    let (entry, code) = match recognise(registry, &app.code_requests, claim).await? {
        Recognised::Yes { entry, code } => (entry, code),
        Recognised::No => return Err(ProblemKind::IdentityNotRecognised.into()),
    };
    if code.used_at.is_some() {
        return Err(ProblemKind::CodeUsed.into());
    }
    if now >= code.expires_at {
        return Err(ProblemKind::CodeExpired.into());
    }
    if let Some(record) = registry.open_unheld_record(&entry).await? {
        if record.deceased_on.is_some() {
            return Err(ProblemKind::HolderDeceased.into());
        }
        let today = paris_date(now);
        if claim.holder.representative().is_none() && is_minor(record.traits.birth_date, today) {
            return Err(ProblemKind::RepresentativeOnly.into());
        }
        if claim.holder.representative().is_some() && record.has_come_of_age(today) {
            return Err(ProblemKind::NotLegalRepresentative.into());
        }
    }
    Ok(*entry)
}

/// Checks the shape of every field, telling all that is wrong at once.
async fn read(app: &App, input: &CallerRefuses) -> Result<IdentityClaim, Problem> {
    let mut errors = Vec::new();
    let code = InvitationCode::parse(&input.code)
        .map_err(|_| {
            let detail = "Le code a 12 lettres et chiffres, ou 20 s’il remplace la carte.";
            errors.push(FieldError::new("/code", "code-shape", detail));
        })
        .ok();
    let nir = read_nir(&input.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let serial = input.card_serial.as_deref();
    let shown = ShownIdentity::read(None, serial, input.representative.as_ref())
        .map_err(|error| errors.push(error))
        .ok();
    let stands_in = code.as_ref().is_none_or(InvitationCode::stands_for_card);
    if shown.as_ref().is_some_and(ShownIdentity::lacks_card) && !stands_in {
        let detail = "Demandez le numéro de la carte, ou de celle du représentant.";
        errors.push(FieldError::new("/cardSerial", "missing-field", detail));
    }
    match (code, nir, shown) {
        (Some(code), Some(nir), Some(shown)) if errors.is_empty() => {
            let registry = &app.stores.registry;
            let holder = match shown {
                ShownIdentity::Card(cards) => ClaimedHolder::Card(cards),
                ShownIdentity::Representative { nir, cards } => {
                    ClaimedHolder::Representative { index: registry.index(&nir).await?, cards }
                }
                ShownIdentity::Nothing => ClaimedHolder::Nothing,
            };
            Ok(IdentityClaim { code, person: registry.index(&nir).await?, holder })
        }
        _ => Err(Problem::invalid(errors)),
    }
}
