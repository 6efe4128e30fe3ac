//! `/v1/factors`: second factors better than a code by message.
//!
//! Once one is enrolled, a login asks for it and sends no code: a chain is as weak
//! as its weakest way in. Who loses it proves who they are again ("J'ai besoin d'un
//! code", after freezing the space).
//!
//! Must not know: how a signature is verified.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::{Ceremony, TotpSecret, verify_registration};
use espace_domain::{AlertCode, ChallengeId};
use espace_http::{Citizen, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{
    Account, AccountSecrets, Challenge, ChallengePurpose, KeyName, OtpOutcome, PasskeyFactor,
    TotpFactor,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::answer_otp::read_otp;
use crate::reset::tell_of_change;

/// Most passkeys of one account.
const PASSKEYS_MAX: usize = 10;
/// Longest name of a passkey.
const NAME_CHARS_MAX: usize = 60;
/// COSE's number of ES256, the one algorithm taken.
const ES256: i32 = -7;

/// A second factor given moments ago, for `factors`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FactorsStepUp {
    /// From `POST /v1/sessions/current/step-up` for `factors`.
    challenge_id: String,
    /// The six digits received.
    otp: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Factors {
    /// Whether an authenticator application is enrolled.
    totp: bool,
    passkeys: Vec<PasskeyView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyView {
    passkey_id: String,
    name: String,
    added_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TotpEnrolment {
    /// The secret in base 32, to be typed.
    secret: String,
    /// The same for a QR code (`otpauth://`).
    uri: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    /// The six digits the application shows.
    otp: String,
}

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

/// Lists the second factors beside codes by message.
#[utoipa::path(
    get, path = "/v1/factors", operation_id = "listFactors", tag = "factors",
    responses(
        (status = 200, body = Factors),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    citizen: Citizen,
) -> Result<Json<Factors>, Problem> {
    let (_, secrets) = own_account(&app, &citizen).await?;
    let passkeys = secrets.passkeys.iter().map(PasskeyView::from).collect();
    Ok(Json(Factors { totp: secrets.confirmed_totp().is_some(), passkeys }))
}

/// Begins to enrol an authenticator application; it counts once its first code has
/// come back.
#[utoipa::path(
    post, path = "/v1/factors/totp", operation_id = "enrolTotp", tag = "factors",
    request_body = FactorsStepUp,
    responses(
        (status = 201, body = TotpEnrolment),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn enrol_totp(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<FactorsStepUp>,
) -> Result<(StatusCode, Json<TotpEnrolment>), Problem> {
    step_up(&app, &citizen, &body.value).await?;
    let random = app.random.as_ref();
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    let secret = TotpSecret::generate(random);
    secrets.totp = Some(TotpFactor::new(&secret));
    save(&app, &account, &secrets).await?;
    let text = secret.expose().to_owned();
    let uri =
        format!("otpauth://totp/Espace%20sant%C3%A9?secret={text}&issuer=Espace%20sant%C3%A9");
    Ok((StatusCode::CREATED, Json(TotpEnrolment { secret: text, uri })))
}

/// The application's first code: it counts from now on.
#[utoipa::path(
    post, path = "/v1/factors/totp/confirmation", operation_id = "confirmTotp", tag = "factors",
    request_body = TotpCode,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn confirm_totp(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<TotpCode>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let limit = app.limits.codes_per_person;
    let who = citizen.claims.sub.as_str();
    if let Some(wait_s) = app.throttles.count("totp", who, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    let totp = secrets.totp.as_mut().ok_or(ProblemKind::NotFound)?;
    let step = totp.secret().verify(&body.value.otp, now, totp.used_step);
    totp.used_step = step.ok_or(ProblemKind::OtpWrong)?;
    totp.confirmed = true;
    save(&app, &account, &secrets).await?;
    tell_of_change(&app, &account, "Votre moyen de connexion", now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the authenticator application.
#[utoipa::path(
    delete, path = "/v1/factors/totp", operation_id = "removeTotp", tag = "factors",
    request_body = FactorsStepUp,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn remove_totp(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<FactorsStepUp>,
) -> Result<StatusCode, Problem> {
    step_up(&app, &citizen, &body.value).await?;
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    secrets.totp.take().ok_or(ProblemKind::NotFound)?;
    save(&app, &account, &secrets).await?;
    tell_of_change(&app, &account, "Votre moyen de connexion", app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
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
    let challenge =
        Challenge::enrolment(id, &account.login, &account.space_id, session, random, now);
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
    tell_of_change(&app, &account, "Votre moyen de connexion", now).await?;
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
    tell_of_change(&app, &account, "Votre moyen de connexion", app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's account and its secrets.
pub(crate) async fn own_account(
    app: &App,
    citizen: &Citizen,
) -> Result<(Account, AccountSecrets), Problem> {
    let space = app.spaces.find(&citizen.space_id).await?.ok_or(ProblemKind::NotFound)?;
    let login = space.account.map(|account| account.login()).ok_or(ProblemKind::NotFound)?;
    let account = app.accounts.find_by_index(&login).await?.ok_or(ProblemKind::NotFound)?;
    let secrets = app.accounts.open(&account).await?;
    Ok((account, secrets))
}

/// Writes the secrets; a change at the same moment asks to try again.
async fn save(app: &App, account: &Account, secrets: &AccountSecrets) -> Result<(), Problem> {
    let written = app.accounts.replace_secrets(account, secrets, app.random.as_ref()).await?;
    if written { Ok(()) } else { Err(ProblemKind::Unavailable.into()) }
}

/// Uses up the second factor that a change of the factors asks for.
async fn step_up(app: &App, citizen: &Citizen, given: &FactorsStepUp) -> Result<(), Problem> {
    let now = app.clock.now();
    let otp = read_otp(&given.otp)?;
    let id = ChallengeId::parse(&given.challenge_id).map_err(|_| ProblemKind::StepUpRequired)?;
    let found = app.challenges.find(&id, now).await?;
    let challenge = found
        .filter(|found| found.confirms(ChallengePurpose::Factors, &citizen.claims.sid))
        .ok_or(ProblemKind::StepUpRequired)?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    match app.challenges.answer(&challenge, &otp, &mac, now).await? {
        OtpOutcome::Right => Ok(()),
        OtpOutcome::Wrong => Err(ProblemKind::OtpWrong.into()),
        OtpOutcome::Over => Err(ProblemKind::OtpOver.into()),
    }
}

/// The alert code of a message that tells of a change.
pub(crate) fn alert(app: &App) -> AlertCode {
    AlertCode::generate(app.random.as_ref())
}

/// What an answer to a challenge must be about.
pub(crate) fn ceremony<'a>(app: &'a App, challenge: &'a Challenge) -> Ceremony<'a> {
    let party = &app.relying_party;
    Ceremony { challenge: challenge.nonce(), origin: &party.origin, rp_id: &party.id }
}

/// Reads base64url.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok()
}

impl From<&PasskeyFactor> for PasskeyView {
    fn from(factor: &PasskeyFactor) -> Self {
        Self {
            passkey_id: BASE64URL_NOPAD.encode(&factor.passkey().credential_id),
            name: factor.name.clone(),
            added_at: factor.added_at,
        }
    }
}
