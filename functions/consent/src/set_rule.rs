//! `POST /v1/spaces/{spaceId}/documents/{documentId}/rules`: one document is hidden from,
//! or shown to, one professional.
//!
//! Must not know: what is in the document.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::{Action, RuleEffect};
use espace_domain::{DocumentId, Rule, RuleId};
use espace_http::{Bearer, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Choice, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::give::{put, read_rpps};

/// Most professionals for whom something was chosen about one document.
const RULES_PER_DOCUMENT_MAX: usize = 100;
/// Most such choices of one space: what is chosen is listed whole.
const RULES_MAX: usize = 2_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewRule {
    /// Eleven digits.
    rpps: String,
    /// `show`: although it is masked. `hide`: although others see it.
    #[schema(value_type = String)]
    effect: RuleEffect,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MadeRule {
    #[schema(value_type = String)]
    rule_id: RuleId,
}

/// Hides one document from one professional, or shows it to them although it is masked.
/// Chosen again for the same, it is changed and keeps its name. The matrix of professions
/// and types holds all the same.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/documents/{documentId}/rules",
    operation_id = "setDocumentRule", tag = "consent", request_body = NewRule,
    params(("spaceId" = String, Path), ("documentId" = String, Path)),
    responses(
        (status = 201, body = MadeRule),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn set(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, document_id)): Path<(String, String)>,
    body: Result<JsonBody<NewRule>, Problem>,
) -> Result<(StatusCode, Json<MadeRule>), Problem> {
    let action = Action::SetDocumentRule;
    let visit = app.guard.visit_document(&bearer, &space_id, &document_id, action).await?;
    let is_name = DocumentId::parse(&document_id).is_ok();
    let about = Vec::from_iter(is_name.then_some(document_id.as_str()));
    let permit = app.guard.permit(&visit, action, &about).await?;
    let opened = visit.opened(&permit)?;
    let Some(mut document) = opened.document.clone() else {
        return Err(app.guard.absent(&visit, action, &about).await);
    };
    let input = body?.value;
    let rpps = read_rpps(&input.rpps)?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let entry = visit.names.rule(&visit.space_id, &document.document_id, &rpps);
    let standing = known.iter().find(|(name, _)| *name == entry);
    let (before, version) = match standing {
        Some((_, Versioned { value: Choice::Rule(rule), version })) => (Some(rule), *version),
        _ => (None, None),
    };
    let rules = &mut document.details.rules;
    let chosen = known.iter().filter(|(_, found)| matches!(found.value, Choice::Rule(_))).count();
    if before.is_none() && (rules.len() >= RULES_PER_DOCUMENT_MAX || chosen >= RULES_MAX) {
        return Err(ProblemKind::TooManyProfessionals.into());
    }
    rules.insert(rpps.clone(), input.effect);
    let name = known.iter().find_map(|(_, found)| match &found.value {
        Choice::Tie(tie) if tie.rpps == rpps => tie.name.clone(),
        _ => None,
    });
    let random = app.random.as_ref();
    let rule_id = before.map_or_else(|| RuleId::generate(random), |before| before.rule_id.clone());
    let rule = Rule {
        rule_id: rule_id.clone(),
        document_id: document.document_id.clone(),
        rpps: rpps.clone(),
        name,
        effect: input.effect,
        since: visit.now,
        secret: document.details.invisible_representatives,
    };
    let key = &opened.content_key;
    let choice = Versioned { value: Choice::Rule(rule), version };
    let changes = [
        app.documents.replace(&visit.space_id, &document, key, random)?,
        put(&app, (&visit, &permit), &entry, &choice)?,
    ];
    let whom = format!("professional:{rpps}");
    let effect = match input.effect {
        RuleEffect::Show => "effect:show",
        RuleEffect::Hide => "effect:hide",
    };
    let elements = [document_id.as_str(), &whom, effect];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::CREATED, Json(MadeRule { rule_id })))
}
