//! One valid line: the person is registered, brought up to date, or refused for
//! what is already known of them.
//!
//! Must not know: the file the line came from.

use espace_domain::{InsuredPerson, Rejection, code_expires_at};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::transitions::{Fed, FeedLine, feed};
use espace_storage::{Campaign, Envelope, FeedOutcome};

use crate::App;

/// What a line came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineOutcome {
    Invited,
    Updated,
    Rejected(Rejection),
}

/// Feeds one person.
pub(crate) async fn register(
    app: &App,
    campaign: &Campaign,
    line: u64,
    person: &InsuredPerson,
    context: &JobContext,
) -> Result<LineOutcome, JobError> {
    let registry = &app.stores.registry;
    let index = registry.index(&person.nir).await?;
    // A circle across files: the representative is known, and is represented by
    // this very person. Longer circles across files open nothing: acting for
    // someone takes one's own card, and each step of the circle would need one.
    for representative in &person.representatives {
        if let Some(entry) = registry.find(representative).await?
            && registry.represents(&index, &entry).await?
        {
            return Ok(LineOutcome::Rejected(Rejection::RepresentativeCycle));
        }
    }
    let sent_at = campaign.sent_at;
    let first_name = person.traits.first_name();
    let represented = !person.representatives.is_empty();
    let invitation = |code: &_, refused: bool| {
        Some(Envelope {
            to: person.contacts.first()?.clone(),
            addressee: format!("{first_name} {}", person.traits.last_name()),
            notice: if refused {
                Notice::code_after_refusal(first_name, code, code_expires_at(sent_at))
            } else {
                Notice::invitation(first_name, represented, code, code_expires_at(sent_at))
            },
        })
    };
    let line = FeedLine { person, index: &index, campaign: &campaign.campaign_id, line, sent_at };
    let random = app.random.as_ref();
    let fed = feed(&app.stores, line, invitation, random, context.clock.now()).await?;
    Ok(match fed {
        Fed::As(FeedOutcome::Invited) => LineOutcome::Invited,
        Fed::As(FeedOutcome::Updated) => LineOutcome::Updated,
        Fed::Duplicate => LineOutcome::Rejected(Rejection::Duplicate),
        Fed::Refused(reason) => LineOutcome::Rejected(reason),
    })
}
