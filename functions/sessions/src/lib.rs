//! Login, second factor, token exchange, published keys.
//!
//! Must not know: AWS, other functions, nor what a space holds.

mod answer_otp;
mod app;
mod begin;
mod discovery;
mod exchange;
mod log_out;
mod me;
mod providers;
mod signer;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(begin::begin))
        .routes(routes!(answer_otp::answer_otp))
        .routes(routes!(exchange::exchange))
        .routes(routes!(log_out::log_out))
        .routes(routes!(me::me))
        .routes(routes!(discovery::configuration))
        .routes(routes!(discovery::keys))
        .split_for_parts();
    (router.with_state(app), description)
}
