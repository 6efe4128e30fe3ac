//! `/v1/factors`: second factors better than a code by message.
//!
//! Once one is enrolled, a login asks for it and sends no code: a chain is as weak
//! as its weakest way in. Who loses it proves who they are again ("J'ai besoin d'un
//! code", after freezing the space).
//!
//! Must not know: how a signature is verified.

use axum::Json;
use axum::extract::State;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::Ceremony;
use espace_domain::ChallengeId;
use espace_http::{Citizen, Problem, ProblemBody, ProblemKind};
use espace_storage::{
    Account, AccountSecrets, AttemptKind, Challenge, ChallengePurpose, KeyName, OtpOutcome,
    PasskeyFactor,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::answer_otp::read_otp;
use crate::begin::note;
use crate::reset::save_and_tell;

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
    pub(crate) passkey_id: String,
    name: String,
    added_at: Timestamp,
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
    Ok(Json(Factors { totp: secrets.totp.is_some(), passkeys }))
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

/// Writes the secrets and tells every address that counts.
pub(crate) async fn save(
    app: &App,
    account: &Account,
    secrets: &AccountSecrets,
) -> Result<(), Problem> {
    let what = "Votre moyen de connexion";
    save_and_tell(app, account, secrets, what, false, app.clock.now()).await
}

/// Uses up the second factor that a change of the factors asks for.
pub(crate) async fn step_up(
    app: &App,
    citizen: &Citizen,
    given: &FactorsStepUp,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let otp = read_otp(&given.otp)?;
    let id = ChallengeId::parse(&given.challenge_id).map_err(|_| ProblemKind::StepUpRequired)?;
    let found = app.challenges.find(&id, now).await?;
    let challenge = found
        .filter(|found| found.confirms(ChallengePurpose::Factors, &citizen.claims.sid))
        .ok_or(ProblemKind::StepUpRequired)?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let outcome = app.challenges.answer(&challenge, &otp, &mac, now).await?;
    if outcome == OtpOutcome::Right {
        return Ok(());
    }
    note(app, &challenge.login(), AttemptKind::WrongStepUp, now).await?;
    Err(match outcome {
        OtpOutcome::Over => ProblemKind::OtpOver.into(),
        _ => ProblemKind::OtpWrong.into(),
    })
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
