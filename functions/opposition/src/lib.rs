//! Refusing a space, on the web and by phone; the proof of it.
//!
//! Must not know: AWS, other functions, nor accounts.

mod app;
mod oppose;
mod proof;
mod receipt;
mod receipt_again;
mod register;
mod reverse;
mod support_oppose;
mod support_receipt;
mod support_undo;
mod verify;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(oppose::oppose))
        .routes(routes!(reverse::reverse))
        .routes(routes!(receipt::receipt))
        .routes(routes!(receipt_again::receipt_again))
        .routes(routes!(verify::verify))
        .routes(routes!(support_oppose::support_oppose))
        .routes(routes!(support_undo::support_undo))
        .routes(routes!(support_receipt::support_receipt))
        .split_for_parts();
    (router.with_state(app), description)
}
