//! The vault: documents deposited, listed, read and edited.
//!
//! Must not know: AWS, other functions, nor who may do what.

mod app;
mod content;
mod delete;
mod deposit;
mod disposition;
mod edit;
mod entry;
mod form;
mod list;
mod patient;
mod range;
mod read;
mod search;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(list::list, deposit::deposit))
        .routes(routes!(search::search))
        .routes(routes!(read::read, edit::edit, delete::delete))
        .routes(routes!(content::read))
        .split_for_parts();
    let router = router.layer(DefaultBodyLimit::max(form::FORM_BYTES_MAX));
    (router.with_state(app), description)
}
