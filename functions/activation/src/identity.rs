//! `POST /v1/activation/identity`: code, number and card prove who one is.
//!
//! Until all have matched there is one answer, `identity-not-recognised`, and
//! the same backend calls whether the person is known, opposed, deceased or
//! not (`design.md`, Identity).
//!
//! Must not know: what the person will choose.

use axum::Json;
use axum::extract::State;
use espace_crypto::{BlindIndex, OpaqueToken};
use espace_domain::{Card, EnrolmentId, InvitationCode, Registration};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind, Source};
use espace_storage::{ENROLMENT_VALIDITY_S, PersonEntry, StorageError, StoredCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::replacement::replace_burnt;
use crate::request::{CardInput, Representative, RepresentativeInput, read_nir};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    /// The code received, in any case, with or without hyphens.
    code: String,
    /// The person's number, 13 characters.
    nir: String,
    /// The person's card; none for a child.
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
    /// `activate`, `oppose`.
    choices: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    first_name: String,
}

/// A proof whose shape is right.
struct Claim {
    code: InvitationCode,
    person: BlindIndex,
    card: Option<Card>,
    representative: Option<Representative>,
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
    let found = app.stores.registry.find_by_index(&claim.person).await?;
    let recognised = recognise(&app, &claim, found.as_ref(), now).await?;
    let (entry, code) = recognised.ok_or(ProblemKind::IdentityNotRecognised)?;
    // All three have matched: from here on the truth may be told.
    if code.used_at.is_some() {
        return Err(ProblemKind::CodeUsed.into());
    }
    if now >= code.expires_at {
        return Err(ProblemKind::CodeExpired.into());
    }
    let record = app
        .stores
        .registry
        .open_record(entry, &app.stores.space_keys)
        .await?
        .ok_or(ProblemKind::IdentityNotRecognised)?;
    if record.deceased_on.is_some() {
        return Err(ProblemKind::HolderDeceased.into());
    }
    let representative = match &claim.representative {
        Some(representative) => Some(app.stores.registry.index(&representative.nir).await?),
        None => None,
    };
    let token = OpaqueToken::generate(app.random.as_ref());
    let enrolment_id = EnrolmentId::generate(app.random.as_ref());
    app.stores
        .enrolments
        .keep(&token, enrolment_id, &entry.index, representative.as_ref(), code.tag.clone(), now)
        .await?;
    Ok(Json(Proven {
        enrolment_token: token.expose().to_owned(),
        expires_in_s: ENROLMENT_VALIDITY_S,
        person: Person { first_name: record.traits.first_name().to_owned() },
        choices: match entry.registration {
            Registration::Invited { .. } => vec!["activate", "oppose"],
            Registration::Opposed { .. } | Registration::Held { .. } => vec!["activate"],
        },
    }))
}

/// Checks the shape of every field, telling all that is wrong at once.
async fn read(app: &App, proof: &Proof) -> Result<Claim, Problem> {
    let mut errors = Vec::new();
    let code = InvitationCode::parse(&proof.code)
        .map_err(|_| {
            let detail = "Le code a 12 lettres et chiffres.";
            errors.push(FieldError::new("/code", "code-shape", detail));
        })
        .ok();
    let nir = read_nir(&proof.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let card = match &proof.card {
        Some(card) => card.read("/card").map_err(|error| errors.push(error)).ok(),
        None => None,
    };
    let representative = match &proof.representative {
        Some(input) => input.read().map_err(|error| errors.push(error)).ok(),
        None => None,
    };
    if proof.card.is_none() && proof.representative.is_none() {
        let detail = "Indiquez la carte, ou celle du représentant.";
        errors.push(FieldError::new("/card", "missing-field", detail));
    }
    match (code, nir) {
        (Some(code), Some(nir)) if errors.is_empty() => {
            let person = app.stores.registry.index(&nir).await?;
            Ok(Claim { code, person, card, representative })
        }
        _ => Err(Problem::invalid(errors)),
    }
}

/// The person and their code, if code, number and card belong together. A wrong
/// code is counted against the right number and card; the fifth burns it.
async fn recognise<'a>(
    app: &App,
    claim: &Claim,
    found: Option<&'a PersonEntry>,
    now: Timestamp,
) -> Result<Option<(&'a PersonEntry, StoredCode)>, StorageError> {
    let registry = &app.stores.registry;
    let holds_card = match &claim.representative {
        Some(representative) => {
            let index = registry.index(&representative.nir).await?;
            let by = registry.find_by_index(&index).await?;
            let theirs = registry.card_matches(&index, by.as_ref(), &representative.card).await?;
            let acts = match found {
                Some(entry) => registry.represents(&index, entry).await?,
                None => false,
            };
            theirs && acts
        }
        None => match &claim.card {
            Some(card) => registry.card_matches(&claim.person, found, card).await?,
            None => false,
        },
    };
    let knows_code = registry.code_matches(&claim.person, found, &claim.code).await?;
    let code = found.and_then(|entry| entry.code.clone());
    let burnt = code.as_ref().is_some_and(StoredCode::is_burnt);
    if let (true, true, false, Some(entry), Some(code)) =
        (holds_card, knows_code, burnt, found, code.clone())
    {
        return Ok(Some((entry, code)));
    }
    // The same call for everyone; it changes something only for a wrong code
    // with the right number and card.
    let counted_tag = match &code {
        Some(code) if holds_card && !knows_code => code.tag.clone(),
        _ => vec![0; 32],
    };
    let tries = registry.count_wrong_try(&claim.person, &counted_tag).await?;
    let just_burnt = tries.is_some_and(|tries| tries >= espace_domain::CODE_ATTEMPTS_MAX);
    if holds_card && (just_burnt || burnt) {
        replace_burnt(app, &claim.person, now).await?;
    }
    Ok(None)
}
