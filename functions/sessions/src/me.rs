//! `GET /v1/me`: who the token is.
//!
//! Must not know: anything that the token does not say.

use axum::Json;
use espace_domain::{Actor, MatrixGroup};
use espace_http::{Known, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// `citizen`, `professional`, `support` or `insurer`, with what the token
    /// says of each: `spaceId`; `rpps`, `profession`, `specialty`, `structure`,
    /// `name`; `agent`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    actor: Actor,
    /// A professional's column of the access matrix; none for those whom the law gives
    /// no access.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    group: Option<MatrixGroup>,
    /// Whether a professional answers calls at the SAMU's regulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    regulator: Option<bool>,
    /// The session of the token.
    session_id: String,
    /// When the token expires, seconds since 1970.
    expires_at_s: i64,
}

/// Who the token is.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "whoAmI", tag = "sessions",
    responses(
        (status = 200, body = Me),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional", "support", "insurer"]))),
)]
pub(crate) async fn me(Known(claims): Known) -> Json<Me> {
    Json(Me {
        session_id: claims.sid.as_str().to_owned(),
        expires_at_s: claims.exp,
        group: match &claims.actor {
            Actor::Professional { profession, specialty, .. } => {
                MatrixGroup::of(profession, specialty.as_deref())
            }
            _ => None,
        },
        regulator: match &claims.actor {
            Actor::Professional { profession, .. } => Some(MatrixGroup::is_regulator(profession)),
            _ => None,
        },
        actor: claims.actor,
    })
}
