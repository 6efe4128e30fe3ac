//! `POST /v1/sessions`: identifier and password, answered by a one-time code.
//!
//! Must not know: what the session will open.

use axum::Json;
use axum::extract::State;
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::PasswordHash;
use espace_domain::{ChallengeId, Login, Suspension, normal_password};
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source};
use espace_storage::{Account, AccountSecrets, Attempt, AttemptKind, Challenge, ChallengePurpose};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::challenge::{Address, Addresses, addresses, send_challenge, send_unconfirmed};

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
    match space.suspension {
        Some(Suspension::Deceased) => return Err(ProblemKind::HolderDeceased.into()),
        Some(Suspension::Frozen) => return Err(ProblemKind::SpaceFrozen.into()),
        None => {}
    }
    if secrets.has_strong_factor() {
        return begin_strong(&app, &account, &secrets, now).await;
    }
    let key = app.space_keys.content(&account.space_id).await?.ok_or(ProblemKind::LoginRefused)?;
    let Addresses { confirmed, unconfirmed } = addresses(&app, &account.space_id, &key).await?;
    let purpose = ChallengePurpose::Login;
    if confirmed.is_empty() {
        return Err(unconfirmed_problem(&app, &account, unconfirmed.first(), now).await?);
    }
    let first = confirmed.first().ok_or(ProblemKind::ContactUnconfirmed)?;
    let challenge_id =
        send_challenge(&app, &account.login, &account.space_id, purpose, None, first, now).await?;
    let mut channels: Vec<_> = confirmed.iter().map(|c| c.contact.channel().as_str()).collect();
    channels.dedup();
    Ok(Json(Begun { challenge_id, channels, public_key: None }))
}

/// The challenge of someone with an application or a passkey: nothing is sent.
async fn begin_strong(
    app: &App,
    account: &Account,
    secrets: &AccountSecrets,
    now: Timestamp,
) -> Result<Json<Begun>, Problem> {
    let random = app.random.as_ref();
    let id = ChallengeId::generate(random);
    let challenge = Challenge::strong(id, &account.login, &account.space_id, random, now);
    app.challenges.keep(&challenge).await?;
    let mut channels = Vec::new();
    let mut public_key = None;
    if !secrets.passkeys.is_empty() {
        channels.push("passkey");
        let known: Vec<_> = secrets
            .passkeys
            .iter()
            .map(|known| {
                let id = BASE64URL_NOPAD.encode(&known.passkey().credential_id);
                serde_json::json!({"type": "public-key", "id": id})
            })
            .collect();
        public_key = Some(serde_json::json!({
            "challenge": BASE64URL_NOPAD.encode(challenge.nonce()),
            "rpId": app.relying_party.id,
            "allowCredentials": known,
            "userVerification": "required",
        }));
    }
    if secrets.confirmed_totp().is_some() {
        channels.push("totp");
    }
    Ok(Json(Begun { challenge_id: challenge.challenge_id, channels, public_key }))
}

/// Nobody logs in by an address that does not count. While the code sent to it can
/// be answered, that is all; once it is over another goes, and answering it under the
/// `challengeId` of the problem confirms the address and opens the session.
async fn unconfirmed_problem(
    app: &App,
    account: &Account,
    first: Option<&Address>,
    now: Timestamp,
) -> Result<Problem, Problem> {
    let problem = Problem::from(ProblemKind::ContactUnconfirmed);
    let Some(first) = first.filter(|first| !first.found.awaits_code(now)) else {
        return Ok(problem);
    };
    let begun = send_unconfirmed(app, &account.login, &account.space_id, first, now).await?;
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
