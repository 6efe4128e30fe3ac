//! Who may read what, and what they read: consent, blocks, emergencies, presence, the
//! accesses of professionals, the log of all accesses.
//!
//! Must not know: AWS, other functions, nor what is in a document.

mod access_log;
mod app;
mod block;
mod contest;
mod download;
mod emergency;
mod give;
mod list;
mod open_access;
mod presence;
mod professional_notices;
mod read_anchor;
mod remove_rule;
mod set_rule;
mod shown;
mod unblock;
mod verification;
mod withdraw;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(list::list, give::give))
        .routes(routes!(withdraw::withdraw))
        .routes(routes!(emergency::choose))
        .routes(routes!(block::block))
        .routes(routes!(unblock::unblock))
        .routes(routes!(set_rule::set))
        .routes(routes!(remove_rule::remove))
        .routes(routes!(professional_notices::read))
        .routes(routes!(presence::issue))
        .routes(routes!(open_access::open))
        .routes(routes!(access_log::list))
        .routes(routes!(verification::verify))
        .routes(routes!(download::download))
        .routes(routes!(contest::contest))
        .routes(routes!(read_anchor::read))
        .split_for_parts();
    (router.with_state(app), description)
}
