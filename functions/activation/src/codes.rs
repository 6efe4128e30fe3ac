//! `POST /v1/activation/codes`: "J'ai besoin d'un code".
//!
//! The answer is the same whoever exists; a code goes only to an address on file.
//!
//! Must not know: whether anyone is there.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::Channel;
use espace_http::{
    CardInput, JsonBody, Problem, ProblemBody, RepresentativeInput, ShownIdentity, Source,
    read_birth_date, read_nir,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::code_request::{Asked, ask};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CodeNeeded {
    /// The person's number, 13 characters.
    nir: String,
    /// The person's birth date.
    birth_date: String,
    /// The person's card. None for a child, nor where the serial cannot be read:
    /// the code is longer then, and stands in for it.
    #[serde(default)]
    card: Option<CardInput>,
    /// Who acts for the person.
    #[serde(default)]
    representative: Option<RepresentativeInput>,
    /// `email`, `sms` or `letter`; where none of that kind is on file, the best
    /// that is.
    #[schema(value_type = String)]
    channel: Channel,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// What to expect, in French.
    detail: &'static str,
}

/// The answer, whoever asks for whomever.
pub(crate) const ACCEPTED: Accepted = Accepted {
    detail: "Si ces informations sont exactes, un code part vers une adresse ou un numéro que \
             l’assurance maladie connaît déjà. Comptez quelques minutes, ou quelques jours par \
             courrier.",
};

/// Asks for a code.
#[utoipa::path(
    post, path = "/v1/activation/codes", operation_id = "askForCode", tag = "activation",
    request_body = CodeNeeded,
    responses(
        (status = 202, body = Accepted),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn codes(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<CodeNeeded>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let now = app.clock.now();
    let asked = read(&body.value)?;
    let limit = app.limits.codes_per_source;
    if let Some(wait_s) = app.throttles.count("code-source", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    ask(&app, &asked, now).await?;
    Ok((StatusCode::ACCEPTED, Json(ACCEPTED)))
}

/// Checks the shape of every field, telling all that is wrong at once.
fn read(input: &CodeNeeded) -> Result<Asked, Problem> {
    let mut errors = Vec::new();
    let nir = read_nir(&input.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let born =
        read_birth_date(&input.birth_date, "/birthDate").map_err(|error| errors.push(error)).ok();
    let shown = ShownIdentity::read(input.card.as_ref(), None, input.representative.as_ref())
        .map_err(|error| errors.push(error))
        .ok();
    match (nir, born, shown) {
        (Some(nir), Some(born), Some(shown)) => {
            Ok(Asked { nir, born, shown, channel: Some(input.channel) })
        }
        _ => Err(Problem::invalid(errors)),
    }
}
