//! `POST /v1/support/alerts`: "Ce n'est pas moi", told to an agent.
//!
//! Must not know: what happened in the space.

use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{Card, Registration};
use espace_http::{
    JsonBody, Problem, ProblemBody, ProblemKind, RepresentativeInput, ShownIdentity, Support,
    read_birth_date, read_nir,
};
use espace_storage::{PersonEntry, SupportAct, SupportActKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::freeze::freeze_space;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CallerAlert {
    /// The person's number, 13 characters.
    nir: String,
    /// The person's birth date.
    birth_date: String,
    /// The serial on the person's card, where the caller can read it.
    #[serde(default)]
    card_serial: Option<String>,
    /// Who acts for the person: their card is asked for instead.
    #[serde(default)]
    representative: Option<RepresentativeInput>,
}

/// Freezes a caller's space. All that is said must match; the agent learns no more
/// than whether it does. A worn card keeps nobody from it: freezing only protects,
/// the act is kept under the agent's number, and a new proof of identity undoes it.
#[utoipa::path(
    post, path = "/v1/support/alerts", operation_id = "raiseAlertByPhone", tag = "support",
    request_body = CallerAlert,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn support_alerts(
    State(app): State<App>,
    support: Support,
    body: JsonBody<CallerAlert>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let mut errors = Vec::new();
    let input = &body.value;
    let nir = read_nir(&input.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let born =
        read_birth_date(&input.birth_date, "/birthDate").map_err(|error| errors.push(error)).ok();
    let serial = input.card_serial.as_deref();
    let shown = ShownIdentity::read(None, serial, input.representative.as_ref())
        .map_err(|error| errors.push(error))
        .ok();
    let (Some(nir), Some(born), Some(shown)) = (nir, born, shown) else {
        return Err(Problem::invalid(errors));
    };
    if !app.limits.phone_line_is_open(now) {
        return Err(ProblemKind::PhoneLineClosed.into());
    }
    let limit = app.limits.acts_per_agent;
    if let Some(wait_s) = app.throttles.count("agent-alert", &support.agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let refused = || Problem::from(ProblemKind::IdentityNotRecognised);
    let registry = &app.stores.registry;
    let entry = registry.find(&nir).await?.ok_or_else(refused)?;
    let holds_card = match &shown {
        ShownIdentity::Card(cards) => holds(&app, &entry, cards).await?,
        ShownIdentity::Representative { nir, cards } => {
            let by = registry.find(nir).await?.ok_or_else(refused)?;
            holds(&app, &by, cards).await? && registry.represents(&by.index, &entry).await?
        }
        ShownIdentity::Nothing => true,
    };
    let Registration::Held { space_id } = &entry.registration else {
        return Err(refused());
    };
    let record = registry.open_record(&entry, &app.stores.space_keys).await?;
    if !holds_card || record.is_none_or(|record| record.traits.birth_date != born) {
        return Err(refused());
    }
    let random = app.random.as_ref();
    let kind = SupportActKind::Frozen;
    let act = SupportAct::new(&support.agent, kind, space_id.as_str(), now, random);
    freeze_space(&app, space_id, Some(&act), now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether one of the cards is the person's.
async fn holds(app: &App, entry: &PersonEntry, cards: &[Card]) -> Result<bool, Problem> {
    let mut any = false;
    for card in cards {
        any |= app.stores.registry.card_matches(&entry.index, Some(entry), card).await?;
    }
    Ok(any)
}
