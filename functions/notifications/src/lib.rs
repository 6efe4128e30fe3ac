//! Of what a person is told (`domain.md` B7), at which addresses and browsers, and what stops
//! it.
//!
//! Must not know: AWS, other functions, nor how a message travels.

mod app;
mod list_push;
mod push_key;
mod read_preferences;
mod remove_push;
mod set_preferences;
mod subscribe_push;
mod unsubscribe;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(read_preferences::read, set_preferences::set))
        .routes(routes!(list_push::list, subscribe_push::subscribe))
        .routes(routes!(remove_push::remove))
        .routes(routes!(push_key::read))
        .routes(routes!(unsubscribe::unsubscribe))
        .split_for_parts();
    (router.with_state(app), description)
}
