//! `POST /v1/push-subscriptions`: the caller's browser is told from now on.
//!
//! Must not know: of what.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{PUSH_SUBSCRIPTIONS_MAX, PushEndpoint, PushId};
use espace_http::{FieldError, JsonBody, Known, Problem, ProblemBody, ProblemKind};
use espace_storage::PushSubscription;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// A browser's subscription. Its keys are not needed: nothing is said but that there is
/// something new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewPush {
    /// Where the browser's push service is told.
    endpoint: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscribed {
    #[schema(value_type = String)]
    push_id: PushId,
}

/// Tells the caller's browser from now on: a person of what happens in their own space, a
/// professional of what is written to them. The same again is the same.
#[utoipa::path(
    post, path = "/v1/push-subscriptions", operation_id = "subscribePush", tag = "notifications",
    request_body = NewPush,
    responses(
        (status = 201, body = Subscribed),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn subscribe(
    State(app): State<App>,
    Known(claims): Known,
    body: Result<JsonBody<NewPush>, Problem>,
) -> Result<(StatusCode, Json<Subscribed>), Problem> {
    let owner = app.push_owner(&claims).await?;
    let endpoint = PushEndpoint::parse(&body?.value.endpoint, &app.services).map_err(|_| {
        let detail = "Ce service de notification n’est pas connu.";
        Problem::invalid(vec![FieldError::new("/endpoint", "unknown-service", detail)])
    })?;
    let push_id = app.pushes.name(&owner, &endpoint).await?;
    let known = app.pushes.of(&owner).await?;
    let is_new = known.iter().all(|subscription| subscription.push_id != push_id);
    if is_new && known.len() >= PUSH_SUBSCRIPTIONS_MAX {
        return Err(ProblemKind::TooManyBrowsers.into());
    }
    let since = app.guard.now();
    let subscription = PushSubscription { owner, push_id: push_id.clone(), endpoint, since };
    app.pushes.put(&subscription, app.random.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(Subscribed { push_id })))
}
