//! `GET /v1/spaces/{spaceId}`: where a space stands and whose it is.
//!
//! Must not know: how a space came to be.

use axum::Json;
use axum::extract::{Path, State};
use espace_crypto::SealingKey;
use espace_domain::{SpaceId, SpaceState, paris_date};
use espace_http::{AnyCitizen, Problem, ProblemBody, ProblemKind};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The name that stands for the caller's own space.
const ME: &str = "me";

/// A space that stands, or what is left of it for its holder.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SpaceView {
    /// It stands.
    Standing(StandingView),
    /// Its holder closed it.
    Closed(ClosedView),
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClosedView {
    #[schema(value_type = String)]
    space_id: SpaceId,
    /// `closed`.
    state: &'static str,
    closed_at: Timestamp,
    /// When it is erased, unless it is reopened.
    erasure_due_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StandingView {
    #[schema(value_type = String)]
    space_id: SpaceId,
    /// `open`, `active`.
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

/// Where a space stands and whose it is. `me` is the caller's own; that of someone
/// they act for is named by its id; another's does not exist for them.
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
    any: AnyCitizen,
    Path(space_id): Path<String>,
) -> Result<Json<SpaceView>, Problem> {
    let own = any.citizen.space_id;
    let today = paris_date(app.clock.now());
    let named = match space_id.as_str() {
        ME => own.clone(),
        named => SpaceId::parse(named).map_err(|_| ProblemKind::NotFound)?,
    };
    if any.archived {
        return if named == own {
            closed(&app, &own).await
        } else {
            Err(ProblemKind::SpaceClosed.into())
        };
    }
    let own_key = app.space_keys.content(&own).await?.ok_or(ProblemKind::NotFound)?;
    if named == own {
        let links = app.representations.of_representative(&own).await?;
        let mut dependants = Vec::new();
        for link in links {
            let details = link.open(&own_key)?;
            // On the 18th birthday it ends by itself, whether or not the job has run.
            if details.holds_on(today) {
                let first_name = details.first_name;
                dependants.push(Dependant { space_id: link.person, first_name });
            }
        }
        return view(&app, &own, &own_key, dependants).await;
    }
    let link = app.representations.find(&own, &named).await?.ok_or(ProblemKind::NotFound)?;
    if !link.open(&own_key)?.holds_on(today) {
        return Err(ProblemKind::NotFound.into());
    }
    let key = app.space_keys.content(&named).await?.ok_or(ProblemKind::NotFound)?;
    view(&app, &named, &key, Vec::new()).await
}

/// A space as its holder, or who acts for them, sees it.
async fn view(
    app: &App,
    space_id: &SpaceId,
    key: &SealingKey,
    dependants: Vec<Dependant>,
) -> Result<Json<SpaceView>, Problem> {
    let space = app.spaces.find(space_id).await?.ok_or(ProblemKind::NotFound)?;
    if space.suspension.is_some() {
        return Err(ProblemKind::NotFound.into());
    }
    if matches!(space.state, SpaceState::Closed { .. } | SpaceState::Erased { .. }) {
        return Err(ProblemKind::NotFound.into());
    }
    let holder = space.holder(key)?;
    Ok(Json(SpaceView::Standing(StandingView {
        state: space.state.name(),
        space_id: space.space_id,
        holder: Holder {
            first_name: holder.first_name().to_owned(),
            last_name: holder.last_name().to_owned(),
            birth_date: holder.birth_date,
        },
        dependants,
    })))
}

/// What is left of a closed space for its holder.
async fn closed(app: &App, space_id: &SpaceId) -> Result<Json<SpaceView>, Problem> {
    let space = app.spaces.find(space_id).await?.ok_or(ProblemKind::NotFound)?;
    let state = space.state.name();
    match space.state {
        SpaceState::Closed { closed_at, erasure_due_at } => {
            let space_id = space.space_id;
            Ok(Json(SpaceView::Closed(ClosedView { space_id, state, closed_at, erasure_due_at })))
        }
        _ => Err(ProblemKind::NotFound.into()),
    }
}
