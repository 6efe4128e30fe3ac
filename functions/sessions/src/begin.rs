//! `POST /v1/sessions`: identifier and password, answered by a one-time code.
//!
//! Must not know: what the session will open.

use axum::Json;
use axum::extract::State;
use espace_crypto::PasswordHash;
use espace_domain::{ChallengeId, Login};
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source};
use espace_storage::{Account, Attempt, AttemptKind, ChallengePurpose};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::challenge::{Addresses, addresses, send_challenge};

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
    /// By which ways a code can travel; it was sent by the first.
    pub(crate) channels: Vec<&'static str>,
}

/// Checks identifier and password, and sends a one-time code.
///
/// Where no address counts yet the answer is `contact-unconfirmed`, with a
/// `challengeId` of its own: the code has gone to the address to be confirmed, and
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
    let account = authenticate(&app, &login, &body.value.password, now).await?;
    let space = app.spaces.find(&account.space_id).await?.ok_or(ProblemKind::LoginRefused)?;
    if space.suspension.is_some() {
        return Err(ProblemKind::SpaceFrozen.into());
    }
    let key = app.space_keys.content(&account.space_id).await?.ok_or(ProblemKind::LoginRefused)?;
    let Addresses { confirmed, unconfirmed } = addresses(&app, &account.space_id, &key).await?;
    let purpose = ChallengePurpose::Login;
    if confirmed.is_empty() {
        let Some(first) = unconfirmed.first() else {
            return Err(ProblemKind::ContactUnconfirmed.into());
        };
        let id = send_challenge(&app, &account.login, &account.space_id, purpose, None, first, now)
            .await?;
        return Err(Problem::from(ProblemKind::ContactUnconfirmed)
            .with_member("challengeId", serde_json::json!(id.as_str())));
    }
    let first = confirmed.first().ok_or(ProblemKind::ContactUnconfirmed)?;
    let challenge_id =
        send_challenge(&app, &account.login, &account.space_id, purpose, None, first, now).await?;
    let mut channels: Vec<_> = confirmed.iter().map(|c| c.contact.channel().as_str()).collect();
    channels.dedup();
    Ok(Json(Begun { challenge_id, channels }))
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
) -> Result<Account, Problem> {
    let account = app.accounts.find(login).await?;
    let index = app.accounts.index(login).await?;
    let hash = if let Some(account) = &account {
        app.accounts.open(account).await?.password()
    } else {
        // The key of that shard is fetched as for a real account.
        let _same_work = app.accounts.key(&index).await?;
        PasswordHash::from_stored(NOBODY.to_owned())
    };
    let right = hash.verify(password)?;
    if let Some(account) = account.filter(|_| right) {
        return Ok(account);
    }
    let attempt = Attempt::new(&index, AttemptKind::WrongPassword, now, app.random.as_ref());
    app.attempts.note(&attempt).await?;
    Err(ProblemKind::LoginRefused.into())
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
