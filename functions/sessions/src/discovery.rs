//! The published configuration and keys (`OpenID` Connect Discovery 1.0, RFC 7517).
//!
//! Must not know: the private halves.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use espace_http::Problem;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::App;

/// How long anyone may keep the answers: shorter than a key is published ahead.
const CACHE: &str = "public, max-age=300";

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Configuration {
    issuer: String,
    jwks_uri: String,
    token_endpoint: String,
    grant_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    response_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    /// JSON Web Keys, newest first.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Value>,
}

/// The issuer's configuration.
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", operation_id = "readConfiguration",
    tag = "sessions", responses((status = 200, body = Configuration)),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn configuration(State(app): State<App>) -> Response {
    let issuer = app.signer.issuer().to_owned();
    let configuration = Configuration {
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        token_endpoint: format!("{issuer}/v1/sessions/exchange"),
        grant_types_supported: ["urn:ietf:params:oauth:grant-type:token-exchange"],
        id_token_signing_alg_values_supported: ["ES256"],
        response_types_supported: ["none"],
        subject_types_supported: ["public"],
        issuer,
    };
    ([(header::CACHE_CONTROL, CACHE)], Json(configuration)).into_response()
}

/// The public keys under which access tokens verify.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "readKeys", tag = "sessions",
    responses((status = 200, body = KeySet)),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn keys(State(app): State<App>) -> Result<Response, Problem> {
    let published = app.signer.published().await?;
    let keys = published
        .iter()
        .map(|entry| serde_json::from_str(&entry.jwk))
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::internal("a published key is not a JWK"))?;
    Ok(([(header::CACHE_CONTROL, CACHE)], Json(KeySet { keys })).into_response())
}
