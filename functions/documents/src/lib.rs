//! The vault: documents deposited, listed, read and edited.
//!
//! Must not know: AWS, other functions, nor who may do what.

mod announce;
mod app;
mod complete_upload;
mod content;
mod delete;
mod delete_many;
mod deposit;
mod edit;
mod entry;
mod folders;
mod form;
mod keep;
mod list;
mod read;
mod read_upload;
mod search;
mod target;
mod upload_view;
mod versions;
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
        .routes(routes!(folders::list))
        .routes(routes!(read::read, edit::edit, delete::delete))
        .routes(routes!(content::read))
        .routes(routes!(versions::list, versions::deposit))
        .routes(routes!(content::read_version))
        .routes(routes!(read_upload::read))
        .routes(routes!(complete_upload::complete))
        .routes(routes!(delete_many::delete))
        .split_for_parts();
    let router = router.layer(DefaultBodyLimit::max(form::FORM_BYTES_MAX));
    (router.with_state(app), description)
}
