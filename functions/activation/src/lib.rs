//! Identity check, account creation, contacts.
//!
//! Must not know: AWS, other functions, nor any rule the domain holds.

mod activate;
mod app;
mod confirm_contact;
mod identity;
mod replacement;
mod request;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(identity::identity))
        .routes(routes!(activate::activate))
        .routes(routes!(confirm_contact::confirm_contact))
        .split_for_parts();
    (router.with_state(app), description)
}
