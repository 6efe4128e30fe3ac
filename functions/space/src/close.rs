//! `POST /v1/spaces/{spaceId}/closure`: the holder closes their space.
//!
//! Must not know: how its ten years end.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::SpaceState;
use espace_domain::decision::{Action, Party};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::{ClosureProof, Notice};
use espace_storage::ChallengePurpose;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::confirm::{Factor, password, second_factor};
use crate::word::{full_name, word};

/// What is typed to close.
const CLOSE: &str = "FERMER";

/// What closing takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Closure {
    /// The password, once more.
    password: String,
    /// From `POST /v1/sessions/current/step-up` for `closure`.
    challenge_id: String,
    /// The six digits received.
    otp: String,
    /// Whether everything is erased now instead of after ten years. Not offered yet.
    #[serde(default)]
    erase_now: bool,
    /// `FERMER`, typed by hand.
    confirmation: String,
}

/// What closing came to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Closed {
    /// `closed`.
    state: &'static str,
    /// Of an erasure; `null` where the space is kept for ten years.
    certificate: Option<CertificateView>,
}

/// What an erasure can be verified by.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificateView {
    reference: String,
}

/// Closes the space: it is kept for ten years, then erased; until then its holder may
/// reopen it as it was. From this moment nobody reads it, and every session ends.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/closure", operation_id = "closeSpace", tag = "space",
    params(("spaceId" = String, Path)), request_body = Closure,
    responses(
        (status = 202, body = Closed),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn close(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<Closure>, Problem>,
) -> Result<(StatusCode, Json<Closed>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::CloseSpace).await?;
    let input = body?.value;
    if let Some(fault) = fault(&input) {
        return Err(Problem::invalid(vec![fault]));
    }
    // A child's space takes the word of both representatives, which nothing gathers yet.
    let opened = visit.opened(&permit)?;
    let account = match visit.party {
        Party::Holder => opened.space.account.as_ref().ok_or(ProblemKind::NotFound)?,
        _ => return Err(ProblemKind::Forbidden.into()),
    };
    let factor = Factor { challenge_id: &input.challenge_id, otp: &input.otp };
    let challenge = second_factor(&app, &visit, ChallengePurpose::Closure, factor).await?;
    password(&app, &visit, account, &input.password).await?;
    let state = opened.space.state.clone();
    let becomes = state.close(visit.now).map_err(|_| ProblemKind::SpaceClosed)?;
    let SpaceState::Closed { closed_at, erasure_due_at, .. } = becomes else {
        return Err(Problem::internal("a closed space that is not closed"));
    };
    let proof = ClosureProof { name: full_name(opened), closed_at, erasure_due_at };
    let mut changes = word(&app, &visit, opened, &Notice::SpaceClosed(proof)).await?;
    changes.push(app.sessions.ended(&account.account_id)?);
    changes.push(app.challenges.used_up(&challenge, visit.now)?);
    let done = Done { changes: &changes, becomes: Some(&becomes), ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::ACCEPTED, Json(Closed { state: becomes.name(), certificate: None })))
}

/// What is wrong with a request, before anything is looked up.
fn fault(input: &Closure) -> Option<FieldError> {
    if input.erase_now {
        let detail = "L’effacement immédiat n’est pas encore proposé.";
        return Some(FieldError::new("/eraseNow", "not-offered", detail));
    }
    let is_typed = input.confirmation.trim().to_uppercase() == CLOSE;
    (!is_typed)
        .then(|| FieldError::new("/confirmation", "confirmation", "Tapez FERMER pour confirmer."))
}
