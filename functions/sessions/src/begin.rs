//! `POST /v1/sessions`: identifier and password, answered by a one-time code.
//!
//! Must not know: what the session will open.

use axum::Json;
use axum::extract::State;
use espace_crypto::{BlindIndex, PasswordHash};
use espace_domain::{ChallengeId, Login, SpaceState, Suspension, normal_password};
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source};
use espace_storage::{
    Account, AccountSecrets, Attempt, AttemptKind, ChallengePurpose, ChallengedAccount,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::challenge::{About, Address, Addresses, addresses, send_challenge, send_unconfirmed};
use crate::strong::begin_strong;

/// A hash that no password has, in the parameters of real ones: an unknown
/// identifier takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OTAxMjM0NQ$\
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    login: String,
    password: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    #[schema(value_type = String)]
    pub(crate) challenge_id: ChallengeId,
    /// By which ways a code can travel; it was sent by the first. `totp` and
    /// `passkey` where the holder enrolled them: then nothing was sent.
    pub(crate) channels: Vec<&'static str>,
    /// What `navigator.credentials.get` takes, where there are passkeys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) public_key: Option<serde_json::Value>,
}

/// Checks identifier and password, and sends a one-time code.
///
/// Where no address counts yet the answer is `contact-unconfirmed`; where the code
/// sent to it is over, with a `challengeId` of its own: another has gone, and
/// answering it confirms the address and opens the session.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "beginSession", tag = "sessions",
    request_body = Credentials,
    responses(
        (status = 200, body = Begun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn begin(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<Credentials>,
) -> Result<Json<Begun>, Problem> {
    let now = app.clock.now();
    // A text that cannot be an identifier is nobody's, and anyone can tell from
    // the published rules: nothing is learnt from a faster answer.
    let login = Login::parse(&body.value.login).map_err(|_| ProblemKind::LoginRefused)?;
    slow_down(&app, &source, &login, now).await?;
    let (account, secrets) = authenticate(&app, &login, &body.value.password, now).await?;
    let space = app.spaces.find(&account.space_id).await?.ok_or(ProblemKind::LoginRefused)?;
    let suspended = match space.suspension {
        Some(Suspension::Deceased) => Some(ProblemKind::HolderDeceased),
        Some(Suspension::Frozen) => Some(ProblemKind::SpaceFrozen),
        None => None,
    };
    if let Some(problem) = suspended {
        note(&app, &account.login, AttemptKind::Suspended, now).await?;
        return Err(problem.into());
    }
    // From here on whoever asks has the password: slowing them down by account keeps
    // no holder out for a stranger's sake.
    let (who, limit) = (account.account_id.as_str(), app.limits.logins_per_person);
    if let Some(wait_s) = app.throttles.count("login-begun", who, limit, now).await? {
        note(&app, &account.login, AttemptKind::SlowedDown, now).await?;
        return Err(Problem::slow_down(wait_s));
    }
    note(&app, &account.login, AttemptKind::PasswordAccepted, now).await?;
    let made_for = Some(ChallengedAccount {
        account_id: account.account_id.clone(),
        session_epoch: app.sessions.epoch(&account.account_id).await?,
        archived: matches!(space.state, SpaceState::Closed { .. }),
    });
    if secrets.has_strong_factor() {
        let begun = begin_strong(&app, &account, &secrets, made_for, |login| login, now).await?;
        return Ok(Json(begun));
    }
    let key = app.space_keys.content(&account.space_id).await?.ok_or(ProblemKind::LoginRefused)?;
    let Addresses { confirmed, unconfirmed } = addresses(&app, &account.space_id, &key).await?;
    let purpose = ChallengePurpose::Login;
    if confirmed.is_empty() {
        let first = unconfirmed.first();
        return Err(unconfirmed_problem(&app, &account, made_for, first, now).await?);
    }
    let first = confirmed.first().ok_or(ProblemKind::ContactUnconfirmed)?;
    let about = About { login: &account.login, space_id: &account.space_id, purpose, made_for };
    let challenge_id = send_challenge(&app, about, None, first, now).await?;
    let mut channels: Vec<_> = confirmed.iter().map(|c| c.contact.channel().as_str()).collect();
    channels.dedup();
    Ok(Json(Begun { challenge_id, channels, public_key: None }))
}

/// Nobody logs in by an address that does not count. While the code sent to it can
/// be answered, that is all; once it is over another goes, and answering it under the
/// `challengeId` of the problem confirms the address and opens the session.
async fn unconfirmed_problem(
    app: &App,
    account: &Account,
    made_for: Option<ChallengedAccount>,
    first: Option<&Address>,
    now: Timestamp,
) -> Result<Problem, Problem> {
    let problem = Problem::from(ProblemKind::ContactUnconfirmed);
    let Some(first) = first.filter(|first| !first.found.awaits_code(now)) else {
        return Ok(problem);
    };
    let purpose = ChallengePurpose::Login;
    let about = About { login: &account.login, space_id: &account.space_id, purpose, made_for };
    let begun = send_unconfirmed(app, about, first, now).await?;
    Ok(match begun {
        Some(id) => problem.with_member("challengeId", serde_json::json!(id.as_str())),
        None => problem,
    })
}

/// Slows down whoever tries many passwords: by source, and by source and
/// identifier. Never by identifier alone: a stranger's tries must not keep the
/// holder out.
async fn slow_down(app: &App, source: &str, login: &Login, now: Timestamp) -> Result<(), Problem> {
    let limit = app.limits.login_per_source;
    if let Some(wait_s) = app.throttles.count("login", source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let both = format!("{source} {}", app.accounts.index(login).await?.as_str());
    let limit = app.limits.login_per_account_and_source;
    if let Some(wait_s) = app.throttles.count("login-account", &both, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    Ok(())
}

/// The account, if identifier and password belong together. Whether the
/// identifier exists shows neither in the answer nor in the work done: a refused
/// try is noted under the identifier, for its holder to see if there is one.
async fn authenticate(
    app: &App,
    login: &Login,
    password: &str,
    now: Timestamp,
) -> Result<(Account, AccountSecrets), Problem> {
    let account = app.accounts.find(login).await?;
    let index = app.accounts.index(login).await?;
    let secrets = match &account {
        Some(account) => Some(app.accounts.open(account).await?),
        None => None,
    };
    let hash = if let Some(secrets) = &secrets {
        secrets.password()
    } else {
        // The key of that shard is fetched as for a real account.
        let _same_work = app.accounts.key(&index).await?;
        PasswordHash::from_stored(NOBODY.to_owned())
    };
    let right = hash.verify(&normal_password(password))?;
    if let Some(known) = account.zip(secrets).filter(|_| right) {
        return Ok(known);
    }
    note(app, &index, AttemptKind::WrongPassword, now).await?;
    Err(ProblemKind::LoginRefused.into())
}

/// Notes a try for the holder to see.
pub(crate) async fn note(
    app: &App,
    login: &BlindIndex,
    kind: AttemptKind,
    now: Timestamp,
) -> Result<(), Problem> {
    Ok(app.attempts.note(&Attempt::new(login, kind, now, app.random.as_ref())).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_is_read_and_matches_nothing() {
        let nobody = PasswordHash::from_stored(NOBODY.to_owned());
        assert_eq!(nobody.verify("Marée-haute7"), Ok(false));
    }
}
