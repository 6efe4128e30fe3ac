//! `GET /v1/spaces/{spaceId}/access-log`: who did what, when, how, and about which
//! elements.
//!
//! Must not know: how traces are written.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, Query, State};
use espace_access::{Done, Permit, Visit};
use espace_domain::decision::{AccessMode, Action, Chain, Party, Situation, decide};
use espace_domain::{AccessId, DocumentId, MatrixGroup, Outcome, Trace, TraceActor};
use espace_http::{Bearer, Page, Problem, ProblemBody, ProblemKind};
use espace_notifications::log_sentence;
use espace_storage::StoredTrace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::shown::{shown_chain, shown_head};

/// The list that cursors are of.
const LIST: &str = "access-log";

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogView {
    items: Vec<TraceView>,
    next: Option<String>,
}

/// One trace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TraceView {
    /// `ordinary`, `secret`, `pending`, `pendingSecret`.
    #[schema(value_type = String)]
    chain: Chain,
    /// Its number in the chain, from 1.
    sequence: u64,
    at: Timestamp,
    actor: ActorView,
    /// How a professional had come in: `normal`, `breakGlass`, `regulation`.
    #[schema(value_type = Option<String>)]
    mode: Option<AccessMode>,
    action: String,
    /// What happened, in French.
    sentence: String,
    /// What it was about: ids of documents, of consents.
    elements: Vec<String>,
    /// The documents it was about that are still there, by their titles.
    documents: Vec<TitledDocument>,
    /// The reason written in an emergency; for the holder alone.
    emergency_reason: Option<String>,
    /// `allowed`, `refused`, `failed`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// Why it was refused.
    reason: Option<String>,
    /// Why the holder contests it.
    contested: Option<String>,
    previous_hash: String,
    hash: String,
}

/// A document that the viewer may see.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TitledDocument {
    document_id: String,
    title: String,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActorView {
    /// `professional`, `representative`, `holder`…
    kind: String,
    /// A professional's RPPS number.
    id: Option<String>,
    name: Option<String>,
    /// The profession's code.
    profession: Option<String>,
    /// The profession in French.
    profession_name: Option<&'static str>,
    structure: Option<String>,
}

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// Entries of the page: 1 to 200, 50 where none are asked for.
    #[serde(default)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// `ordinary` where none is named; `secret` is the holder's alone. Of `pending` and
    /// `pendingSecret` the beginning is shown, up to what still waits for the announcement
    /// consultation.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    chain: Option<Chain>,
}

/// Lists a chain of the log, newest first.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/access-log", operation_id = "readAccessLog",
    tag = "consent", params(("spaceId" = String, Path), LogQuery),
    responses(
        (status = 200, body = LogView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    query: Result<Query<LogQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<LogView>, Problem> {
    let (visit, permit) = enter(&app, &bearer, &space_id).await?;
    let Query(query) = query.map_err(|_| ProblemKind::InvalidParameter)?;
    let page = Page::new(query.limit, query.cursor)?;
    let chain = shown_chain(&visit, query.chain)?;
    let opened = visit.opened(&permit)?;
    let list = format!("{LIST}.{}", chain.name());
    let from: Option<u64> = page.start(&opened.content_key, &list)?;
    let shown = shown_head(&app, (&visit, &permit), &opened.space, chain).await?.sequence;
    if shown == 0 && chain.is_pending() {
        return Ok(Json(LogView { items: Vec::new(), next: None }));
    }
    let from = if chain.is_pending() { Some(from.unwrap_or(shown).min(shown)) } else { from };
    let traces = app.guard.acts().traces();
    let (found, next) =
        traces.newest(&visit.space_id, chain, from, page.limit(), &opened.trace_key).await?;
    let items = views(&app, (&visit, &permit), found).await?;
    let random = app.random.as_ref();
    let next =
        next.map(|from| Page::cursor(&opened.content_key, &list, &from, random)).transpose()?;
    Ok(Json(LogView { items, next }))
}

/// Lets a reader of the log in. Anyone but the holder leaves a trace in it.
pub(crate) async fn enter(
    app: &App,
    bearer: &Bearer,
    space_id: &str,
) -> Result<(Visit, Permit), Problem> {
    let (visit, permit) = app.guard.enter(bearer, space_id, Action::ReadAccessLog).await?;
    app.guard.record(&visit, &permit, Done::default()).await?;
    Ok((visit, permit))
}

/// The traces, with what is not in them for ever: the titles of documents that are still
/// there, and the reasons written in emergencies.
async fn views(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    found: Vec<StoredTrace>,
) -> Result<Vec<TraceView>, Problem> {
    let key = &visit.opened(permit)?.content_key;
    let mut traces = Vec::with_capacity(found.len());
    let mut ids = BTreeSet::new();
    for stored in found {
        let trace: Trace = serde_json::from_str(&stored.content)
            .map_err(|_| Problem::internal("a trace could not be read"))?;
        ids.extend(trace.elements.iter().filter_map(|id| DocumentId::parse(id).ok()));
        traces.push((stored, trace));
    }
    let ids = Vec::from_iter(ids);
    let mut titles = BTreeMap::new();
    for document in app.documents.find_some(&visit.space_id, &ids, key).await? {
        let facts = Some(visit.facts(&document));
        let situation = Situation { document: facts, ..visit.situation };
        if decide(visit.party, Action::ReadDocument, &situation).is_allowed() {
            titles.insert(document.document_id.to_string(), document.details.title);
        }
    }
    let mut views = Vec::with_capacity(traces.len());
    for (stored, trace) in traces {
        // The reason may say what is secret from who acts for the holder.
        let reason = match emergency(&trace).filter(|_| visit.party == Party::Holder) {
            Some(id) => app.consents.emergency(&visit.space_id, &id, key).await?,
            None => None,
        };
        let reason = reason.and_then(|emergency| emergency.reason);
        views.push(view(stored, trace, visit.party, &titles, reason));
    }
    Ok(views)
}

/// The access that a trace says was opened with a written reason.
fn emergency(trace: &Trace) -> Option<AccessId> {
    let opened = [Action::BreakGlass.name(), Action::FindPatient.name()];
    let names = trace.elements.iter().find_map(|id| AccessId::parse(id).ok());
    names.filter(|_| opened.contains(&trace.action.as_str()))
}

fn view(
    stored: StoredTrace,
    trace: Trace,
    viewer: Party,
    titles: &BTreeMap<String, String>,
    emergency_reason: Option<String>,
) -> TraceView {
    let sentence = log_sentence(&trace, viewer);
    let standing = |id: &String| {
        let title = titles.get(id).cloned()?;
        Some(TitledDocument { document_id: id.clone(), title })
    };
    let documents = trace.elements.iter().filter_map(standing).collect();
    let TraceActor { kind, id, name, profession, structure } = trace.actor;
    let profession_name = profession.as_deref().and_then(MatrixGroup::profession_display);
    TraceView {
        chain: stored.chain,
        sequence: stored.head.sequence,
        at: trace.at,
        actor: ActorView { kind, id, name, profession, profession_name, structure },
        mode: trace.mode,
        action: trace.action,
        sentence,
        elements: trace.elements,
        documents,
        emergency_reason,
        outcome: trace.outcome,
        reason: trace.reason,
        contested: stored.contested,
        previous_hash: stored.previous.to_hex(),
        hash: stored.head.hash.to_hex(),
    }
}
