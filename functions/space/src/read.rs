//! `GET /v1/spaces/{spaceId}`: where a space stands and whose it is.
//!
//! Must not know: how a space came to be.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::SpaceId;
use espace_http::{Citizen, Problem, ProblemBody, ProblemKind};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The name that stands for the caller's own space.
const ME: &str = "me";

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceView {
    #[schema(value_type = String)]
    space_id: SpaceId,
    /// `open`, `active`, `closed`.
    state: &'static str,
    holder: Holder,
    /// The spaces of those the holder acts for.
    dependants: Vec<Dependant>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    first_name: String,
    last_name: String,
    birth_date: Date,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependant {
    #[schema(value_type = String)]
    space_id: SpaceId,
    first_name: String,
}

/// Where a space stands and whose it is. `me` is the caller's own; another's
/// does not exist for them.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}", operation_id = "readSpace", tag = "space",
    params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = SpaceView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    citizen: Citizen,
    Path(space_id): Path<String>,
) -> Result<Json<SpaceView>, Problem> {
    let own = citizen.space_id;
    if space_id != ME && SpaceId::parse(&space_id).ok().as_ref() != Some(&own) {
        return Err(ProblemKind::NotFound.into());
    }
    let (space, key) = tokio::try_join!(app.spaces.find(&own), app.space_keys.content(&own))?;
    let (Some(space), Some(key)) = (space, key) else {
        return Err(ProblemKind::NotFound.into());
    };
    let holder = space.holder(&key)?;
    Ok(Json(SpaceView {
        state: space.state.name(),
        space_id: space.space_id,
        holder: Holder {
            first_name: holder.first_name().to_owned(),
            last_name: holder.last_name().to_owned(),
            birth_date: holder.birth_date,
        },
        dependants: Vec::new(),
    }))
}
