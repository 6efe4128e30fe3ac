//! `POST /v1/alerts`: "Ce n'est pas moi". The code that a message carried freezes
//! the space it told of.
//!
//! Must not know: what happened in the space.

use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{AlertCode, SpaceState};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind, Source};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::freeze::freeze_space;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotMe {
    /// The alert code of the message, in any case, with or without hyphens.
    alert: String,
}

/// Freezes a space and ends its sessions. Whoever has the message may: it can only
/// protect, and a new proof of identity undoes it.
#[utoipa::path(
    post, path = "/v1/alerts", operation_id = "raiseAlert", tag = "activation",
    request_body = NotMe,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn alerts(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<NotMe>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let alert = AlertCode::parse(&body.value.alert).map_err(|_| {
        let detail = "Le code d’alerte a 12 lettres et chiffres.";
        Problem::invalid(vec![FieldError::new("/alert", "alert-shape", detail)])
    })?;
    let limit = app.limits.identity_per_source;
    if let Some(wait_s) = app.throttles.count("alert", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let found = app.stores.alerts.find(&alert, now).await?;
    let found = found.ok_or(ProblemKind::AlertNotRecognised)?;
    let space = app.stores.spaces.find(&found.space_id).await?;
    let space = space.ok_or(ProblemKind::AlertNotRecognised)?;
    if space.is_frozen {
        // Said twice, or by two who were told: it is done.
        return Ok(StatusCode::NO_CONTENT);
    }
    // A code of before the holder took the space back serves no more: it may be in
    // the hands it was taken from.
    let since = match space.state {
        SpaceState::Active { activated_at, .. } => activated_at.as_second(),
        _ => 0,
    };
    if found.is_used || found.created_at < since {
        return Err(ProblemKind::AlertNotRecognised.into());
    }
    freeze_space(&app, &found.space_id, None, now).await?;
    app.stores.alerts.mark_used(&alert, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
