//! One act.
//!
//! Must not know: how it was found.

use espace_crypto::SealingKey;
use espace_domain::decision::{AccessMode, Action, Chain, PartyKind, Standing};
use espace_domain::{
    FollowUpId, NotificationKind, NotificationPreferences, Outcome, SpaceId, Tie, Trace, is_minor,
    paris_date,
};
use espace_jobs::{JobContext, JobError};
use espace_storage::transitions::finish_follow_up;
use espace_storage::{Change, Choice, DueTaken, FollowUp, REPETITION_S, Repetition, Space};
use jiff::Timestamp;

use crate::tell::News;
use crate::{App, correspond, emergency, tell};

/// What the trace of a deposit says that added nothing.
const AGAIN: &str = "again";
/// Tries when what is written changes meanwhile.
const RACES_MAX: u32 = 5;

/// What became of an act's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Followed {
    /// Who it concerns was told.
    Told,
    /// Nobody is to be told; what else there was to do is done.
    Silent,
    /// Another run has it, or had it.
    Elsewhere,
    /// Tried too often; set aside for an operator.
    GivenUp,
}

impl Followed {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Silent => "silent",
            Self::Elsewhere => "elsewhere",
            Self::GivenUp => "givenUp",
        }
    }
}

/// What is known of an act and of whose space it was done on.
pub(crate) struct Known {
    pub(crate) space: Space,
    pub(crate) key: SealingKey,
    pub(crate) trace: Trace,
    pub(crate) preferences: NotificationPreferences,
    /// What the holder and the professional who acted are to each other.
    pub(crate) tie: Option<Tie>,
    /// Whom the holder keeps out.
    pub(crate) blocked: Vec<String>,
    /// Whom the holder chose as their treating doctor.
    pub(crate) treating_doctor: Option<String>,
    pub(crate) first_name: String,
    pub(crate) full_name: String,
    /// Whether the holder's addresses may be someone else's, who must not learn of it.
    pub(crate) is_kept_from_family: bool,
}

/// Follows one act up, where nobody has yet.
pub(crate) async fn follow(
    app: &App,
    id: &FollowUpId,
    context: &JobContext,
) -> Result<Followed, JobError> {
    let Some(found) = app.follow_ups.find(id).await? else {
        return Ok(Followed::Elsewhere);
    };
    match app.follow_ups.take(&found, context.clock.now()).await? {
        DueTaken::Yes => {}
        DueTaken::Elsewhere => return Ok(Followed::Elsewhere),
        DueTaken::GivenUp => return Ok(Followed::GivenUp),
    }
    for _ in 0..RACES_MAX {
        if let Some(followed) = attempt(app, &found, context).await? {
            return Ok(followed);
        }
    }
    Err(JobError::Work("what follows an act kept changing"))
}

async fn attempt(
    app: &App,
    follow_up: &FollowUp,
    context: &JobContext,
) -> Result<Option<Followed>, JobError> {
    let now = context.clock.now();
    let mut changes = Vec::new();
    let mut news = News::default();
    if let Some(known) = known(app, follow_up, context).await?
        && known.trace.outcome == Outcome::Allowed
    {
        changes.extend(emergency::changes(app, &known, now).await?);
        // Of what the holder may not see yet, they are not told.
        if let Some(kind) = kind_of(&known.trace).filter(|_| !follow_up.chain.is_pending()) {
            if let Some(once) = once(app, &known, kind, now).await? {
                news = tell::news(app, &known, kind).await?;
                changes.extend(once.filter(|_| news.is_told()));
            }
            // Who has the page open sees each thing come, also what is told together later.
            changes.extend(tell::wake(app, &known, kind, now).await?);
        }
        changes.extend(correspond::changes(app, &known, now).await?);
    }
    let told = news.is_told();
    changes.append(&mut news.changes);
    changes.push(app.follow_ups.done(follow_up)?);
    let random = app.random.as_ref();
    let finished = finish_follow_up(&app.outbox, &changes, &news.messages, random, now).await?;
    let followed = if told { Followed::Told } else { Followed::Silent };
    Ok(finished.then_some(followed))
}

/// A space and its content key; nothing of one that was erased.
pub(crate) async fn of_space(
    app: &App,
    space_id: &SpaceId,
) -> Result<Option<(Space, SealingKey)>, JobError> {
    let space = app.spaces.find(space_id).await?;
    Ok(space.zip(app.space_keys.content(space_id).await?))
}

/// What there is to know; nothing of a space that was erased.
async fn known(
    app: &App,
    follow_up: &FollowUp,
    context: &JobContext,
) -> Result<Option<Known>, JobError> {
    let space_id = &follow_up.space_id;
    let Some((space, key)) = of_space(app, space_id).await? else { return Ok(None) };
    let Some(trace_key) = app.space_keys.trace(space_id).await? else { return Ok(None) };
    let at = (follow_up.chain, follow_up.sequence);
    let Some(stored) = app.traces.find(space_id, at, &trace_key).await? else {
        return Err(JobError::Work("an act to follow up has no trace"));
    };
    let trace: Trace = serde_json::from_str(&stored.content)
        .map_err(|_| JobError::Work("a trace could not be read"))?;
    let holder = space.holder(&key)?;
    let now = context.clock.now();
    let is_secret = matches!(follow_up.chain, Chain::Secret | Chain::PendingSecret);
    let mut known = Known {
        first_name: holder.first_name().to_owned(),
        full_name: format!("{} {}", holder.first_name(), holder.last_name()),
        is_kept_from_family: is_secret
            && (space.account.is_none() || is_minor(holder.birth_date, paris_date(now))),
        preferences: NotificationPreferences::default(),
        tie: None,
        treating_doctor: None,
        blocked: Vec::new(),
        space,
        key,
        trace,
    };
    let actor = known.trace.actor.id.clone();
    for (_, found) in app.consents.list(space_id, &known.key).await? {
        match found.value {
            Choice::Notifications(chosen) => known.preferences = chosen,
            Choice::Block(block) => known.blocked.push(block.rpps),
            Choice::Tie(tie) => {
                if tie.standing_at(now) == Some(Standing::TreatingDoctor) {
                    known.treating_doctor = Some(tie.rpps.clone());
                }
                if Some(&tie.rpps) == actor.as_ref() {
                    known.tie = Some(tie);
                }
            }
            _ => {}
        }
    }
    Ok(Some(known))
}

/// What is told once in a quarter of an hour of the same professional: a visit to many
/// documents is one. `None` where it was told moments ago; else what marks that it is.
async fn once(
    app: &App,
    known: &Known,
    kind: NotificationKind,
    now: Timestamp,
) -> Result<Option<Option<Change>>, JobError> {
    let name = match kind {
        NotificationKind::DocumentRead => "read",
        NotificationKind::NewDocument => "new",
        NotificationKind::Message => "message",
        _ => return Ok(Some(None)),
    };
    let actor = &known.trace.actor;
    let by_actor = actor.id.as_deref().unwrap_or(&actor.kind);
    // Messages are told once a conversation, by whomever they are.
    let conversation = known.trace.elements.first().filter(|_| kind == NotificationKind::Message);
    let who = conversation.map_or(by_actor, String::as_str);
    // By when it was done: what is followed up late is not one with what came hours after.
    let quarter = (known.trace.at.as_second() / REPETITION_S).to_string();
    let parts = ["told", known.space.space_id.as_str(), name, who, &quarter];
    let name = app.relations.names().await?.repetition(&parts);
    let told = Repetition { name, manner: String::new() };
    if app.repetitions.is_marked(&told, now).await? {
        return Ok(None);
    }
    Ok(Some(Some(app.repetitions.mark(&told, now)?)))
}

/// Whether a deposit added a document: neither a content that is still on its way nor the same
/// document once more did.
pub(crate) fn adds_something(trace: &Trace) -> bool {
    let says = |word: &str| trace.elements.iter().any(|element| element.starts_with(word));
    !says("upload:") && !says(AGAIN)
}

/// Whether a professional did it.
fn is_professional(trace: &Trace) -> bool {
    trace.actor.kind == PartyKind::Professional.name()
}

/// What an act is to the person it concerns.
fn kind_of(trace: &Trace) -> Option<NotificationKind> {
    let is = |action: Action| trace.action == action.name();

    let in_emergency = matches!(trace.mode, Some(AccessMode::BreakGlass | AccessMode::Regulation));
    if is(Action::BreakGlass) || is(Action::OpenRegulation) {
        Some(NotificationKind::EmergencyAccess)
    } else if is(Action::OpenAccess) {
        Some(NotificationKind::Access)
    } else if is(Action::ReadDocument) && !in_emergency {
        // Of what was read in an emergency the log tells: the emergency itself was told.
        Some(NotificationKind::DocumentRead)
    } else if is(Action::DepositDocument) || is(Action::ReplaceDocument) {
        adds_something(trace).then_some(NotificationKind::NewDocument)
    } else if (is(Action::OpenThread) || is(Action::AnswerThread)) && is_professional(trace) {
        Some(NotificationKind::Message)
    } else if [Action::InviteCaregiver, Action::AnswerInvitation, Action::BeginAssistance]
        .into_iter()
        .any(is)
    {
        Some(NotificationKind::Caregiver)
    } else if is(Action::BlockProfessional) {
        Some(NotificationKind::Blocked)
    } else {
        None
    }
}
