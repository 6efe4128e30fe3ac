//! Finding the space of a patient, or of an insured person: the one function that knows both
//! a token's professional or insurer and the index of persons.
//!
//! Must not know: AWS, other functions, nor anything of a space but whether it is there.

mod app;
mod find;
mod lookup;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(find::find))
        .routes(routes!(lookup::lookup))
        .split_for_parts();
    (router.with_state(app), description)
}
