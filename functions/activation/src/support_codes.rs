//! `POST /v1/support/codes`: an agent asks for a code on a caller's behalf.
//!
//! Must not know: whether anyone is there.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_http::{
    JsonBody, Problem, ProblemBody, ProblemKind, RepresentativeInput, ShownIdentity, Support,
    read_birth_date, read_nir,
};
use espace_storage::{SupportAct, SupportActKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::code_request::{Asked, ask};
use crate::codes::{ACCEPTED, Accepted};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CallerNeedsCode {
    /// The person's number, 13 characters.
    nir: String,
    /// The person's birth date.
    birth_date: String,
    /// The serial on the person's card, where the caller can read it.
    #[serde(default)]
    card_serial: Option<String>,
    /// Who acts for the person.
    #[serde(default)]
    representative: Option<RepresentativeInput>,
}

/// Asks for a code; without a card the code is longer and stands in for it. It
/// goes to an address on file, never to one the caller tells.
#[utoipa::path(
    post, path = "/v1/support/codes", operation_id = "askForCodeByPhone", tag = "support",
    request_body = CallerNeedsCode,
    responses(
        (status = 202, body = Accepted),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn support_codes(
    State(app): State<App>,
    support: Support,
    body: JsonBody<CallerNeedsCode>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let now = app.clock.now();
    let asked = read(&body.value)?;
    if !app.limits.phone_line_is_open(now) {
        return Err(ProblemKind::PhoneLineClosed.into());
    }
    let limit = app.limits.acts_per_agent;
    if let Some(wait_s) = app.throttles.count("agent-code", &support.agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let request = ask(&app, &asked, now).await?;
    let random = app.random.as_ref();
    let kind = SupportActKind::CodeAsked;
    let act = SupportAct::new(&support.agent, kind, &request.person, now, random);
    app.acts.note(&act).await?;
    Ok((StatusCode::ACCEPTED, Json(ACCEPTED)))
}

/// Checks the shape of every field, telling all that is wrong at once.
fn read(input: &CallerNeedsCode) -> Result<Asked, Problem> {
    let mut errors = Vec::new();
    let nir = read_nir(&input.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let born =
        read_birth_date(&input.birth_date, "/birthDate").map_err(|error| errors.push(error)).ok();
    let serial = input.card_serial.as_deref();
    let shown = ShownIdentity::read(None, serial, input.representative.as_ref())
        .map_err(|error| errors.push(error))
        .ok();
    match (nir, born, shown) {
        (Some(nir), Some(born), Some(shown)) => Ok(Asked { nir, born, shown, channel: None }),
        _ => Err(Problem::invalid(errors)),
    }
}
