//! Challenges that an authenticator application or a passkey answers, at a login and
//! before a grave act alike. Must not know what is opened.

use data_encoding::BASE64URL_NOPAD;
use espace_crypto::verify_assertion;
use espace_domain::{ChallengeId, OneTimeCode};
use espace_http::Problem;
use espace_storage::{Account, AccountSecrets, Challenge, ChallengePurpose, ChallengedAccount};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::begin::Begun;
use crate::factors::{ceremony, decode};

/// What a passkey answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PasskeyAnswer {
    /// The credential's id, base64url.
    pub(crate) credential_id: String,
    /// `response.clientDataJSON`, base64url.
    pub(crate) client_data: String,
    /// `response.authenticatorData`, base64url.
    pub(crate) authenticator_data: String,
    /// `response.signature`, base64url.
    pub(crate) signature: String,
}

/// Keeps a challenge for someone with an application or a passkey: nothing is sent.
pub(crate) async fn begin_strong(
    app: &App,
    account: &Account,
    secrets: &AccountSecrets,
    for_whom: Option<ChallengedAccount>,
    act: impl FnOnce(Challenge) -> Challenge,
    now: Timestamp,
) -> Result<Begun, Problem> {
    let random = app.random.as_ref();
    let id = ChallengeId::generate(random);
    let strong = Challenge::strong(id, &account.login, for_whom, &account.space_id, random, now);
    let challenge = act(strong);
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
    if secrets.totp.is_some() {
        channels.push("totp");
    }
    Ok(Begun { challenge_id: challenge.challenge_id, channels, public_key })
}

/// Whether the digits are those of the holder's application; they serve once.
pub(crate) async fn uses_application(
    app: &App,
    account: &Account,
    otp: &OneTimeCode,
    now: Timestamp,
) -> Result<bool, Problem> {
    let mut secrets = app.accounts.open(account).await?;
    let Some(totp) = secrets.totp.as_mut() else {
        return Ok(false);
    };
    let Some(step) = totp.secret().verify(otp.expose(), now, totp.used_step) else {
        return Ok(false);
    };
    totp.used_step = step;
    Ok(app.accounts.replace_secrets(account, &secrets, app.random.as_ref()).await?)
}

/// Whether a passkey of the account signed the challenge; its counter is kept. An
/// account that changed meanwhile refuses: the passkey may just have been removed.
pub(crate) async fn uses_passkey(
    app: &App,
    account: &Account,
    challenge: &Challenge,
    answer: &PasskeyAnswer,
) -> Result<bool, Problem> {
    let parts = decode(&answer.credential_id)
        .zip(decode(&answer.client_data))
        .zip(decode(&answer.authenticator_data).zip(decode(&answer.signature)));
    let Some(((credential_id, client_data), (data, signature))) = parts else {
        return Ok(false);
    };
    let mut secrets = app.accounts.open(account).await?;
    let known = secrets.passkeys.iter_mut().find(|k| k.passkey().credential_id == credential_id);
    let Some(known) = known else {
        return Ok(false);
    };
    let about = ceremony(app, challenge);
    let Ok(counter) = verify_assertion(&known.passkey(), about, &client_data, &data, &signature)
    else {
        return Ok(false);
    };
    known.count(counter);
    Ok(app.accounts.replace_secrets(account, &secrets, app.random.as_ref()).await?)
}

/// Counts a second factor that is about to be judged; `true` when too many were this
/// week. Only someone with the password gets here: nobody else locks a holder out.
pub(crate) async fn too_many(
    app: &App,
    account: &Account,
    now: Timestamp,
) -> Result<bool, Problem> {
    let limit = app.limits.second_factors_per_week;
    let who = account.account_id.as_str();
    Ok(app.throttles.count_weekly("second-factor", who, limit, now).await?)
}

/// What a login challenge is for: the same account, of the same epoch.
pub(crate) fn is_of(challenge: &Challenge, account: &Account) -> bool {
    let made_for = challenge.account.as_ref();
    made_for.is_some_and(|made_for| made_for.account_id == account.account_id)
}

/// Whether a challenge is one that nothing was sent for.
pub(crate) fn is_strong(challenge: &Challenge) -> bool {
    challenge.contact_id.is_none() && challenge.purpose != ChallengePurpose::PasswordReset
}
