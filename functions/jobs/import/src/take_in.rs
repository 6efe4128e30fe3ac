//! One archive.
//!
//! Must not know: how it was found, nor how its files are read.

use espace_crypto::SealingKey;
use espace_domain::decision::{Action, Chain, Party, PartyKind, Situation, SpaceStanding, decide};
use espace_domain::{ImportId, SpaceId, Trace, TraceActor};
use espace_jobs::{JobContext, JobError};
use espace_storage::{
    Act, Change, DueTaken, ImportState, Recorded, RelationNames, Space, Taken, TraceDraft,
};
use jiff::Timestamp;

use crate::archive::{Archive, Unread};
use crate::{App, choices, conversations, documents};

/// Tries of an act whose space changes meanwhile.
const RACES_MAX: u32 = 5;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// What it held is in the space.
    Done,
    /// It is not taken in.
    Refused,
    /// Time ran out; the next try goes on.
    Begun,
    /// Another run has it, or had it.
    Elsewhere,
    /// Tried too often.
    GivenUp,
}

/// What one is taken in with.
pub(crate) struct TakingIn<'a> {
    pub(crate) app: &'a App,
    pub(crate) space_id: &'a SpaceId,
    pub(crate) key: SealingKey,
    trace_key: SealingKey,
    pub(crate) names: RelationNames,
    actor: TraceActor,
    party: Party,
    pub(crate) now: Timestamp,
}

impl Ended {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Begun => "begun",
            Self::Elsewhere => "elsewhere",
            Self::GivenUp => "givenUp",
        }
    }
}

/// Takes one in, or goes on with it.
pub(crate) async fn take_in(
    app: &App,
    (space_id, import_id): (&SpaceId, &ImportId),
    context: &JobContext,
) -> Result<Ended, JobError> {
    let now = context.clock.now();
    let Some(import) = app.imports.find(space_id, import_id).await? else {
        return Ok(Ended::Elsewhere);
    };
    match app.imports.take(&import, now).await? {
        DueTaken::Yes => {}
        DueTaken::Elsewhere => return Ok(Ended::Elsewhere),
        DueTaken::GivenUp => return Ok(Ended::GivenUp),
    }
    let space = app.acts.spaces().find(space_id).await?;
    let key = app.space_keys.content(space_id).await?;
    let trace_key = app.space_keys.trace(space_id).await?;
    let (Some(space), Some(key), Some(trace_key)) = (space, key, trace_key) else {
        return Ok(Ended::Elsewhere);
    };
    let mut details = import.open(&key)?;
    let party = party_of(&details.actor)?;
    let matricule = space.whole_holder(&key)?.matricule.unwrap_or_default();
    let names = app.relations.names().await?;
    let actor = details.actor.clone();
    let taking = TakingIn { app, space_id, key, trace_key, names, actor, party, now };
    let name = import.archive(&details);
    let mut taken = details.taken;
    let read = match Archive::open(app, name.clone(), details.size, &matricule).await {
        Ok(archive) => everything(&taking, &archive, &mut taken, context).await,
        Err(unread) => Err(unread),
    };
    details.taken = taken;
    let (state, ended) = match read {
        Ok(true) => (ImportState::Done, Ended::Done),
        Ok(false) => (ImportState::TakingIn, Ended::Begun),
        Err(Unread::Failed(error)) => return Err(error),
        Err(Unread::Refused(refusal)) => {
            details.reason = Some(refusal.name().to_owned());
            (ImportState::Refused, Ended::Refused)
        }
    };
    let random = app.random.as_ref();
    app.imports.keep(&import, (state, &details), &taking.key, now, random).await?;
    if ended != Ended::Begun {
        app.inbox.delete(&name).await?;
    }
    Ok(ended)
}

/// All that an archive holds; `false` where time ran out.
async fn everything(
    taking: &TakingIn<'_>,
    archive: &Archive<'_>,
    taken: &mut Taken,
    context: &JobContext,
) -> Result<bool, Unread> {
    let list = |name: &str| {
        archive.whole.get(name).and_then(|list| list.as_array()).cloned().unwrap_or_default()
    };
    // What keeps someone out first.
    for choice in list("choices") {
        choices::take_in(taking, choice).await?;
    }
    for document in list("documents") {
        documents::take_in(taking, archive, document, taken).await?;
        if context.clock.now() >= context.stop_at {
            return Ok(false);
        }
    }
    for conversation in list("conversations") {
        conversations::take_in(taking, archive, conversation, taken).await?;
        if context.clock.now() >= context.stop_at {
            return Ok(false);
        }
    }
    Ok(true)
}

impl TakingIn<'_> {
    /// Writes an act on the space, with its trace where it is said what it is about; `false`
    /// where what it changes stands otherwise already. With `raises_epoch`, what was decided
    /// before it stops.
    pub(crate) async fn record(
        &self,
        about: Option<(&str, Chain)>,
        changes: &[Change],
        raises_epoch: bool,
    ) -> Result<bool, JobError> {
        let random = self.app.random.as_ref();
        for _ in 0..RACES_MAX {
            let space = self.standing().await?;
            let draft = about.map(|about| self.draft(about)).transpose()?;
            let act = Act {
                space: &space,
                trace: draft.as_ref().map(|draft| (draft, &self.trace_key)),
                changes,
                raises_epoch,
                becomes: None,
                is_followed_up: false,
            };
            match self.app.acts.record(act, random, self.now).await? {
                Recorded::Yes(_) => return Ok(true),
                Recorded::Refused | Recorded::Repeated => return Ok(false),
                Recorded::Outdated => {}
            }
        }
        Err(JobError::Work("a space kept changing while an archive was taken in"))
    }

    /// The space, where an archive may be taken in.
    async fn standing(&self) -> Result<Space, JobError> {
        let space = self.app.acts.spaces().find(self.space_id).await?;
        let space = space.ok_or(JobError::Work("the space is no more"))?;
        let standing = SpaceStanding::of(&space.state, space.suspension);
        let situation = Situation::of_space(standing);
        if !decide(self.party, Action::ImportSpace, &situation).is_allowed() {
            return Err(JobError::Work("the space is shut"));
        }
        Ok(space)
    }

    fn draft(&self, (element, chain): (&str, Chain)) -> Result<TraceDraft, JobError> {
        let random = self.app.random.as_ref();
        let mut trace = Trace::new(self.now, self.actor.clone(), Action::ImportSpace, random);
        trace.elements = vec![element.to_owned()];
        let content = serde_json::to_string(&trace)
            .map_err(|_| JobError::Work("a trace could not be written"))?;
        Ok(TraceDraft { chain, content, inquiry: None, repetition: None })
    }
}

/// As whom it is taken in.
fn party_of(actor: &TraceActor) -> Result<Party, JobError> {
    match actor.kind.as_str() {
        name if name == PartyKind::Holder.name() => Ok(Party::Holder),
        name if name == PartyKind::Representative.name() => Ok(Party::Representative),
        _ => Err(JobError::Work("an archive of nobody")),
    }
}
