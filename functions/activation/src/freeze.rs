//! What both ways of saying "Ce n'est pas moi" share. Must not know who says it.

use espace_domain::SpaceId;
use espace_http::{Problem, ProblemKind};
use espace_notifications::Notice;
use espace_storage::transitions::{FreezeStores, freeze};
use espace_storage::{Envelope, Space, SupportAct};
use jiff::Timestamp;

use crate::App;

/// Tries when the space changes between reading and writing.
const RACES_MAX: u32 = 3;

/// Freezes a space, ends its sessions, and tells the addresses the insurer gave: those
/// that whoever took the space over did not choose. Where those were removed, all
/// that are left.
pub(crate) async fn freeze_space(
    app: &App,
    space_id: &SpaceId,
    act: Option<&SupportAct>,
    now: Timestamp,
) -> Result<(), Problem> {
    let random = app.random.as_ref();
    let stores = FreezeStores {
        spaces: app.stores.spaces.clone(),
        sessions: app.stores.sessions.clone(),
        acts: app.acts.clone(),
        outbox: app.stores.outbox.clone(),
    };
    for _ in 0..RACES_MAX {
        let space =
            app.stores.spaces.find(space_id).await?.ok_or(ProblemKind::AlertNotRecognised)?;
        let messages = messages(app, &space).await?;
        if freeze(&stores, &space, act, &messages, random, now).await? {
            return Ok(());
        }
    }
    Err(ProblemKind::Unavailable.into())
}

/// Word to those who should know.
async fn messages(app: &App, space: &Space) -> Result<Vec<Envelope<Notice>>, Problem> {
    let Some(key) = app.stores.space_keys.content(&space.space_id).await? else {
        return Ok(Vec::new());
    };
    let holder = space.holder(&key)?;
    let known = app.stores.contacts.of_space(&space.space_id).await?;
    let has_on_file = known.iter().any(|contact| contact.on_file);
    let mut messages = Vec::new();
    for contact in known.iter().filter(|contact| contact.on_file || !has_on_file) {
        messages.push(Envelope {
            to: contact.open(&key)?,
            addressee: format!("{} {}", holder.first_name(), holder.last_name()),
            notice: Notice::SpaceFrozen { first_name: holder.first_name().to_owned() },
        });
    }
    Ok(messages)
}
