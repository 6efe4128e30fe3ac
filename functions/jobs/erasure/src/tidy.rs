//! One erased space.
//!
//! Must not know: how it was found.

use espace_domain::SpaceId;
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::{DueTaken, ForgottenPage};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::App;

/// Contents removed at once.
const CONCURRENCY: usize = 16;
/// Tries when the person changes meanwhile.
const RACES_MAX: u32 = 5;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tidied {
    /// Nothing is left.
    Done,
    /// Time ran out; the next try goes on.
    Begun,
    /// Another run has it, or had it.
    Elsewhere,
    /// Tried too often; set aside for an operator.
    GivenUp,
}

impl Tidied {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "erased",
            Self::Begun => "begun",
            Self::Elsewhere => "elsewhere",
            Self::GivenUp => "givenUp",
        }
    }
}

/// Removes what is left of a space, and issues the certificate with the last write.
pub(crate) async fn tidy(
    app: &App,
    space_id: &SpaceId,
    context: &JobContext,
) -> Result<Tidied, JobError> {
    let Some(erasure) = app.erasures.find(space_id).await? else {
        return Ok(Tidied::Elsewhere);
    };
    match app.erasures.take(&erasure, context.clock.now()).await? {
        DueTaken::Yes => {}
        DueTaken::Elsewhere => return Ok(Tidied::Elsewhere),
        DueTaken::GivenUp => return Ok(Tidied::GivenUp),
    }
    app.inbox.forget(space_id).await?;
    // Contents before the entries that lead to them: what a kill leaves is found again.
    while let Some(page) = app.documents.to_forget(space_id).await? {
        contents(app, &page).await?;
        app.documents.forget(&page).await?;
        if context.clock.now() >= context.stop_at {
            return Ok(Tidied::Begun);
        }
    }
    app.messages.forget(space_id).await?;
    app.inboxes.forget(space_id).await?;
    app.consents.forget(space_id).await?;
    app.exports.forget(space_id).await?;
    app.imports.forget(space_id).await?;
    app.digests.forget(space_id).await?;
    app.push.forget(&app.relations.names().await?.push_of_space(space_id)).await?;
    app.representations.forget(space_id).await?;
    app.contacts.forget(space_id).await?;
    if let Some(login) = &erasure.login {
        app.attempts.forget(login).await?;
    }
    person(app, space_id, erasure.erased_at).await?;
    let random = app.random.as_ref();
    let now = context.clock.now();
    let (certificates, outbox) = (&app.certificates, &app.outbox);
    let finished =
        app.erasures.finish::<Notice>(&erasure, certificates, outbox, now, random).await?;
    Ok(if finished { Tidied::Done } else { Tidied::Elsewhere })
}

/// Removes the contents of a page of entries.
async fn contents(app: &App, page: &ForgottenPage) -> Result<(), JobError> {
    let gone = stream::iter(&page.objects)
        .map(|object| app.vault.delete(object))
        .buffer_unordered(CONCURRENCY);
    gone.try_collect::<()>().await?;
    Ok(())
}

/// Reduces the person to what says that nothing opens by itself for them.
async fn person(app: &App, space_id: &SpaceId, erased_at: Timestamp) -> Result<(), JobError> {
    for _ in 0..RACES_MAX {
        if app.registry.forget_space(space_id, erased_at).await? {
            return Ok(());
        }
    }
    Err(JobError::Work("a person kept changing while their space was erased"))
}
