//! One forgotten password.
//!
//! Must not know: where the request came from, nor how it is answered.

use espace_crypto::BlindIndex;
use espace_domain::{Channel, OneTimeCode};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::transitions::reveal_challenge;
use espace_storage::{Challenge, ChallengePurpose, Envelope, KeyName, NewChallenge, ResetRequest};

use crate::App;
use crate::answer::Answered;

/// Sends a code to the first address that counts, if the login is someone's and
/// nothing keeps them out.
pub(crate) async fn reset(
    app: &App,
    request: &ResetRequest,
    context: &JobContext,
) -> Result<Answered, JobError> {
    let now = context.clock.now();
    let login = BlindIndex::from_stored(request.login.clone());
    let Some(account) = app.accounts.find_by_index(&login).await? else {
        return Ok(Answered::Nobody);
    };
    let space = app.spaces.find(&account.space_id).await?;
    let key = app.space_keys.content(&account.space_id).await?;
    let (Some(space), Some(key)) = (space, key) else {
        return Ok(Answered::Nobody);
    };
    if space.suspension.is_some() {
        return Ok(Answered::Nobody);
    }
    let mut addresses = Vec::new();
    for found in app.contacts.of_space(&account.space_id).await? {
        let contact = found.open(&key)?;
        if found.confirmed_at.is_some() && contact.channel() != Channel::Letter {
            let order = (!found.on_file, found.confirmed_at);
            addresses.push((order, found.contact_id, contact));
        }
    }
    // E-mail first; of two the one the insurer gave, then the one that counts longest.
    addresses.sort_by_key(|(order, _, contact)| (contact.channel(), *order));
    let Some((_, contact_id, to)) = addresses.into_iter().next() else {
        return Ok(Answered::Nobody);
    };
    let limit = app.codes_per_person;
    if app.throttles.count("reset-sent", login.as_str(), limit, now).await?.is_some() {
        return Ok(Answered::TooSoon);
    }
    let random = app.random.as_ref();
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let new = NewChallenge {
        challenge_id: request.challenge_id.clone(),
        login: &login,
        space_id: &account.space_id,
        purpose: ChallengePurpose::PasswordReset,
        session_id: None,
        account: None,
        contact_id: &contact_id,
    };
    let challenge = Challenge::new(new, &otp, &mac, now);
    let notice = Notice::act_code("changer de mot de passe", &otp);
    let message = Envelope { to, addressee: String::new(), notice };
    // Refused where the queue delivered the same request before: it was sent.
    let _first =
        reveal_challenge(&app.challenges, &app.outbox, &challenge, &message, random, now).await?;
    Ok(Answered::Sent)
}
