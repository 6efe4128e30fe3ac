//! What confirms a grave act: the code of a fresh second factor, and the password.
//!
//! Must not know: which act.

use espace_access::Visit;
use espace_crypto::BlindIndex;
use espace_domain::{ChallengeId, OneTimeCode, normal_password};
use espace_http::{FieldError, Problem, ProblemKind};
use espace_storage::{Attempt, AttemptKind, Challenge, ChallengePurpose, KeyName, SpaceAccount};

use crate::App;

/// A fresh second factor, as a request gives it.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a> {
    pub(crate) challenge_id: &'a str,
    pub(crate) otp: &'a str,
}

/// Judges the second factor that an act asks for. A try is counted before it is judged;
/// the act itself uses the challenge up, so that one that is not done costs no new code.
pub(crate) async fn second_factor(
    app: &App,
    visit: &Visit,
    purpose: ChallengePurpose,
    given: Factor<'_>,
) -> Result<Challenge, Problem> {
    let otp = OneTimeCode::parse(given.otp).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })?;
    let id = ChallengeId::parse(given.challenge_id).map_err(|_| ProblemKind::StepUpRequired)?;
    let found = app.challenges.find(&id, visit.now).await?;
    let challenge = found
        .filter(|found| found.confirms(purpose, &visit.claims.sid))
        .ok_or(ProblemKind::StepUpRequired)?;
    if !app.challenges.claim_try(&challenge).await? {
        return Err(ProblemKind::OtpOver.into());
    }
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    if !challenge.is_code(&otp, &mac) {
        note(app, visit, &challenge.login(), AttemptKind::WrongStepUp).await?;
        return Err(ProblemKind::OtpWrong.into());
    }
    Ok(challenge)
}

/// Requires the password of the account. Asked after the second factor, whose tries are
/// few: who found a browser open does not find out a password here.
pub(crate) async fn password(
    app: &App,
    visit: &Visit,
    account: &SpaceAccount,
    typed: &str,
) -> Result<(), Problem> {
    let login = account.login();
    let found = app.erasure.accounts.find_by_index(&login).await?.ok_or(ProblemKind::NotFound)?;
    let secrets = app.erasure.accounts.open(&found).await?;
    if secrets.password().verify(&normal_password(typed))? {
        return Ok(());
    }
    note(app, visit, &login, AttemptKind::WrongPassword).await?;
    Err(ProblemKind::PasswordWrong.into())
}

/// Notes a wrong try for the holder to see.
async fn note(
    app: &App,
    visit: &Visit,
    login: &BlindIndex,
    kind: AttemptKind,
) -> Result<(), Problem> {
    let attempt = Attempt::new(login, kind, visit.now, app.random.as_ref());
    Ok(app.attempts.note(&attempt).await?)
}
