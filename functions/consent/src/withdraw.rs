//! `DELETE /v1/spaces/{spaceId}/consents/{grantId}`: a professional may read no more.
//!
//! Must not know: how consent was given.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Visit};
use espace_domain::Tie;
use espace_domain::decision::Action;
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::{Change, Choice, Versioned};

use crate::App;
use crate::give::put;

/// Withdraws consent: the professional's access ends at once, and a colleague's consent
/// does not count for them.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/consents/{grantId}", operation_id = "withdrawConsent",
    tag = "consent", params(("spaceId" = String, Path), ("grantId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, grant_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::WithdrawConsent).await?;
    let opened = visit.opened()?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let named =
        |tie: &Tie| tie.grant.as_ref().is_some_and(|grant| grant.grant_id.as_str() == grant_id);
    let found = known.iter().find_map(|(entry, found)| match &found.value {
        Choice::Tie(tie) if named(tie) => Some((entry, tie, found.version)),
        _ => None,
    });
    let (entry, tie, version) = found.ok_or(ProblemKind::NotFound)?;
    let mut tie = tie.clone();
    let mut changes = leave_team(&app, &visit, &known, &tie)?;
    tie.withdraw();
    changes.push(put(&app, &visit, entry, &Versioned { value: Choice::Tie(tie), version })?);
    let elements = [grant_id.as_str()];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The write by which a professional's consent no longer counts for their colleagues.
pub(crate) fn leave_team(
    app: &App,
    visit: &Visit,
    known: &[(String, Versioned<Choice>)],
    tie: &Tie,
) -> Result<Vec<Change>, Problem> {
    let Some(structure) = &tie.structure else {
        return Ok(Vec::new());
    };
    let name = visit.names.team(&visit.space_id, structure);
    for (entry, found) in known {
        if let Choice::Team(team) = &found.value
            && *entry == name
            && team.members.contains_key(&tie.rpps)
        {
            let mut team = team.clone();
            team.members.remove(&tie.rpps);
            let choice = Versioned { value: Choice::Team(team), version: found.version };
            return Ok(vec![put(app, visit, entry, &choice)?]);
        }
    }
    Ok(Vec::new())
}
