//! `POST /v1/spaces/{spaceId}/documents/search`: health words never travel in a URL.
//!
//! Must not know: how entries are read.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::Action;
use espace_domain::search_words;
use espace_http::{Bearer, JsonBody, Page, Problem, ProblemBody};
use espace_storage::Document;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::list::{DocumentList, pages};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Search {
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    type_code: Option<String>,
    /// The first day.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    from: Option<Date>,
    /// The last day.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    to: Option<Date>,
    /// Words of the title, whatever their accents and case.
    #[serde(default)]
    text: Option<String>,
    /// The holder's side: in this folder alone.
    #[serde(default)]
    folder: Option<String>,
    /// Whether archived documents are wanted too.
    #[serde(default)]
    archived: bool,
}

/// Searches documents, newest first.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents/search", operation_id = "searchDocuments",
    tag = "documents", params(("spaceId" = String, Path), Page), request_body = Search,
    responses(
        (status = 200, body = DocumentList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "professional", "support"]))),
)]
pub(crate) async fn search(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    page: Result<Page, Problem>,
    body: Result<JsonBody<Search>, Problem>,
) -> Result<Json<DocumentList>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ListDocuments).await?;
    let (page, search) = (page?, body?.value);
    app.guard.record(&visit, &permit, Done::default()).await?;
    let text = search.text.as_deref().unwrap_or_default();
    let words = search_words(text);
    // A text of which no word is left finds nothing, rather than everything.
    let asks_nothing = words.is_empty() && !text.trim().is_empty();
    let wanted = |document: &Document| {
        let details = &document.details;
        let title = search_words(&details.title);
        let kind = details.document_type;
        search.category.as_deref().is_none_or(|category| kind.category() == Some(category))
            && search.type_code.as_deref().is_none_or(|code| kind.code() == code)
            && search.from.is_none_or(|from| details.event_date >= from)
            && search.to.is_none_or(|to| details.event_date <= to)
            && !asks_nothing
            && search.folder.as_ref().is_none_or(|folder| {
                visit.party.is_own_side() && details.folder.as_ref() == Some(folder)
            })
            && words.iter().all(|word| title.iter().any(|own| own.contains(word.as_str())))
            && (search.archived || !visit.party.is_own_side() || !details.archived)
    };
    pages(&app, (&visit, &permit), &page, wanted).await.map(Json)
}
