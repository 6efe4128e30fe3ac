//! Inquiries into what one professional read: asked by one agent with its legal basis,
//! approved by another, then produced by a job.
//!
//! Must not know: AWS, other functions, nor any trace.

mod app;
mod approve;
mod ask;
mod read;
mod view;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(ask::ask))
        .routes(routes!(read::read))
        .routes(routes!(approve::approve))
        .split_for_parts();
    (router.with_state(app), description)
}
