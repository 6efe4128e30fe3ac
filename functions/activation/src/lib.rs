//! Codes, identity check, account creation, dependants, contacts, alerts.
//!
//! Must not know: AWS, other functions, nor any rule the domain holds.

mod activate;
mod alerts;
mod app;
mod code_request;
mod codes;
mod confirm_contact;
mod contacts;
mod dependants;
mod freeze;
mod identity;
mod own_space;
mod resend_contact_code;
mod support_alerts;
mod support_codes;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(codes::codes))
        .routes(routes!(support_codes::support_codes))
        .routes(routes!(identity::identity))
        .routes(routes!(dependants::dependants))
        .routes(routes!(contacts::list, contacts::add))
        .routes(routes!(contacts::remove))
        .routes(routes!(resend_contact_code::resend))
        .routes(routes!(alerts::alerts))
        .routes(routes!(support_alerts::support_alerts))
        .routes(routes!(activate::activate))
        .routes(routes!(confirm_contact::confirm_contact))
        .split_for_parts();
    (router.with_state(app), description)
}
