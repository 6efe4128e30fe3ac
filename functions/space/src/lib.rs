//! The life of a space in its holder's hands: where it stands, closing, reopening,
//! erasing, taking everything away.
//!
//! Must not know: AWS, other functions, nor documents.

mod app;
mod ask_export;
mod both;
mod close;
mod confirm;
mod export_content;
mod import;
mod read;
mod read_export;
mod reopen;
mod unlock_export;
mod word;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(read::read))
        .routes(routes!(close::close, both::withdraw))
        .routes(routes!(reopen::reopen))
        .routes(routes!(ask_export::ask, read_export::list))
        .routes(routes!(read_export::read))
        .routes(routes!(import::ask))
        .routes(routes!(import::read))
        .routes(routes!(import::complete))
        .routes(routes!(unlock_export::unlock))
        .routes(routes!(export_content::read))
        .split_for_parts();
    (router.with_state(app), description)
}
