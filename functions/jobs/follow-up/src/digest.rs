//! What was to be told together is told, at its hour.
//!
//! Must not know: what happened, beyond how often.

use espace_domain::{SpaceId, SpaceState};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::transitions::finish_follow_up;

use crate::follow::{Followed, of_space};
use crate::{App, tell};

/// Tries when something is added meanwhile.
const RACES_MAX: u32 = 5;

/// Tells a person what is pending, and ends it, in one write.
pub(crate) async fn tell_digest(
    app: &App,
    space_id: &SpaceId,
    context: &JobContext,
) -> Result<Followed, JobError> {
    let now = context.clock.now();
    for _ in 0..RACES_MAX {
        let Some((space, key)) = of_space(app, space_id).await? else {
            return Ok(Followed::Elsewhere);
        };
        let pending = app.digests.pending(space_id, &key).await?;
        if pending.counts.is_empty() {
            return Ok(Followed::Elsewhere);
        }
        let is_told =
            matches!(space.state, SpaceState::Active { .. }) && space.suspension.is_none();
        let mut messages = Vec::new();
        if is_told {
            let preferences = app.consents.notifications(space_id, &key).await?;
            let holder = space.holder(&key)?;
            let notice = Notice::Digest {
                first_name: holder.first_name().to_owned(),
                counts: pending.counts.iter().map(|(kind, count)| (*kind, *count)).collect(),
            };
            let name = format!("{} {}", holder.first_name(), holder.last_name());
            messages =
                tell::addressed(app, (space_id, &key, &name), &preferences, &notice).await?.at_once;
        }
        let changes = [app.digests.done(space_id, &pending)?];
        let random = app.random.as_ref();
        if finish_follow_up(&app.outbox, &changes, &messages, random, now).await? {
            return Ok(if messages.is_empty() { Followed::Silent } else { Followed::Told });
        }
    }
    Err(JobError::Work("what was to be told together kept changing"))
}
