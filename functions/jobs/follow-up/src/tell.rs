//! Whom an act is told to, where and in which words: at once, or with the rest of the day.
//!
//! Must not know: what else follows it.

use espace_crypto::SealingKey;
use espace_domain::{
    Channel, NotificationKind, NotificationPreferences, SpaceId, SpaceState, Suspension,
};
use espace_jobs::JobError;
use espace_notifications::Notice;
use espace_storage::{Change, Envelope, PushNotice, Unsubscription, told};
use jiff::Timestamp;

use crate::App;
use crate::follow::Known;

/// What tells of something.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// To addresses.
    pub(crate) messages: Vec<Envelope<Notice>>,
    /// To what is told later.
    pub(crate) changes: Vec<Change>,
}

impl News {
    /// Whether anyone is told.
    pub(crate) fn is_told(&self) -> bool {
        !(self.messages.is_empty() && self.changes.is_empty())
    }
}

/// What tells a person of something; nothing where they do not wish it.
pub(crate) async fn news(
    app: &App,
    known: &Known,
    kind: NotificationKind,
) -> Result<News, JobError> {
    if !is_told(known, kind) {
        return Ok(News::default());
    }
    let due = known.preferences.digest.due_after(known.trace.at).filter(|_| kind.may_wait());
    let Some(due) = due else { return at_once(app, known, kind).await };
    let space_id = &known.space.space_id;
    let pending = app.digests.pending(space_id, &known.key).await?;
    let random = app.random.as_ref();
    let added = app.digests.add(space_id, &pending, (kind, due), &known.key, random)?;
    Ok(News { messages: Vec::new(), changes: vec![added] })
}

/// Whether a person is told of something of this kind at all.
fn is_told(known: &Known, kind: NotificationKind) -> bool {
    // Who has not taken their space in hand hears of emergencies alone; of one who died or
    // left, or whose addresses are in doubt, nobody does.
    let in_hand = match known.space.state {
        SpaceState::Active { .. } => true,
        SpaceState::Open { .. } => kind == NotificationKind::EmergencyAccess,
        SpaceState::Closed { .. } | SpaceState::Erased { .. } => false,
    };
    let is_suspended =
        matches!(known.space.suspension, Some(Suspension::Deceased | Suspension::Frozen));
    in_hand && !is_suspended && !known.is_kept_from_family && known.preferences.wants(kind)
}

/// A word to the browsers of who holds the space, each time: it says nothing, and the next
/// takes its place. With a safe contact all of it goes there, and no browser is woken.
pub(crate) async fn wake(
    app: &App,
    known: &Known,
    kind: NotificationKind,
    now: Timestamp,
) -> Result<Vec<Change>, JobError> {
    if !is_told(known, kind) || known.preferences.safe_contact.is_some() {
        return Ok(Vec::new());
    }
    let owner = app.relations.names().await?.push_of_space(&known.space.space_id);
    pushes(app, &owner, now).await
}

/// What tells them now, at their addresses.
async fn at_once(app: &App, known: &Known, kind: NotificationKind) -> Result<News, JobError> {
    let random = app.random.as_ref();
    let space_id = &known.space.space_id;
    let what = Unsubscription { space_id: space_id.clone(), kind };
    let unsubscribe =
        if kind.may_wait() { Some(app.unsubscriptions.token(&what, random).await?) } else { None };
    let notice = Notice::Activity {
        activity: kind,
        first_name: known.first_name.clone(),
        at: known.trace.at,
        unsubscribe,
    };
    let whose = (space_id, &known.key, known.full_name.as_str());
    let is_emergency = kind == NotificationKind::EmergencyAccess;
    let addressed = addressed(app, whose, &known.preferences, &notice).await?;
    let messages = addressed.with_paper_if(is_emergency);
    Ok(News { messages, changes: Vec::new() })
}

/// A notice to each address of a person that is told, letters last.
pub(crate) async fn addressed(
    app: &App,
    (space_id, key, name): (&SpaceId, &SealingKey, &str),
    preferences: &NotificationPreferences,
    notice: &Notice,
) -> Result<Addressed, JobError> {
    let contacts = app.contacts.of_space(space_id).await?;
    let mut addressed = Addressed::default();
    for contact in told(contacts, preferences) {
        if contact.confirmed_at.is_none() && !contact.on_file {
            continue;
        }
        let to = contact.open(key)?;
        let is_letter = to.channel() == Channel::Letter;
        let envelope = Envelope { to, addressee: name.to_owned(), notice: notice.clone() };
        if is_letter { &mut addressed.letters } else { &mut addressed.at_once }.push(envelope);
    }
    Ok(addressed)
}

/// A notice, by how it travels.
#[derive(Debug, Default)]
pub(crate) struct Addressed {
    /// By e-mail and text message.
    pub(crate) at_once: Vec<Envelope<Notice>>,
    /// On paper.
    letters: Vec<Envelope<Notice>>,
}

impl Addressed {
    /// Paper is for who has nothing else, and for what must be told.
    fn with_paper_if(self, must: bool) -> Vec<Envelope<Notice>> {
        if self.at_once.is_empty() && must { self.letters } else { self.at_once }
    }
}

/// A word to each browser of an owner.
pub(crate) async fn pushes(
    app: &App,
    owner: &str,
    now: Timestamp,
) -> Result<Vec<Change>, JobError> {
    let mut changes = Vec::new();
    for browser in app.pushes.of(owner).await? {
        let notice = PushNotice {
            push_owner: browser.owner,
            push_id: browser.push_id,
            endpoint: browser.endpoint,
        };
        changes.push(app.outbox.push(&notice, now, app.random.as_ref()).await?);
    }
    Ok(changes)
}
