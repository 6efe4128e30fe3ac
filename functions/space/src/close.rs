//! `POST /v1/spaces/{spaceId}/closure`: the holder closes their space, or has it erased.
//!
//! Must not know: how its ten years end, nor what is left to do of an erasure.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Opened, Visit};
use espace_domain::decision::{Action, Party};
use espace_domain::{Reference, SpaceState};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_notifications::{ClosureProof, ErasureProof, Notice};
use espace_storage::{Certified, ChallengePurpose, Change, ErasureDates, SpaceAccount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::both::{ASKED_ELEMENT, Heard, hear};
use crate::confirm::{Factor, password, second_factor};
use crate::word::{envelopes, full_name, word};

/// What is typed to close.
const CLOSE: &str = "FERMER";
/// What is typed to erase.
const ERASE: &str = "EFFACER";
/// Where a child's space stands that the other representative is asked about.
const PENDING: &str = "pending";
/// What the trace of an erasure says beside the act.
const ERASED_ELEMENT: &str = "erase";

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
    /// Whether everything is erased now instead of after ten years.
    #[serde(default)]
    erase_now: bool,
    /// `FERMER`, or `EFFACER` to erase, typed by hand.
    confirmation: String,
}

/// What closing came to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Closed {
    /// `closed`, `erased`, or `pending` until the other representative agrees.
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
/// reopen it as it was. Or erases it now, for good. From this moment nobody reads it, and
/// every session ends.
///
/// A child's space takes both representatives: what one asks is `pending` for thirty days, until
/// the other asks for it too; it is erased only where both want it so.
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
    let opened = visit.opened(&permit)?;
    let account = account_of(&visit, opened)?;
    let factor = Factor { challenge_id: &input.challenge_id, otp: &input.otp };
    let challenge = second_factor(&app, &visit, ChallengePurpose::Closure, factor).await?;
    password(&app, &visit, account, &input.password).await?;
    let used_up = app.challenges.used_up(&challenge, visit.now)?;
    let (mut erase_now, mut agreed) = (input.erase_now, Vec::new());
    if visit.party == Party::Representative {
        match hear(&app, &visit, opened, erase_now).await? {
            Heard::Complete { erase, changes } => (erase_now, agreed) = (erase, changes),
            Heard::Pending { mut changes } => {
                changes.push(used_up);
                let done =
                    Done { elements: &[ASKED_ELEMENT], changes: &changes, ..Done::default() };
                app.guard.record(&visit, &permit, done).await?;
                let pending = Closed { state: PENDING, certificate: None };
                return Ok((StatusCode::ACCEPTED, Json(pending)));
            }
        }
    }
    let state = opened.space.state.clone();
    let (becomes, mut changes, certificate) = if erase_now {
        let becomes = state.erase(visit.now).map_err(|_| ProblemKind::SpaceClosed)?;
        let (changes, reference) = erased(&app, &visit, opened, &becomes).await?;
        let reference = reference.as_str().to_owned();
        (becomes, changes, Some(CertificateView { reference }))
    } else {
        let becomes = state.close(visit.now).map_err(|_| ProblemKind::SpaceClosed)?;
        let mut changes = closed(&app, &visit, opened, &becomes).await?;
        if let Some(account) = &opened.space.account {
            changes.push(app.erasure.sessions.ended(&account.account_id)?);
        }
        (becomes, changes, None)
    };
    changes.push(used_up);
    changes.append(&mut agreed);
    let elements: &[&str] = if erase_now { &[ERASED_ELEMENT] } else { &[] };
    let done = Done { elements, changes: &changes, becomes: Some(&becomes), ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::ACCEPTED, Json(Closed { state: becomes.name(), certificate })))
}

/// The account whose password is asked: the holder's own, or the representative's.
pub(crate) fn account_of<'a>(
    visit: &Visit,
    opened: &'a Opened,
) -> Result<&'a SpaceAccount, Problem> {
    let own = match visit.party {
        Party::Holder => Some(&opened.space),
        Party::Representative => opened.own.as_ref().map(|own| &own.space),
        _ => return Err(ProblemKind::Forbidden.into()),
    };
    let account = own.and_then(|space| space.account.as_ref());
    account.ok_or_else(|| ProblemKind::NotFound.into())
}

/// What a closing writes beside the state: word of it, with its confirmation.
async fn closed(
    app: &App,
    visit: &Visit,
    opened: &Opened,
    becomes: &SpaceState,
) -> Result<Vec<Change>, Problem> {
    let SpaceState::Closed { closed_at, erasure_due_at, .. } = *becomes else {
        return Err(Problem::internal("a closed space that is not closed"));
    };
    let proof =
        ClosureProof { name: full_name(opened), closed_at, erasure_due_at, has_account: true };
    word(app, visit, opened, &Notice::SpaceClosed(proof)).await
}

/// What an erasure takes away beside the state, and the reference of its certificate, which
/// is sent once no function holds the key any more.
async fn erased(
    app: &App,
    visit: &Visit,
    opened: &Opened,
    becomes: &SpaceState,
) -> Result<(Vec<Change>, Reference), Problem> {
    let SpaceState::Erased { at, traces_due_at, .. } = *becomes else {
        return Err(Problem::internal("an erased space that is not erased"));
    };
    if opened.space.is_held {
        return Err(ProblemKind::ErasureHeld.into());
    }
    let random = app.random.as_ref();
    let reference = Reference::generate(random);
    let ErasureDates { inaccessible_since, unrecoverable_from } = ErasureDates::of(at);
    let proof = ErasureProof {
        name: full_name(opened),
        reference: reference.as_str().to_owned(),
        asked_at: at,
        inaccessible_since,
        unrecoverable_from,
        traces_until: traces_due_at,
    };
    let letters = envelopes(app, visit, opened, &Notice::SpaceErased(proof)).await?;
    let certified = Certified { reference: &reference, letters: &letters };
    let changes = app.erasure.changes(&opened.space, Some(&certified), at, random).await?;
    Ok((changes, reference))
}

/// What is wrong with a request, before anything is looked up.
fn fault(input: &Closure) -> Option<FieldError> {
    let wanted = if input.erase_now { ERASE } else { CLOSE };
    let is_typed = input.confirmation.trim().to_uppercase() == wanted;
    let detail = format!("Tapez {wanted} pour confirmer.");
    (!is_typed).then(|| FieldError::new("/confirmation", "confirmation", &detail))
}
