//! `DELETE /v1/spaces/{spaceId}/consents/{grantId}`: a professional may read no more.
//!
//! Must not know: how consent was given.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Permit, Visit};
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
    let opened = visit.opened(&permit)?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let named =
        |tie: &Tie| tie.grant.as_ref().is_some_and(|grant| grant.grant_id.as_str() == grant_id);
    let found = known.iter().find_map(|(entry, found)| match &found.value {
        Choice::Tie(tie) if named(tie) => Some((entry, tie, found.version)),
        _ => None,
    });
    let (entry, tie, version) = found.ok_or(ProblemKind::NotFound)?;
    let mut tie = tie.clone();
    let mut changes = leave_teams(&app, (&visit, &permit), &known, &tie.rpps)?;
    tie.withdraw();
    let whom = format!("professional:{}", tie.rpps);
    let choice = Versioned { value: Choice::Tie(tie), version };
    changes.push(put(&app, (&visit, &permit), entry, &choice)?);
    let elements = [grant_id.as_str(), &whom];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The writes by which a professional's consent no longer counts for colleagues, wherever
/// it did.
pub(crate) fn leave_teams(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    known: &[(String, Versioned<Choice>)],
    rpps: &str,
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for (entry, found) in known {
        if let Choice::Team(team) = &found.value
            && team.members.contains_key(rpps)
        {
            let mut team = team.clone();
            team.members.remove(rpps);
            let choice = Versioned { value: Choice::Team(team), version: found.version };
            changes.push(put(app, (visit, permit), entry, &choice)?);
        }
    }
    Ok(changes)
}
