//! The description of the API (`OpenAPI` 3.1), put together from the functions'
//! own. Must not know the functions.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

/// Joins the descriptions of the functions into the API's.
pub fn document(parts: Vec<OpenApi>) -> OpenApi {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "An access token of ours (JWT), or an enrolment token where a route says so".to_owned(),
    );
    let components =
        ComponentsBuilder::new().security_scheme("bearer", SecurityScheme::Http(bearer)).build();
    let info = InfoBuilder::new()
        .title("Espace santé")
        .version("1")
        .description(Some(
            "A personal health record. Errors are problem documents (RFC 9457); \
             `x-actors` names who may call an operation.",
        ))
        .build();
    let mut whole = OpenApiBuilder::new().info(info).components(Some(components)).build();
    for part in parts {
        whole.merge(part);
    }
    whole
}
