//! `POST /v1/support/closures`: a caller wants their space closed; a code goes to them.
//!
//! Must not know: how it is closed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::decision::Action;
use espace_domain::{ChallengeId, Channel, Contact, OneTimeCode, SpaceState};
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::begin_challenge;
use espace_storage::{
    Challenge, ChallengePurpose, Envelope, KeyName, NewChallenge, Space, SpaceContact, SupportAct,
    SupportActKind,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::caller::{CallerInput, agent};

/// A code is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClosureBegun {
    #[schema(value_type = String)]
    closure_id: ChallengeId,
    /// `sms`, `email`: where the caller finds the code.
    #[schema(value_type = String)]
    channel: Channel,
}

/// Sends a caller the code that closes their space: to a mobile phone or mailbox that is
/// known, never to one they tell. They read it out, and the same agent confirms with it.
#[utoipa::path(
    post, path = "/v1/support/closures", operation_id = "askClosureByPhone", tag = "support",
    request_body = CallerInput,
    responses(
        (status = 202, body = ClosureBegun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    bearer: Bearer,
    body: Result<JsonBody<CallerInput>, Problem>,
) -> Result<(StatusCode, Json<ClosureBegun>), Problem> {
    let (claims, agent) = agent(&app, &bearer, "phone-closure").await?;
    let holder = body?.value.read()?.find(&app).await?;
    let (now, random) = (app.guard.now(), app.random.as_ref());
    // What an agent did is written before it has an effect.
    let about = holder.space_id.as_str();
    let kind = SupportActKind::ClosureAsked;
    app.acts.note(&SupportAct::new(&agent, kind, about, now, random)).await?;
    let action = Action::CloseByPhone;
    let visit = app.guard.arrive(claims, holder.space_id.clone(), action, &[]).await?;
    let permit = app.guard.permit(&visit, action, &[]).await?;
    let opened = visit.opened(&permit)?;
    let is_represented = holder.record.representatives().next().is_some();
    if is_represented || is_in_other_hands(&opened.space) {
        return Err(ProblemKind::RepresentativesClose.into());
    }
    let limit = app.limits.codes_per_person;
    if let Some(wait_s) = app.throttles.count("phone-closure-code", about, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let mut known = Vec::new();
    for found in app.contacts.of_space(&visit.space_id).await? {
        let contact = found.open(&opened.content_key)?;
        known.push((found, contact));
    }
    let (found, to) = best(known).ok_or(ProblemKind::NoCodeAddress)?;
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::PersonIndex).await?;
    let new = NewChallenge {
        challenge_id: ChallengeId::generate(random),
        login: &holder.index,
        space_id: &visit.space_id,
        purpose: ChallengePurpose::PhoneClosure,
        session_id: Some(&visit.claims.sid),
        account: None,
        contact_id: &found.contact_id,
    };
    let challenge = Challenge::new(new, &otp, &mac, now);
    let channel = to.channel();
    let message = Envelope {
        to,
        addressee: String::new(),
        notice: Notice::PhoneClosureCode { code: otp.expose().to_owned() },
    };
    begin_challenge(&app.challenges, &app.outbox, &challenge, &message, random, now).await?;
    let begun = ClosureBegun { closure_id: challenge.challenge_id, channel };
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Whether a representative has the space in hand: a protected adult's.
pub(crate) fn is_in_other_hands(space: &Space) -> bool {
    matches!(space.state, SpaceState::Active { .. }) && space.account.is_none()
}

/// Where the code goes: to the phone in the caller's hand, before a mailbox. An address that
/// its owner has not confirmed counts where the insurer gave it and nobody has taken the space
/// in hand.
fn best(known: Vec<(SpaceContact, Contact)>) -> Option<(SpaceContact, Contact)> {
    let counts = |(found, contact): &(SpaceContact, Contact)| {
        let is_known = found.confirmed_at.is_some() || found.on_file;
        is_known && matches!(contact, Contact::Sms(_) | Contact::Email(_))
    };
    let mut known: Vec<_> = known.into_iter().filter(counts).collect();
    known.sort_by_key(|(found, contact)| {
        (found.confirmed_at.is_none(), contact.channel() != Channel::Sms)
    });
    known.into_iter().next()
}
