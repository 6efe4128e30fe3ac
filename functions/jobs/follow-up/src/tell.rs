//! Whom an act is told to, and in which words.
//!
//! Must not know: what else follows it.

use espace_domain::{Channel, NotificationKind, SpaceState, Suspension};
use espace_jobs::JobError;
use espace_notifications::Notice;
use espace_storage::{Envelope, told};

use crate::App;
use crate::follow::Known;

/// The messages that tell a person of something; none where they do not wish it.
pub(crate) async fn messages(
    app: &App,
    known: &Known,
    kind: NotificationKind,
) -> Result<Vec<Envelope<Notice>>, JobError> {
    let is_emergency = kind == NotificationKind::EmergencyAccess;
    if known.is_kept_from_family || !known.preferences.wants(kind) {
        return Ok(Vec::new());
    }
    // Who has not taken their space in hand hears of emergencies alone; of one who died or
    // left, or whose addresses are in doubt, nobody does.
    let is_told = match known.space.state {
        SpaceState::Active { .. } => true,
        SpaceState::Open { .. } => is_emergency,
        SpaceState::Closed { .. } | SpaceState::Erased { .. } => false,
    };
    let is_suspended =
        matches!(known.space.suspension, Some(Suspension::Deceased | Suspension::Frozen));
    if is_suspended || !is_told {
        return Ok(Vec::new());
    }
    let contacts = app.contacts.of_space(&known.space.space_id).await?;
    let (mut at_once, mut letters) = (Vec::new(), Vec::new());
    for contact in told(contacts, &known.preferences) {
        if contact.confirmed_at.is_none() && !contact.on_file {
            continue;
        }
        let to = contact.open(&known.key)?;
        let channel = to.channel();
        let envelope =
            Envelope { to, addressee: known.full_name.clone(), notice: notice(known, kind) };
        if channel == Channel::Letter { &mut letters } else { &mut at_once }.push(envelope);
    }
    // Paper is for who has nothing else, and for what must be told.
    Ok(if at_once.is_empty() && is_emergency { letters } else { at_once })
}

fn notice(known: &Known, activity: NotificationKind) -> Notice {
    Notice::Activity { activity, first_name: known.first_name.clone(), at: known.trace.at }
}
