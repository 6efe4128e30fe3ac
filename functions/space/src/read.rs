//! `GET /v1/spaces/{spaceId}`: where a space stands and whose it is.
//!
//! Must not know: how a space came to be.

use axum::Json;
use axum::extract::{Path, State};
use espace_access::Done;
use espace_domain::decision::{Action, Party};
use espace_domain::{SpaceId, SpaceState, paris_date};
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::LinkKind;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

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
    /// Of a child's space, for a representative: the closing that one of them asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    closure: Option<ClosureView>,
    /// The spaces of those the holder acts for.
    dependants: Vec<Dependant>,
    /// Those who died, of whose documents the caller may ask a copy as an heir.
    estates: Vec<Estate>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    first_name: String,
    last_name: String,
    birth_date: Date,
}

/// A closing that takes the other representative's word too.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClosureView {
    asked_at: Timestamp,
    /// Until when the other may agree.
    until: Timestamp,
    /// Whether it was asked to erase it.
    erase_now: bool,
    /// Whether the caller asked.
    by_you: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependant {
    #[schema(value_type = String)]
    space_id: SpaceId,
    first_name: String,
}

/// Someone who died, of whose documents the caller may ask a copy as an heir.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Estate {
    #[schema(value_type = String)]
    space_id: SpaceId,
    first_name: String,
    /// Until when it may be asked for.
    until: Timestamp,
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
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen", "support"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<SpaceView>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ReadSpace).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    let opened = visit.opened(&permit)?;
    let space_id = visit.space_id.clone();
    let state = opened.space.state.name();
    if let SpaceState::Closed { closed_at, erasure_due_at, .. } = opened.space.state {
        let closed = ClosedView { space_id, state, closed_at, erasure_due_at };
        return Ok(Json(SpaceView::Closed(closed)));
    }
    let (mut dependants, mut estates) = (Vec::new(), Vec::new());
    if visit.party == Party::Holder {
        let today = paris_date(visit.now);
        for link in app.representations.of_holder(&space_id).await? {
            let details = link.open(&opened.content_key)?;
            let (space_id, first_name) = (link.person, details.first_name.clone());
            match link.kind {
                // On the 18th birthday it ends by itself, whether or not the job has run.
                LinkKind::Representative if details.holds_on(today) => {
                    dependants.push(Dependant { space_id, first_name });
                }
                LinkKind::Heir => {
                    let left = details.inheritance.filter(|left| visit.now < left.until);
                    estates.extend(left.map(|left| Estate {
                        space_id,
                        first_name,
                        until: left.until,
                    }));
                }
                LinkKind::Representative | LinkKind::Caregiver => {}
            }
        }
    }
    let holder = Holder {
        first_name: opened.holder.first_name().to_owned(),
        last_name: opened.holder.last_name().to_owned(),
        birth_date: opened.holder.birth_date,
    };
    let closure = match (visit.party, &opened.own) {
        (Party::Representative, Some(own)) => app
            .consents
            .closure(&space_id, &opened.content_key)
            .await?
            .filter(|found| visit.now < found.value.until())
            .map(|found| ClosureView {
                asked_at: found.value.at,
                until: found.value.until(),
                erase_now: found.value.erase,
                by_you: found.value.by == own.space.space_id,
            }),
        _ => None,
    };
    let standing = StandingView { space_id, state, holder, closure, dependants, estates };
    Ok(Json(SpaceView::Standing(standing)))
}
