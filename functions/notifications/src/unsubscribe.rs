//! `POST /v1/unsubscriptions/{token}`: what a mail program sends when its user asks for no
//! more of a kind of e-mail (RFC 8058). It proves nothing and shows nothing: it stops one
//! kind, where the law allows, and the log says so.
//!
//! Must not know: how the token came.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_domain::decision::{Action, Decision, Party, Situation, SpaceStanding, decide};
use espace_domain::{Trace, TraceActor};
use espace_http::{Problem, ProblemBody, ProblemKind};
use espace_storage::{Act, Choice, Consents, Recorded, TraceDraft, Unsubscription, Versioned};

use crate::App;

/// Tries when the space changes meanwhile.
const RACES_MAX: u32 = 5;

/// Stops a kind of notification. What must be told is told all the same; asked again,
/// nothing changes.
#[utoipa::path(
    post, path = "/v1/unsubscriptions/{token}", operation_id = "unsubscribe",
    tag = "notifications", params(("token" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn unsubscribe(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<StatusCode, Problem> {
    let what = app.unsubscriptions.open(&token).await?.ok_or(ProblemKind::NotFound)?;
    for _ in 0..RACES_MAX {
        if stop(&app, &what).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(ProblemKind::ChangedMeanwhile.into())
}

/// Stops it; `false` where something changed meanwhile.
async fn stop(app: &App, what: &Unsubscription) -> Result<bool, Problem> {
    let space_id = &what.space_id;
    let acts = app.guard.acts();
    let Some(space) = acts.spaces().find(space_id).await? else { return Ok(true) };
    let situation = Situation::of_space(SpaceStanding::of(&space.state, space.suspension));
    let action = Action::StopNotification;
    let Decision::Allow(_) = decide(Party::Job, action, &situation) else { return Ok(true) };
    let keys = (app.space_keys.content(space_id).await?, app.space_keys.trace(space_id).await?);
    let (Some(key), Some(trace_key)) = keys else { return Ok(true) };
    let Versioned { value: mut chosen, version } =
        app.consents.chosen_notifications(space_id, &key).await?;
    if !chosen.wants(what.kind) || !chosen.stop(what.kind) {
        return Ok(true);
    }
    let (random, now) = (app.random.as_ref(), app.guard.now());
    let actor = TraceActor {
        kind: Party::Job.name().to_owned(),
        id: None,
        name: None,
        profession: None,
        structure: None,
    };
    let trace = Trace::new(now, actor, action, random);
    let content = serde_json::to_string(&trace);
    let content = content.map_err(|_| Problem::internal("a trace could not be written"))?;
    let chain = situation.chain();
    let draft = TraceDraft { chain, content, inquiry: None, repetition: None };
    let choice = Versioned { value: Choice::Notifications(chosen), version };
    let entry = Consents::notifications_entry();
    let changes = [app.consents.put(space_id, entry, &choice, &key, random)?];
    let trace = Some((&draft, &trace_key));
    let act = Act {
        space: &space,
        trace,
        changes: &changes,
        raises_epoch: false,
        becomes: None,
        is_followed_up: false,
    };
    Ok(matches!(acts.record(act, random, now).await?, Recorded::Yes(_)))
}
