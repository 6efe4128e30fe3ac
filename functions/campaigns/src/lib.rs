//! The insurer's feed: campaigns and their rejections.
//!
//! Must not know: AWS, other functions, nor the persons of a file.

mod app;
mod create;
mod rejections;
mod status;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(status::status))
        .routes(routes!(rejections::rejections))
        .split_for_parts();
    (router.with_state(app), description)
}
