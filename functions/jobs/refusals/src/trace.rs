//! One refused attempt.
//!
//! Must not know: where it was made.

use espace_jobs::{JobContext, JobError, QueueMessage};
use espace_storage::{Act, Recorded, RefusalMessage, Refusals};

use crate::App;

/// Tries when the space changes between reading and writing.
const RACES_MAX: u32 = 5;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traced {
    /// It stands in the log.
    Yes,
    /// The same was traced moments ago.
    Repeated,
    /// There is no such space.
    Nowhere,
}

impl Traced {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yes => "traced",
            Self::Repeated => "repeated",
            Self::Nowhere => "nowhere",
        }
    }
}

/// Traces one attempt, if there is anything to be traced.
pub(crate) async fn trace(
    app: &App,
    message: &QueueMessage,
    context: &JobContext,
) -> Result<Traced, JobError> {
    let refusal: RefusalMessage =
        serde_json::from_value(message.body.clone()).map_err(|_| JobError::UnknownMessage)?;
    let space_id = &refusal.space_id;
    let draft = Refusals::open(&app.keys, &refusal).await?;
    let now = context.clock.now();
    if let Some(repetition) = &draft.repetition
        && app.acts.repetitions().is_marked(repetition, now).await?
    {
        return Ok(Traced::Repeated);
    }
    for _ in 0..RACES_MAX {
        let Some(space) = app.acts.spaces().find(space_id).await? else {
            return Ok(Traced::Nowhere);
        };
        let Some(key) = app.space_keys.trace(space_id).await? else {
            return Ok(Traced::Nowhere);
        };
        let trace = Some((&draft, &key));
        let act = Act {
            space: &space,
            trace,
            changes: &[],
            raises_epoch: false,
            becomes: None,
            is_followed_up: false,
        };
        match app.acts.record(act, app.random.as_ref(), now).await? {
            Recorded::Yes(_) => return Ok(Traced::Yes),
            Recorded::Repeated => return Ok(Traced::Repeated),
            Recorded::Outdated | Recorded::Refused => {}
        }
    }
    Err(JobError::Work("a space kept changing while an attempt was traced"))
}
