//! What an agent of the phone line does to a space that exists: closing it for its holder with
//! a code sent to them, and admitting the heirs of someone who died. The one function that
//! knows an agent's token, the index of persons, and a space's life.
//!
//! Must not know: AWS, other functions, nor what a space holds.

mod admit_heir;
mod app;
mod ask_closure;
mod caller;
mod confirm_closure;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(ask_closure::ask))
        .routes(routes!(confirm_closure::confirm))
        .routes(routes!(admit_heir::admit))
        .split_for_parts();
    (router.with_state(app), description)
}
