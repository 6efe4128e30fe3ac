//! `GET /v1/spaces/{spaceId}/consents`: who may read, who may not, what is allowed in
//! emergencies.
//!
//! Must not know: how a choice is found again.

use axum::Json;
use axum::extract::{Path, State};
use espace_domain::decision::{Action, EmergencyChoices, RuleEffect, Standing};
use espace_domain::{BlockId, ConsentForm, DocumentId, GrantId, MatrixGroup, RuleId};
use espace_http::{Bearer, Problem, ProblemBody};
use espace_storage::Choice;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::remove_rule::is_shown;

/// What a holder chose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentsView {
    professionals: Vec<GrantView>,
    blocked: Vec<BlockView>,
    /// Documents shown to, or hidden from, one professional.
    rules: Vec<RuleView>,
    emergency: EmergencyView,
    /// The treating doctor the insurer knows of, until the holder chooses one or blocks
    /// them: proposed, not let in.
    proposed: Option<ProposedView>,
}

/// A professional the holder may choose.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProposedView {
    rpps: String,
    role: RoleView,
}

/// What the holder chose about one document for one professional.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleView {
    #[schema(value_type = String)]
    rule_id: RuleId,
    #[schema(value_type = String)]
    document_id: DocumentId,
    rpps: String,
    name: Option<String>,
    /// `show`, `hide`.
    #[schema(value_type = String)]
    effect: RuleEffect,
    since: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantView {
    #[schema(value_type = String)]
    grant_id: GrantId,
    rpps: String,
    /// Known once they have come.
    name: Option<String>,
    /// The profession's code; known once they have come.
    profession: Option<String>,
    /// The profession in French.
    profession_name: Option<&'static str>,
    role: Option<RoleView>,
    /// When it ends by itself.
    until: Option<Timestamp>,
    since: Timestamp,
    /// `inSpace`, `oral`, `written`.
    #[schema(value_type = String)]
    given: ConsentForm,
    /// The structure whose other professionals it lets in too.
    structure: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockView {
    #[schema(value_type = String)]
    block_id: BlockId,
    rpps: String,
    name: Option<String>,
    since: Timestamp,
}

/// What is allowed in emergencies: everything, unless the holder objected.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EmergencyView {
    /// Whether the SAMU's regulation may read.
    pub(crate) regulation: bool,
    /// Whether a professional may break the glass, with a written reason.
    pub(crate) break_glass: bool,
    /// Whether masked documents show then.
    pub(crate) show_masked: bool,
    /// `false` where heirs are given nothing after the holder's death. Not said where they may
    /// be given what the law lets them have; left out of a choice, it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) heirs: Option<bool>,
}

/// What a holder chose a professional as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RoleView {
    /// *Médecin traitant*.
    TreatingDoctor,
    /// *Médecin administrateur*.
    Administrator,
    /// *Sage-femme référente*.
    ReferentMidwife,
    /// *Pharmacien correspondant*.
    CorrespondentPharmacist,
}

/// Lists what the holder chose.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/consents", operation_id = "readConsents", tag = "consent",
    params(("spaceId" = String, Path)),
    responses(
        (status = 200, body = ConsentsView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<Json<ConsentsView>, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::ReadConsents).await?;
    app.guard.record(&visit, &permit, espace_access::Done::default()).await?;
    let opened = visit.opened(&permit)?;
    let mut view = ConsentsView {
        professionals: Vec::new(),
        blocked: Vec::new(),
        rules: Vec::new(),
        proposed: None,
        emergency: EmergencyChoices::default().into(),
    };
    for (_, found) in app.consents.list(&visit.space_id, &opened.content_key).await? {
        match found.value {
            Choice::Tie(tie) => {
                let Some(grant) = tie.grant_at(visit.now).cloned() else {
                    continue;
                };
                let profession = tie.profession;
                view.professionals.push(GrantView {
                    grant_id: grant.grant_id,
                    rpps: tie.rpps,
                    name: tie.name,
                    profession_name: profession
                        .as_deref()
                        .and_then(MatrixGroup::profession_display),
                    profession,
                    role: grant.role.map(RoleView::from),
                    until: grant.until,
                    since: grant.since,
                    given: grant.given,
                    structure: grant.structure,
                });
            }
            Choice::Block(block) => view.blocked.push(BlockView {
                block_id: block.block_id,
                rpps: block.rpps,
                name: block.name,
                since: block.since,
            }),
            Choice::Rule(rule) if is_shown(&rule, visit.party) => view.rules.push(RuleView {
                rule_id: rule.rule_id,
                document_id: rule.document_id,
                rpps: rule.rpps,
                name: rule.name,
                effect: rule.effect,
                since: rule.since,
            }),
            Choice::Emergencies(choices) => view.emergency = choices.into(),
            Choice::Team(_)
            | Choice::Emergency(_)
            | Choice::Rule(_)
            | Choice::Assistance(_)
            | Choice::Heir(_)
            | Choice::Admission(_)
            | Choice::Notifications(_)
            | Choice::Closure(_)
            | Choice::Caregiver(_) => {}
        }
    }
    view.proposed = proposed(&view, opened.known_treating_doctor.clone());
    view.rules.sort_by_key(|rule| std::cmp::Reverse(rule.since));
    view.professionals.sort_by_key(|grant| std::cmp::Reverse(grant.since));
    view.blocked.sort_by_key(|block| std::cmp::Reverse(block.since));
    Ok(Json(view))
}

/// Whom the holder may want as their treating doctor: nobody where they have one, or keep
/// this one out.
fn proposed(view: &ConsentsView, known: Option<String>) -> Option<ProposedView> {
    let role = RoleView::TreatingDoctor;
    let has_one = view.professionals.iter().any(|grant| grant.role == Some(role));
    let is_blocked = |rpps: &String| view.blocked.iter().any(|block| block.rpps == *rpps);
    known.filter(|rpps| !has_one && !is_blocked(rpps)).map(|rpps| ProposedView { rpps, role })
}

impl From<EmergencyChoices> for EmergencyView {
    fn from(choices: EmergencyChoices) -> Self {
        let EmergencyChoices { regulation, break_glass, show_masked, heirs } = choices;
        Self { regulation, break_glass, show_masked, heirs: (!heirs).then_some(false) }
    }
}

impl EmergencyView {
    /// What is chosen now, of what was chosen before.
    pub(crate) fn after(self, before: EmergencyChoices) -> EmergencyChoices {
        let Self { regulation, break_glass, show_masked, heirs } = self;
        let heirs = heirs.unwrap_or(before.heirs);
        EmergencyChoices { regulation, break_glass, show_masked, heirs }
    }
}

impl From<Standing> for RoleView {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::TreatingDoctor => Self::TreatingDoctor,
            Standing::Administrator => Self::Administrator,
            Standing::ReferentMidwife => Self::ReferentMidwife,
            Standing::CorrespondentPharmacist => Self::CorrespondentPharmacist,
        }
    }
}

impl From<RoleView> for Standing {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::TreatingDoctor => Self::TreatingDoctor,
            RoleView::Administrator => Self::Administrator,
            RoleView::ReferentMidwife => Self::ReferentMidwife,
            RoleView::CorrespondentPharmacist => Self::CorrespondentPharmacist,
        }
    }
}
