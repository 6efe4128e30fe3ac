//! `POST /v1/activation/identity`: code, number and card prove who one is.
//!
//! Until all have matched there is one answer, `identity-not-recognised`, and
//! the same backend calls whether the person is known, opposed, deceased or
//! not (`design.md`, Identity).
//!
//! Must not know: what the person will choose.

use axum::Json;
use axum::extract::State;
use espace_crypto::OpaqueToken;
use espace_domain::{EnrolmentId, InvitationCode, Registration, is_minor, paris_date};
use espace_http::{
    CardInput, FieldError, JsonBody, Problem, ProblemBody, ProblemKind, RepresentativeInput,
    ShownIdentity, Source, read_nir,
};
use espace_storage::{
    ClaimedHolder, ENROLMENT_VALIDITY_S, IdentityClaim, PersonEntry, Recognised, recognise,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    /// The code received, in any case, with or without hyphens.
    code: String,
    /// The person's number, 13 characters.
    nir: String,
    /// The person's card; none for a child, nor where the code stands in for it.
    #[serde(default)]
    card: Option<CardInput>,
    /// Who acts for the person.
    #[serde(default)]
    representative: Option<RepresentativeInput>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proven {
    enrolment_token: String,
    expires_in_s: i64,
    person: Person,
    /// `activate`, `oppose`, `reverse`.
    choices: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    first_name: String,
}

/// Proves who one is. The code is not used up: the act that follows does that.
#[utoipa::path(
    post, path = "/v1/activation/identity", operation_id = "proveIdentity", tag = "activation",
    request_body = Proof,
    responses(
        (status = 200, body = Proven),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn identity(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<Proof>,
) -> Result<Json<Proven>, Problem> {
    let now = app.clock.now();
    let limit = app.limits.identity_per_source;
    if let Some(wait_s) = app.throttles.count("identity", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let claim = read(&app, &body.value).await?;
    let registry = &app.stores.registry;
    let (entry, code) = match recognise(registry, &app.code_requests, &claim).await? {
        Recognised::Yes { entry, code } => (entry, code),
        Recognised::No => return Err(ProblemKind::IdentityNotRecognised.into()),
    };
    // All have matched: from here on the truth may be told.
    if code.used_at.is_some() {
        return Err(ProblemKind::CodeUsed.into());
    }
    if now >= code.expires_at {
        return Err(ProblemKind::CodeExpired.into());
    }
    let record = registry
        .open_record(&entry, &app.stores.space_keys)
        .await?
        .ok_or(ProblemKind::IdentityNotRecognised)?;
    if record.deceased_on.is_some() {
        return Err(ProblemKind::HolderDeceased.into());
    }
    let representative = claim.holder.representative();
    // A child decides nothing alone, whoever reads their mail.
    if representative.is_none() && is_minor(record.traits.birth_date, paris_date(now)) {
        return Err(ProblemKind::RepresentativeOnly.into());
    }
    if representative.is_some() && record.has_come_of_age(paris_date(now)) {
        return Err(ProblemKind::NotLegalRepresentative.into());
    }
    let token = OpaqueToken::generate(app.random.as_ref());
    let enrolment_id = EnrolmentId::generate(app.random.as_ref());
    app.stores
        .enrolments
        .keep(&token, enrolment_id, &entry.index, representative, code.tag.clone(), now)
        .await?;
    Ok(Json(Proven {
        enrolment_token: token.expose().to_owned(),
        expires_in_s: ENROLMENT_VALIDITY_S,
        person: Person { first_name: record.traits.first_name().to_owned() },
        choices: choices(&entry, representative.is_some(), now),
    }))
}

/// What the person may choose now.
fn choices(entry: &PersonEntry, represented: bool, now: Timestamp) -> Vec<&'static str> {
    match &entry.registration {
        Registration::Invited { .. } => vec!["activate", "oppose"],
        Registration::Opposed { reversible: Some(back), .. }
            if represented && now <= back.until =>
        {
            vec!["activate", "reverse"]
        }
        Registration::Opposed { .. } | Registration::Held { .. } | Registration::Erased { .. } => {
            vec!["activate"]
        }
    }
}

/// Checks the shape of every field, telling all that is wrong at once.
async fn read(app: &App, proof: &Proof) -> Result<IdentityClaim, Problem> {
    let mut errors = Vec::new();
    let code = InvitationCode::parse(&proof.code)
        .map_err(|_| {
            let detail = "Le code a 12 lettres et chiffres, ou 20 s’il remplace la carte.";
            errors.push(FieldError::new("/code", "code-shape", detail));
        })
        .ok();
    let nir = read_nir(&proof.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let shown = ShownIdentity::read(proof.card.as_ref(), None, proof.representative.as_ref())
        .map_err(|error| errors.push(error))
        .ok();
    let stands_in = code.as_ref().is_none_or(InvitationCode::stands_for_card);
    if shown.as_ref().is_some_and(ShownIdentity::lacks_card) && !stands_in {
        let detail = "Indiquez la carte, ou celle du représentant.";
        errors.push(FieldError::new("/card", "missing-field", detail));
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
