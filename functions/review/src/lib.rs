//! Emergency accesses, looked at by two agents: who came, when and why, and whether anything
//! was read; never whose space it was.
//!
//! Must not know: AWS, other functions, nor any space.

mod add;
mod app;
mod list;
mod view;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(add::add))
        .split_for_parts();
    (router.with_state(app), description)
}
