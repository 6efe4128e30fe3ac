//! The life of a space in its holder's hands: where it stands, closing, reopening.
//!
//! Must not know: AWS, other functions, nor documents.

mod app;
mod close;
mod confirm;
mod read;
mod reopen;
mod word;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(read::read))
        .routes(routes!(close::close))
        .routes(routes!(reopen::reopen))
        .split_for_parts();
    (router.with_state(app), description)
}
