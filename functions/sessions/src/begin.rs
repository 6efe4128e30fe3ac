//! `POST /v1/sessions`: identifier and password, answered by a one-time code.
//!
//! Must not know: what the session will open.

use axum::Json;
use axum::extract::State;
use espace_crypto::{PasswordHash, SealingKey};
use espace_domain::{ChallengeId, Channel, Contact, ContactId, Login, OneTimeCode, SpaceId};
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source};
use espace_notifications::Notice;
use espace_storage::transitions::begin_login;
use espace_storage::{Account, Challenge, Envelope, KeyName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

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
    challenge_id: ChallengeId,
    /// By which ways a code can travel; it was sent by the first.
    channels: Vec<&'static str>,
}

/// An address that counts.
struct Confirmed {
    contact_id: ContactId,
    contact: Contact,
}

/// Checks identifier and password, and sends a one-time code.
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
    let limit = app.limits.login_per_source;
    if let Some(wait_s) = app.throttles.count("login", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let account = authenticate(&app, &body.value).await?;
    let key = app.space_keys.content(&account.space_id).await?.ok_or(ProblemKind::LoginRefused)?;
    let confirmed = confirmed_contacts(&app, &account.space_id, &key).await?;
    let first = confirmed.first().ok_or(ProblemKind::ContactUnconfirmed)?;

    let random = app.random.as_ref();
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let challenge = Challenge::new(
        ChallengeId::generate(random),
        &account.login,
        account.space_id.clone(),
        first.contact_id.clone(),
        &otp,
        &mac,
        now,
    );
    let message = Envelope {
        to: first.contact.clone(),
        addressee: String::new(),
        notice: Notice::login_code(&otp),
    };
    begin_login(&app.challenges, &app.outbox, &challenge, &message, random, now).await?;
    let mut channels: Vec<_> = confirmed.iter().map(|c| c.contact.channel().as_str()).collect();
    channels.dedup();
    Ok(Json(Begun { challenge_id: challenge.challenge_id, channels }))
}

/// The account, if identifier and password belong together. Whether the
/// identifier exists shows neither in the answer nor in the work done.
async fn authenticate(app: &App, credentials: &Credentials) -> Result<Account, Problem> {
    // A text that cannot be an identifier is nobody's, and anyone can tell from
    // the published rules: nothing is learnt from a faster answer.
    let login = Login::parse(&credentials.login).map_err(|_| ProblemKind::LoginRefused)?;
    let account = app.accounts.find(&login).await?;
    let hash = if let Some(account) = &account {
        app.accounts.open(account).await?.password()
    } else {
        let index = app.accounts.index(&login).await?;
        // The key of that shard is fetched as for a real account.
        let _same_work = app.accounts.key(&index).await?;
        PasswordHash::from_stored(NOBODY.to_owned())
    };
    let right = hash.verify(&credentials.password)?;
    account.filter(|_| right).ok_or_else(|| ProblemKind::LoginRefused.into())
}

/// The addresses that receive one-time codes, e-mail first.
async fn confirmed_contacts(
    app: &App,
    space_id: &SpaceId,
    key: &SealingKey,
) -> Result<Vec<Confirmed>, Problem> {
    let mut confirmed = Vec::new();
    for found in app.contacts.of_space(space_id).await? {
        let contact = found.open(key)?;
        if found.confirmed_at.is_some() && contact.channel() != Channel::Letter {
            confirmed.push(Confirmed { contact_id: found.contact_id, contact });
        }
    }
    confirmed.sort_by_key(|confirmed| confirmed.contact.channel());
    Ok(confirmed)
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
