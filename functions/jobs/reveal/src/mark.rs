//! One mark.
//!
//! Must not know: how it was found.

use espace_crypto::SealingKey;
use espace_domain::decision::{Action, DocumentFacts, Party, Situation, SpaceStanding, decide};
use espace_domain::{Channel, Trace, TraceActor, shown_on, told_on};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::transitions::tell_waiting;
use espace_storage::{
    Act, Document, Envelope, Recorded, RevealMark, RevealStep, Space, TraceDraft, told,
};
use jiff::civil::Date;

use crate::App;

/// Tries when the space or the document changes between reading and writing.
const RACES_MAX: u32 = 5;

/// What became of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// The patient was told.
    Told,
    /// The patient sees it.
    Shown,
    /// There is nothing to be told or shown any more.
    Moot,
    /// Its space is shut or frozen: it is looked at again tomorrow.
    Later,
}

impl Done {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Shown => "shown",
            Self::Moot => "moot",
            Self::Later => "later",
        }
    }
}

/// Does what a mark asks, where it still stands.
pub(crate) async fn work_on(
    app: &App,
    mark: &RevealMark,
    today: Date,
    context: &JobContext,
) -> Result<Done, JobError> {
    for _ in 0..RACES_MAX {
        let Some((space, key, document)) = waiting(app, mark, today).await? else {
            app.reveals.drop_mark(mark).await?;
            return Ok(Done::Moot);
        };
        // A space that is closed may be opened again, a frozen one is taken back.
        let standing = SpaceStanding::of(&space.state, space.suspension);
        let waits = mark.step == RevealStep::Tell && standing == SpaceStanding::Frozen;
        let allowed = decide(Party::Job, Action::RevealDue, &situation(&space, &document));
        if waits || !allowed.is_allowed() {
            return Ok(Done::Later);
        }
        let done = match mark.step {
            RevealStep::Tell => tell(app, mark, (&space, &key), &document, context).await?,
            RevealStep::Show => show(app, mark, (&space, &key), document, context).await?,
        };
        if let Some(done) = done {
            return Ok(done);
        }
    }
    Err(JobError::Work("a space kept changing while something was revealed"))
}

/// The document, where it still waits.
async fn waiting(
    app: &App,
    mark: &RevealMark,
    today: Date,
) -> Result<Option<(Space, SealingKey, Document)>, JobError> {
    let Some(space) = app.acts.spaces().find(&mark.space_id).await? else {
        return Ok(None);
    };
    let Some(key) = app.space_keys.content(&mark.space_id).await? else {
        return Ok(None);
    };
    let found = app.documents.find(&mark.space_id, &mark.document_id, &key).await?;
    // Hidden anew since, it has marks of its own.
    let is_due = |document: &Document| match (mark.step, document.details.hidden_since) {
        (_, None) => false,
        (RevealStep::Tell, Some(since)) => told_on(since) <= today,
        (RevealStep::Show, Some(since)) => shown_on(since) <= today,
    };
    Ok(found.filter(is_due).map(|document| (space, key, document)))
}

fn situation(space: &Space, document: &Document) -> Situation {
    let facts = DocumentFacts {
        document_type: document.details.document_type,
        labels: document.details.labels(),
        authored: false,
        from_own_side: false,
        rule: None,
    };
    let standing = SpaceStanding::of(&space.state, space.suspension);
    Situation { document: Some(facts), ..Situation::of_space(standing) }
}

/// Tells the patient that something waits. Nobody is told who has not taken their space in
/// hand, or of a minor's secret care: their addresses may be their parents'.
async fn tell(
    app: &App,
    mark: &RevealMark,
    (space, key): (&Space, &SealingKey),
    document: &Document,
    context: &JobContext,
) -> Result<Option<Done>, JobError> {
    let standing = SpaceStanding::of(&space.state, space.suspension);
    if standing != SpaceStanding::Active || document.details.invisible_representatives {
        app.reveals.drop_mark(mark).await?;
        return Ok(Some(Done::Moot));
    }
    let holder = space.holder(key)?;
    let mut messages = Vec::new();
    let contacts = app.contacts.of_space(&mark.space_id).await?;
    let chosen = app.consents.notifications(&mark.space_id, key).await?;
    for contact in told(contacts, &chosen) {
        let to = contact.open(key)?;
        if contact.confirmed_at.is_some() && to.channel() != Channel::Letter {
            messages.push(Envelope {
                to,
                addressee: format!("{} {}", holder.first_name(), holder.last_name()),
                notice: Notice::AnnouncementWaiting { first_name: holder.first_name().to_owned() },
            });
        }
    }
    let now = context.clock.now();
    let stores = (&app.reveals, &app.outbox);
    let told = tell_waiting(stores, mark, &messages, app.random.as_ref(), now).await?;
    Ok(Some(if told { Done::Told } else { Done::Moot }))
}

/// Shows the document, with a trace.
async fn show(
    app: &App,
    mark: &RevealMark,
    (space, key): (&Space, &SealingKey),
    mut document: Document,
    context: &JobContext,
) -> Result<Option<Done>, JobError> {
    let Some(trace_key) = app.space_keys.trace(&mark.space_id).await? else {
        return Ok(Some(Done::Moot));
    };
    let random = app.random.as_ref();
    let now = context.clock.now();
    let chain = situation(space, &document).chain();
    let actor = TraceActor {
        kind: Party::Job.name().to_owned(),
        id: None,
        name: None,
        profession: None,
        structure: None,
    };
    let mut trace = Trace::new(now, actor, Action::RevealDue, random);
    trace.elements = vec![mark.document_id.to_string()];
    let written = serde_json::to_string(&trace);
    let written = written.map_err(|_| JobError::Work("a trace could not be written"))?;
    let draft = TraceDraft { chain, content: written, inquiry: None, repetition: None };
    document.details.reveal();
    let changes =
        [app.documents.replace(&mark.space_id, &document, key, random)?, app.reveals.done(mark)?];
    let trace = Some((&draft, &trace_key));
    let act = Act {
        space,
        trace,
        changes: &changes,
        raises_epoch: false,
        becomes: None,
        is_followed_up: false,
    };
    let recorded = app.acts.record(act, random, now).await?;
    Ok(matches!(recorded, Recorded::Yes(_)).then_some(Done::Shown))
}
