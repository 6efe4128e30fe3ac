//! The published description of the API. Must not know the routes: the file is
//! put together from their code by `cargo xtask openapi`.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The committed description.
const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// The one route.
pub fn router() -> Router {
    Router::new().route("/v1/openapi.json", get(description))
}

/// `GET /v1/openapi.json`: public and the same for everyone.
async fn description() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, DESCRIPTION).into_response()
}
