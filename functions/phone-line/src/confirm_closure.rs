//! `POST /v1/support/closures/{closureId}/confirmation`: the caller read out their code.
//!
//! Must not know: how it was sent.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::{ChallengeId, OneTimeCode, SpaceState};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::{ClosureProof, Notice};
use espace_storage::{ChallengePurpose, Envelope, KeyName, SupportAct, SupportActKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::ask_closure::is_in_other_hands;
use crate::caller::agent;

/// The caller's code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadOut {
    /// The six digits received.
    otp: String,
}

/// The space is closed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosedByPhone {
    /// `closed`.
    state: &'static str,
}

/// Closes a caller's space with the code they read out: it is kept for ten years, and its
/// holder may reopen it. Erasing at once is not done by phone. The confirmation goes to the
/// holder's addresses.
#[utoipa::path(
    post, path = "/v1/support/closures/{closureId}/confirmation",
    operation_id = "confirmClosureByPhone", tag = "support",
    params(("closureId" = String, Path)), request_body = ReadOut,
    responses(
        (status = 200, body = ClosedByPhone),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    bearer: Bearer,
    Path(closure_id): Path<String>,
    body: Result<JsonBody<ReadOut>, Problem>,
) -> Result<Json<ClosedByPhone>, Problem> {
    let (claims, agent) = agent(&app, &bearer, "phone-closure-confirmation").await?;
    let otp = OneTimeCode::parse(&body?.value.otp).map_err(|_| {
        let detail = "Le code a six chiffres.";
        Problem::invalid(vec![FieldError::new("/otp", "otp-shape", detail)])
    })?;
    let (now, random) = (app.guard.now(), app.random.as_ref());
    let id = ChallengeId::parse(&closure_id).map_err(|_| ProblemKind::NotFound)?;
    let found = app.challenges.find(&id, now).await?;
    let challenge = found
        .filter(|found| found.confirms(ChallengePurpose::PhoneClosure, &claims.sid))
        .ok_or(ProblemKind::NotFound)?;
    if !app.challenges.claim_try(&challenge).await? {
        return Err(ProblemKind::OtpOver.into());
    }
    let mac = app.keys.mac(KeyName::PersonIndex).await?;
    if !challenge.is_code(&otp, &mac) {
        return Err(ProblemKind::OtpWrong.into());
    }
    let action = Action::CloseByPhone;
    let visit = app.guard.arrive(claims, challenge.space_id.clone(), action, &[]).await?;
    let permit = app.guard.permit(&visit, action, &[]).await?;
    let opened = visit.opened(&permit)?;
    if is_in_other_hands(&opened.space) {
        return Err(ProblemKind::RepresentativesClose.into());
    }
    let becomes = opened.space.state.clone().close(now).map_err(|_| ProblemKind::SpaceClosed)?;
    let SpaceState::Closed { closed_at, erasure_due_at, .. } = becomes else {
        return Err(Problem::internal("a closed space that is not closed"));
    };
    let name = format!("{} {}", opened.holder.first_name(), opened.holder.last_name());
    let has_account = opened.space.account.is_some();
    let proof = ClosureProof { name: name.clone(), closed_at, erasure_due_at, has_account };
    let notice = Notice::SpaceClosed(proof);
    let mut changes = Vec::new();
    for to in app.contacts.told(&visit.space_id, &opened.content_key).await? {
        let envelope = Envelope { to, addressee: name.clone(), notice: notice.clone() };
        changes.push(app.outbox.message(&envelope, now, random).await?);
    }
    if let Some(account) = &opened.space.account {
        changes.push(app.sessions.ended(&account.account_id)?);
    }
    changes.push(app.challenges.used_up(&challenge, now)?);
    let about = visit.space_id.as_str();
    let act = SupportAct::new(&agent, SupportActKind::Closed, about, now, random);
    changes.push(app.acts.noted(&act)?);
    let done = Done { changes: &changes, becomes: Some(&becomes), ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(Json(ClosedByPhone { state: becomes.name() }))
}
