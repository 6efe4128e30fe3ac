//! Conversations (*échanges*, `domain.md` B9): a professional opens one, the person answers;
//! pharmacies may be written to first. Numbered, so that both sides see one order; a message
//! sent twice under one key is one message.
//!
//! Must not know: AWS, other functions, nor how a mail travels.

mod answer;
mod app;
mod arrange;
mod attachment;
mod close;
mod compose;
mod drop_draft;
mod file_attachment;
mod inbox;
mod keep_draft;
mod list;
mod mark_read;
mod open;
mod read;
mod read_draft;
mod search;
mod view;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use app::App;

/// The routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    let (router, description) = OpenApiRouter::new()
        .routes(routes!(list::list, open::open))
        .routes(routes!(search::search))
        .routes(routes!(read::read, arrange::arrange))
        .routes(routes!(answer::answer))
        .routes(routes!(mark_read::mark))
        .routes(routes!(close::close))
        .routes(routes!(read_draft::read, keep_draft::keep, drop_draft::drop_draft))
        .routes(routes!(attachment::read))
        .routes(routes!(file_attachment::file))
        .routes(routes!(inbox::list))
        .split_for_parts();
    (router.with_state(app), description)
}
