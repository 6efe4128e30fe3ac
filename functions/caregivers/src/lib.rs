//! Who helps a holder (*aidants*): invited by their number and traits, who accept or refuse,
//! leave or are sent away; and helpers by profession (France Services), let in by a code for an
//! hour.
//!
//! Must not know: AWS, other functions, nor what a caregiver may do.

mod answer;
mod app;
mod begin_assistance;
mod end_assistance;
mod helped;
mod invite;
mod leave;
mod list;
mod offer_assistance;
mod remove;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(list::list, invite::invite))
        .routes(routes!(remove::remove))
        .routes(routes!(offer_assistance::offer))
        .routes(routes!(begin_assistance::begin))
        .routes(routes!(end_assistance::end))
        .routes(routes!(helped::list))
        .routes(routes!(answer::answer, leave::leave))
        .split_for_parts();
    (router.with_state(app), description)
}
