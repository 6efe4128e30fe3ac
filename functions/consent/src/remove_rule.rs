//! `DELETE /v1/spaces/{spaceId}/rules/{ruleId}`: nothing is chosen any more about one
//! document for one professional.
//!
//! Must not know: what was chosen.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::Rule;
use espace_domain::decision::{Action, Chain, Party};
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_storage::Choice;

use crate::App;

/// Removes a choice about one document for one professional: what holds for everyone holds
/// for them again.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/rules/{ruleId}", operation_id = "removeDocumentRule",
    tag = "consent", params(("spaceId" = String, Path), ("ruleId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, rule_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let action = Action::SetDocumentRule;
    let (visit, permit) = app.guard.enter(&bearer, &space_id, action).await?;
    let key = &visit.opened(&permit)?.content_key;
    let known = app.consents.list(&visit.space_id, key).await?;
    let found = known.iter().find_map(|(entry, found)| match &found.value {
        Choice::Rule(rule) if rule.rule_id.as_str() == rule_id => Some((entry, rule)),
        _ => None,
    });
    let (entry, rule) =
        found.filter(|(_, rule)| is_shown(rule, visit.party)).ok_or(ProblemKind::NotFound)?;
    let mut changes = vec![app.consents.remove(&visit.space_id, entry)?];
    // A document that was deleted since took its own half of the choice with it.
    let document = app.documents.find(&visit.space_id, &rule.document_id, key).await?;
    let facts = document.as_ref().map(|document| visit.facts(document));
    // What is hidden from who asks is not theirs to choose about: decided as for the document.
    let about = [rule.document_id.as_str()];
    let permit = app.guard.permit_for(&visit, action, facts, &about).await?;
    if let Some(mut document) = document {
        document.details.rules.remove(&rule.rpps);
        let random = app.random.as_ref();
        changes.push(app.documents.replace(&visit.space_id, &document, key, random)?);
    }
    let whom = format!("professional:{}", rule.rpps);
    let elements = [rule.document_id.as_str(), &whom, "effect:none"];
    let done = Done {
        elements: &elements,
        changes: &changes,
        raises_epoch: true,
        // Of what was secret, its own chain tells, also when it is gone.
        chain: rule.secret.then_some(Chain::Secret),
        ..Done::default()
    };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a choice is shown: what is about secret care, to the holder alone.
pub(crate) fn is_shown(rule: &Rule, party: Party) -> bool {
    party == Party::Holder || !rule.secret
}
