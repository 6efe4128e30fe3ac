//! `POST /v1/spaces/{spaceId}/access-log/{sequence}/contest`: the holder says that an
//! access was not right.
//!
//! Must not know: what follows from it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::{Action, Chain};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::shown::{shown_chain, shown_head};

/// Longest reason, characters.
const REASON_CHARS_MAX: usize = 1_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Contest {
    /// Why, in the holder's words.
    reason: String,
    /// The trace's chain; `ordinary` where none is named.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    chain: Option<Chain>,
}

/// Contests an access. The trace stays as it is; the holder's words stand beside it.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/access-log/{sequence}/contest",
    operation_id = "contestAccess", tag = "consent", request_body = Contest,
    params(("spaceId" = String, Path), ("sequence" = u64, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn contest(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, sequence)): Path<(String, String)>,
    body: Result<JsonBody<Contest>, Problem>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ContestAccess).await?;
    let input = body?.value;
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let detail = "Dites pourquoi, en 1 000 caractères au plus.";
        return Err(Problem::invalid(vec![FieldError::new("/reason", "invalid-length", detail)]));
    }
    let chain = shown_chain(&visit, input.chain)?;
    let opened = visit.opened(&permit)?;
    let sequence: u64 = sequence.parse().map_err(|_| ProblemKind::NotFound)?;
    let shown = shown_head(&app, (&visit, &permit), &opened.space, chain).await?;
    if sequence == 0 || sequence > shown.sequence {
        return Err(ProblemKind::NotFound.into());
    }
    let traces = app.guard.acts().traces();
    let (key, random) = (&opened.trace_key, app.random.as_ref());
    let changes = [traces.contest(&visit.space_id, (chain, sequence), reason, key, random)?];
    let named = format!("{}.{sequence}", chain.name());
    let elements = [named.as_str()];
    // In the chain it is about: in another it would tell of this one.
    let done =
        Done { elements: &elements, changes: &changes, chain: Some(chain), ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
