//! One space.
//!
//! Must not know: how it was found, nor how many there are.

use espace_domain::decision::{Action, Chain, Party, Situation, SpaceStanding, decide};
use espace_domain::{SpaceId, SpaceState, Trace, TraceActor};
use espace_jobs::{JobContext, JobError};
use espace_storage::{Act, Recorded, Space, TraceDraft};
use jiff::Timestamp;

use crate::App;

/// Tries when the space changes meanwhile.
const RACES_MAX: u32 = 5;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purged {
    /// Its content is erased.
    Erased,
    /// Its traces are gone, and with them all of it.
    Forgotten,
    /// What is left of its content is still being removed.
    Pending,
    /// It is not due any more: reopened, held, or done before.
    Not,
}

impl Purged {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Forgotten => "forgotten",
            Self::Pending => "pending",
            Self::Not => "notDue",
        }
    }

    /// Whether something was done.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, Self::Erased | Self::Forgotten)
    }
}

/// Purges what is due of a space as of an instant.
pub(crate) async fn purge(
    app: &App,
    space_id: &SpaceId,
    as_of: Timestamp,
    context: &JobContext,
) -> Result<Purged, JobError> {
    for _ in 0..RACES_MAX {
        let Some(space) = app.acts.spaces().find(space_id).await? else {
            return Ok(Purged::Not);
        };
        let is_due = space.state.purge_due_at().is_some_and(|due| due <= as_of);
        if !is_due || space.is_held {
            return Ok(Purged::Not);
        }
        let purged = match &space.state {
            SpaceState::Erased { .. } => forget(app, &space, context).await?,
            _ => erase(app, &space, as_of, context).await?,
        };
        if let Some(purged) = purged {
            return Ok(purged);
        }
    }
    Err(JobError::Work("a space kept changing while it was erased"))
}

/// Erases the content of a closed space, in one write. `None` where it changed meanwhile.
async fn erase(
    app: &App,
    space: &Space,
    as_of: Timestamp,
    context: &JobContext,
) -> Result<Option<Purged>, JobError> {
    let standing = SpaceStanding::of(&space.state, space.suspension);
    let situation = Situation::of_space(standing);
    if !decide(Party::Job, Action::EraseExpired, &situation).is_allowed() {
        return Ok(Some(Purged::Not));
    }
    let Ok(becomes) = space.state.clone().erase(as_of) else {
        return Ok(Some(Purged::Not));
    };
    let Some(trace_key) = app.erasure.space_keys.trace(&space.space_id).await? else {
        return Err(JobError::Work("a space to be erased has no trace key"));
    };
    let random = app.random.as_ref();
    let now = context.clock.now();
    let actor = TraceActor {
        kind: Party::Job.name().to_owned(),
        id: None,
        name: None,
        profession: None,
        structure: None,
    };
    let trace = Trace::new(now, actor, Action::EraseExpired, random);
    let written = serde_json::to_string(&trace)
        .map_err(|_| JobError::Work("a trace could not be written"))?;
    let chain = Chain::Ordinary;
    let draft = TraceDraft { chain, content: written, inquiry: None, repetition: None };
    // Nobody is told: after ten years no address is known to be theirs, and a closed space is
    // not opened to look. They were told the day it closed.
    let changes = app.erasure.changes::<()>(space, None, now, random).await?;
    let act = Act {
        space,
        trace: Some((&draft, &trace_key)),
        changes: &changes,
        raises_epoch: false,
        becomes: Some(&becomes),
        is_followed_up: false,
    };
    let recorded = app.acts.record(act, random, now).await?;
    Ok(matches!(recorded, Recorded::Yes(_)).then_some(Purged::Erased))
}

/// Removes the key of an erased space's traces, in the write that no hold comes after; then the
/// traces, then what is left of it. `None` where it changed meanwhile.
async fn forget(
    app: &App,
    space: &Space,
    context: &JobContext,
) -> Result<Option<Purged>, JobError> {
    let space_id = &space.space_id;
    if app.erasure.erasures.find(space_id).await?.is_some() {
        return Ok(Some(Purged::Pending));
    }
    let spaces = app.acts.spaces();
    // Begun before and killed: the key is gone, and nothing keeps the space any more.
    if !space.is_forgotten && !app.erasure.forget(spaces, space, context.clock.now()).await? {
        return Ok(None);
    }
    app.acts.traces().forget(space_id).await?;
    spaces.forgotten(space_id).await?;
    Ok(Some(Purged::Forgotten))
}
