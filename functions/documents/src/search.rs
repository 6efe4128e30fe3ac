//! `POST /v1/spaces/{spaceId}/documents/search`: health words never travel in a URL.
//!
//! Must not know: how entries are read.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::Action;
use espace_http::{Bearer, JsonBody, Page, Problem, ProblemBody};
use espace_storage::Document;
use jiff::civil::Date;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
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
    let words = words(text);
    // A text of which no word is left finds nothing, rather than everything.
    let asks_nothing = words.is_empty() && !text.trim().is_empty();
    let wanted = |document: &Document| {
        let details = &document.details;
        let title = crate::search::words(&details.title);
        let kind = details.document_type;
        search.category.as_deref().is_none_or(|category| kind.category() == Some(category))
            && search.type_code.as_deref().is_none_or(|code| kind.code() == code)
            && search.from.is_none_or(|from| details.event_date >= from)
            && search.to.is_none_or(|to| details.event_date <= to)
            && !asks_nothing
            && words.iter().all(|word| title.iter().any(|own| own.contains(word.as_str())))
            && (search.archived || !visit.party.is_own_side() || !details.archived)
    };
    pages(&app, (&visit, &permit), &page, wanted).await.map(Json)
}

/// The words of a text as they are compared: without accents, in lower case.
fn words(text: &str) -> Vec<String> {
    let spelled = text.to_lowercase().replace('œ', "oe").replace('æ', "ae");
    let bare: String = spelled.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let words = bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_accents_and_with_their_numbers() {
        assert_eq!(words("Échographie du cœur, 2024"), ["echographie", "du", "coeur", "2024"]);
        assert!(words(" -- ").is_empty());
    }
}
