//! `/v1/sessions/password-reset`: a forgotten password.
//!
//! Asking is the same for everyone; answering takes the code *and* the holder's
//! number, so that whoever reads the holder's messages cannot reset alone.
//!
//! Must not know: how a code is sent.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_crypto::PasswordHash;
use espace_domain::{
    AlertCode, ChallengeId, Login, Nir, OneTimeCode, check_password_of, normal_password,
};
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source, password_fault, read_nir};
use espace_notifications::Notice;
use espace_storage::transitions::{SecretsChange, SecretsStores, change_secrets};
use espace_storage::{
    Account, AccountSecrets, AttemptKind, Challenge, ChallengePurpose, Envelope, KeyName,
    ResetRequest,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::answer_otp::read_otp;
use crate::begin::note;
use crate::challenge::addresses;

/// Answers with the right code that are judged in a week for one account.
const WRONG_NUMBERS_PER_WEEK_MAX: u32 = 20;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgotten {
    login: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetBegun {
    #[schema(value_type = String)]
    reset_id: ChallengeId,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetAnswer {
    /// The six digits received.
    otp: String,
    /// The holder's number, 13 characters.
    nir: String,
    /// The new password.
    password: String,
}

/// Asks for a code to reset the password; the answer is the same whoever exists.
#[utoipa::path(
    post, path = "/v1/sessions/password-reset", operation_id = "beginReset", tag = "sessions",
    request_body = Forgotten,
    responses(
        (status = 202, body = ResetBegun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn begin_reset(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<Forgotten>,
) -> Result<(StatusCode, Json<ResetBegun>), Problem> {
    let now = app.clock.now();
    let limit = app.limits.login_per_source;
    if let Some(wait_s) = app.throttles.count("reset", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let random = app.random.as_ref();
    let reset_id = ChallengeId::generate(random);
    // What cannot be an identifier is nobody's; the rules are published.
    if let Ok(login) = Login::parse(&body.value.login) {
        let index = app.accounts.index(&login).await?;
        // One source cannot use up the resets of an account for all others.
        let both = format!("{source} {}", index.as_str());
        let limit = app.limits.login_per_account_and_source;
        if let Some(wait_s) = app.throttles.count("reset-account", &both, limit, now).await? {
            return Err(Problem::slow_down(wait_s));
        }
        app.challenges.keep(&Challenge::decoy(reset_id.clone(), &index, random, now)).await?;
        let request =
            ResetRequest { login: index.as_str().to_owned(), challenge_id: reset_id.clone() };
        app.code_requests.send_reset(&request).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(ResetBegun { reset_id })))
}

/// Sets a new password, where code and number are both right. Every session ends,
/// every address is told; second factors stay.
#[utoipa::path(
    post, path = "/v1/sessions/password-reset/{resetId}", operation_id = "answerReset",
    tag = "sessions", request_body = ResetAnswer, params(("resetId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn answer_reset(
    State(app): State<App>,
    Path(reset_id): Path<String>,
    body: JsonBody<ResetAnswer>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let random = app.random.as_ref();
    let input = &body.value;
    let otp = read_otp(&input.otp)?;
    let nir = read_nir(&input.nir, "/nir").map_err(|error| Problem::invalid(vec![error]))?;
    let refused = || Problem::from(ProblemKind::ResetRefused);
    let id = ChallengeId::parse(&reset_id).map_err(|_| refused())?;
    let challenge = app.challenges.find(&id, now).await?;
    let challenge =
        challenge.filter(|c| c.purpose == ChallengePurpose::PasswordReset).ok_or_else(refused)?;
    let login = challenge.login();
    // Counted before it is judged: an answer that tells more than right or wrong (a
    // password that no rule takes) comes five times at most.
    if !app.challenges.claim_try(&challenge).await? {
        return Err(refused());
    }
    let Some((account, secrets)) = judge(&app, &challenge, &otp, &nir, now).await? else {
        note(&app, &login, AttemptKind::PasswordResetRefused, now).await?;
        return Err(refused());
    };
    // A password that no rule takes does not use the code up.
    let key = app.space_keys.content(&account.space_id).await?.ok_or_else(refused)?;
    let space = app.spaces.find(&account.space_id).await?.ok_or_else(refused)?;
    let traits = space.holder(&key)?;
    check_password_of(&input.password, &traits)
        .map_err(|error| Problem::invalid(vec![password_fault(error)]))?;
    if !app.challenges.use_up(&challenge, now).await? {
        return Err(refused());
    }
    let hash = PasswordHash::compute(&normal_password(&input.password), random)?;
    let secrets = secrets.with_password(&hash);
    save_and_tell(&app, &account, &secrets, "Votre mot de passe", true, now).await?;
    note(&app, &login, AttemptKind::PasswordReset, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account and its secrets, where code and number are both right. The same calls
/// whether the account exists or not.
async fn judge(
    app: &App,
    challenge: &Challenge,
    otp: &OneTimeCode,
    nir: &Nir,
    now: Timestamp,
) -> Result<Option<(Account, AccountSecrets)>, Problem> {
    let login = challenge.login();
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let Some(account) = app.accounts.find_by_index(&login).await? else {
        // The key of that shard is fetched as for a real account.
        let _same_work = app.accounts.key(&login).await?;
        return Ok(None);
    };
    let secrets = app.accounts.open(&account).await?;
    let (is_code, is_nir) =
        (challenge.is_code(otp, &mac), secrets.is_holders_nir(&mac, &login, nir));
    // Whoever reads the holder's messages could try one number after another: few
    // enough a week that they get nowhere.
    if is_code {
        let limit = WRONG_NUMBERS_PER_WEEK_MAX;
        let who = login.as_str();
        if app.throttles.count_weekly("reset-number", who, limit, now).await? {
            return Ok(None);
        }
    }
    Ok((is_code & is_nir).then_some((account, secrets)))
}

/// Writes what opens an account and tells every address that counts, in one write; a
/// change at the same moment asks to try again.
pub(crate) async fn save_and_tell(
    app: &App,
    account: &Account,
    secrets: &AccountSecrets,
    what: &str,
    ends_sessions: bool,
    now: Timestamp,
) -> Result<(), Problem> {
    let random = app.random.as_ref();
    let alert = AlertCode::generate(random);
    let messages = messages(app, account, what, &alert.grouped()).await?;
    let stores = SecretsStores {
        accounts: app.accounts.clone(),
        spaces: app.spaces.clone(),
        sessions: app.sessions.clone(),
        alerts: app.alerts.clone(),
        outbox: app.outbox.clone(),
    };
    let change =
        SecretsChange { account, secrets, ends_sessions, alert: &alert, messages: &messages };
    let changed = change_secrets(&stores, &change, random, now).await?;
    if changed { Ok(()) } else { Err(ProblemKind::Unavailable.into()) }
}

/// Word to every address that counts.
async fn messages(
    app: &App,
    account: &Account,
    what: &str,
    alert: &str,
) -> Result<Vec<Envelope<Notice>>, Problem> {
    let Some(key) = app.space_keys.content(&account.space_id).await? else {
        return Ok(Vec::new());
    };
    let known = addresses(app, &account.space_id, &key).await?.confirmed;
    let envelope = |to| Envelope {
        to,
        addressee: String::new(),
        notice: Notice::AccessChanged { what: what.to_owned(), alert: alert.to_owned() },
    };
    Ok(known.into_iter().map(|address| envelope(address.contact)).collect())
}
