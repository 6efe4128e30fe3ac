//! Login, second factor, token exchange, published keys.
//!
//! Must not know: AWS, other functions, nor what a space holds.

mod answer_otp;
mod answer_passkey;
mod app;
mod attempts;
mod authorize;
mod begin;
mod challenge;
mod code_flow;
mod devices;
mod discovery;
mod exchange;
mod factors;
mod log_out;
mod me;
mod open;
mod passkeys;
mod providers;
mod refresh;
mod refresh_token;
mod reset;
mod signer;
mod step_up;
mod strong;
mod switch_channel;
mod totp;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(begin::begin, devices::list))
        .routes(routes!(switch_channel::switch_channel))
        .routes(routes!(refresh::refresh))
        .routes(routes!(answer_passkey::answer_passkey))
        .routes(routes!(reset::begin_reset))
        .routes(routes!(reset::answer_reset))
        .routes(routes!(factors::list))
        .routes(routes!(totp::enrol_totp, totp::remove_totp))
        .routes(routes!(totp::confirm_totp))
        .routes(routes!(passkeys::passkey_options))
        .routes(routes!(passkeys::enrol_passkey))
        .routes(routes!(passkeys::remove_passkey))
        .routes(routes!(devices::revoke))
        .routes(routes!(step_up::step_up))
        .routes(routes!(step_up::prove))
        .routes(routes!(attempts::attempts))
        .routes(routes!(answer_otp::answer_otp))
        .routes(routes!(exchange::exchange))
        .routes(routes!(authorize::authorize))
        .routes(routes!(authorize::complete))
        .routes(routes!(log_out::log_out))
        .routes(routes!(me::me))
        .routes(routes!(discovery::configuration))
        .routes(routes!(discovery::keys))
        .split_for_parts();
    (router.with_state(app), description)
}
