//! `/v1/factors/passkeys`: passkeys (`WebAuthn` level 3).
//!
//! Must not know: how a signature is verified.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::verify_registration;
use espace_domain::ChallengeId;
use espace_http::{Citizen, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Challenge, ChallengePurpose, OtpOutcome, PasskeyFactor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::factors::{FactorsStepUp, PasskeyView, ceremony, decode, own_account, save, step_up};

/// Most passkeys of one account.
const PASSKEYS_MAX: usize = 10;
/// Longest name of a passkey.
const NAME_CHARS_MAX: usize = 60;
/// COSE's number of ES256, the one algorithm taken.
const ES256: i32 = -7;

/// What `navigator.credentials.create` takes (`WebAuthn` level 3, section 5.4).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyOptions {
    #[schema(value_type = String)]
    registration_id: ChallengeId,
    #[schema(value_type = Object)]
    public_key: serde_json::Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewPasskey {
    /// From `POST /v1/factors/passkeys/options`.
    registration_id: String,
    /// What its owner calls it.
    name: String,
    /// `response.clientDataJSON`, base64url.
    client_data: String,
    /// `response.attestationObject`, base64url.
    attestation_object: String,
}

/// What a browser needs to make a passkey.
#[utoipa::path(
    post, path = "/v1/factors/passkeys/options", operation_id = "passkeyOptions", tag = "factors",
    request_body = FactorsStepUp,
    responses(
        (status = 200, body = PasskeyOptions),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn passkey_options(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<FactorsStepUp>,
) -> Result<Json<PasskeyOptions>, Problem> {
    step_up(&app, &citizen, &body.value).await?;
    let (now, random) = (app.clock.now(), app.random.as_ref());
    let (account, secrets) = own_account(&app, &citizen).await?;
    let id = ChallengeId::generate(random);
    let session = &citizen.claims.sid;
    let strong = Challenge::strong(id, &account.login, None, &account.space_id, random, now);
    let challenge = strong.for_act(ChallengePurpose::Passkey, session);
    app.challenges.keep(&challenge).await?;
    let known: Vec<_> = secrets
        .passkeys
        .iter()
        .map(|known| {
            let id = BASE64URL_NOPAD.encode(&known.passkey().credential_id);
            serde_json::json!({"type": "public-key", "id": id})
        })
        .collect();
    let user = BASE64URL_NOPAD.encode(account.account_id.as_str().as_bytes());
    let public_key = serde_json::json!({
        "rp": {"id": app.relying_party.id, "name": "Espace santé"},
        // No name of the person: it would be shown wherever the key is listed.
        "user": {"id": user, "name": "Espace santé", "displayName": "Espace santé"},
        "challenge": BASE64URL_NOPAD.encode(challenge.nonce()),
        "pubKeyCredParams": [{"type": "public-key", "alg": ES256}],
        "excludeCredentials": known,
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
    });
    Ok(Json(PasskeyOptions { registration_id: challenge.challenge_id, public_key }))
}

/// Enrols a passkey.
#[utoipa::path(
    post, path = "/v1/factors/passkeys", operation_id = "enrolPasskey", tag = "factors",
    request_body = NewPasskey,
    responses(
        (status = 201, body = PasskeyView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn enrol_passkey(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<NewPasskey>,
) -> Result<(StatusCode, Json<PasskeyView>), Problem> {
    let now = app.clock.now();
    let input = &body.value;
    if input.name.trim().is_empty() || input.name.chars().count() > NAME_CHARS_MAX {
        let detail = "Le nom a de 1 à 60 caractères.";
        return Err(Problem::invalid(vec![FieldError::new("/name", "length", detail)]));
    }
    let refused = || Problem::from(ProblemKind::PasskeyRefused);
    let id = ChallengeId::parse(&input.registration_id).map_err(|_| refused())?;
    let challenge = app.challenges.find(&id, now).await?;
    let challenge = challenge
        .filter(|c| c.confirms(ChallengePurpose::Passkey, &citizen.claims.sid))
        .ok_or_else(refused)?;
    let decoded = decode(&input.client_data).zip(decode(&input.attestation_object));
    let (client_data, attestation) = decoded.ok_or_else(refused)?;
    let ceremony = ceremony(&app, &challenge);
    let passkey = verify_registration(ceremony, &client_data, &attestation);
    let settled = app.challenges.settle(&challenge, passkey.is_ok(), now).await?;
    let passkey = passkey.ok().filter(|_| settled == OtpOutcome::Right).ok_or_else(refused)?;
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    let is_known =
        secrets.passkeys.iter().any(|known| known.passkey().credential_id == passkey.credential_id);
    if is_known || secrets.passkeys.len() >= PASSKEYS_MAX {
        return Err(refused());
    }
    let factor = PasskeyFactor::new(passkey, input.name.trim(), now);
    let view = PasskeyView::from(&factor);
    secrets.passkeys.push(factor);
    save(&app, &account, &secrets).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Removes a passkey.
#[utoipa::path(
    delete, path = "/v1/factors/passkeys/{passkeyId}", operation_id = "removePasskey",
    tag = "factors", request_body = FactorsStepUp, params(("passkeyId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn remove_passkey(
    State(app): State<App>,
    citizen: Citizen,
    Path(passkey_id): Path<String>,
    body: JsonBody<FactorsStepUp>,
) -> Result<StatusCode, Problem> {
    step_up(&app, &citizen, &body.value).await?;
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    let before = secrets.passkeys.len();
    secrets.passkeys.retain(|known| PasskeyView::from(known).passkey_id != passkey_id);
    if secrets.passkeys.len() == before {
        return Err(ProblemKind::NotFound.into());
    }
    save(&app, &account, &secrets).await?;
    Ok(StatusCode::NO_CONTENT)
}
