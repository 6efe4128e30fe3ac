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
use espace_domain::{ChallengeId, Login, check_password_of, normal_password};
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source, password_fault, read_nir};
use espace_notifications::Notice;
use espace_storage::transitions::{PasswordStores, change_password};
use espace_storage::{
    Account, Attempt, AttemptKind, ChallengePurpose, Envelope, KeyName, OtpOutcome, ResetRequest,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::answer_otp::read_otp;
use crate::challenge::addresses;
use crate::factors::alert;

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
    let reset_id = ChallengeId::generate(app.random.as_ref());
    // What cannot be an identifier is nobody's; the rules are published.
    if let Ok(login) = Login::parse(&body.value.login) {
        let index = app.accounts.index(&login).await?;
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
    let account = app.accounts.find_by_index(&login).await?.ok_or_else(refused)?;
    let secrets = app.accounts.open(&account).await?;
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let right = challenge.is_code(&otp, &mac) & secrets.is_holders_nir(&mac, &login, &nir);
    if right {
        // A password that no rule takes does not use the code up.
        let key = app.space_keys.content(&account.space_id).await?.ok_or_else(refused)?;
        let space = app.spaces.find(&account.space_id).await?.ok_or_else(refused)?;
        let traits = space.holder(&key)?;
        check_password_of(&input.password, &traits)
            .map_err(|error| Problem::invalid(vec![password_fault(error)]))?;
    }
    if app.challenges.settle(&challenge, right, now).await? != OtpOutcome::Right {
        let kind = AttemptKind::PasswordResetRefused;
        app.attempts.note(&Attempt::new(&login, kind, now, random)).await?;
        return Err(refused());
    }
    let hash = PasswordHash::compute(&normal_password(&input.password), random)?;
    let secrets = secrets.with_password(&hash);
    let code = alert(&app);
    let what = "Votre mot de passe";
    let messages = messages(&app, &account, what, &code.grouped()).await?;
    let stores = PasswordStores {
        accounts: app.accounts.clone(),
        sessions: app.sessions.clone(),
        alerts: app.alerts.clone(),
        outbox: app.outbox.clone(),
    };
    if !change_password(&stores, &account, &secrets, (&code, &messages), random, now).await? {
        return Err(ProblemKind::Unavailable.into());
    }
    let kind = AttemptKind::PasswordReset;
    app.attempts.note(&Attempt::new(&login, kind, now, random)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells every address that the way in has changed.
pub(crate) async fn tell_of_change(
    app: &App,
    account: &Account,
    what: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    let code = alert(app);
    let messages = messages(app, account, what, &code.grouped()).await?;
    app.alerts
        .send(&code, &account.space_id, &app.outbox, &messages, now, app.random.as_ref())
        .await?;
    Ok(())
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
