//! Refusing a space.
//!
//! Must not know: AWS, other functions, nor accounts.

mod app;
mod oppose;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) =
        OpenApiRouter::new().routes(routes!(oppose::oppose)).split_for_parts();
    (router.with_state(app), description)
}
