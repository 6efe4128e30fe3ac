//! Word of a change of the space, to every address that counts, in the transaction of the
//! change.
//!
//! Must not know: what changes.

use espace_access::{Opened, Visit};
use espace_domain::Contact;
use espace_http::Problem;
use espace_notifications::Notice;
use espace_storage::{Change, Envelope, told_of_changes};

use crate::App;

/// The first name and the name of the holder, as on an envelope.
pub(crate) fn full_name(opened: &Opened) -> String {
    format!("{} {}", opened.holder.first_name(), opened.holder.last_name())
}

/// The messages that tell of it, as they are written.
pub(crate) async fn word(
    app: &App,
    visit: &Visit,
    opened: &Opened,
    notice: &Notice,
) -> Result<Vec<Change>, Problem> {
    let mut messages = Vec::new();
    for envelope in envelopes(app, visit, opened, notice).await? {
        messages.push(app.outbox.message(&envelope, visit.now, app.random.as_ref()).await?);
    }
    Ok(messages)
}

/// The messages that tell of it.
pub(crate) async fn envelopes(
    app: &App,
    visit: &Visit,
    opened: &Opened,
    notice: &Notice,
) -> Result<Vec<Envelope<Notice>>, Problem> {
    let mut known = Vec::new();
    for found in app.contacts.of_space(&visit.space_id).await? {
        let contact = found.open(&opened.content_key)?;
        known.push((found, contact));
    }
    let addressee = full_name(opened);
    let envelope = |to: &Contact| Envelope {
        to: to.clone(),
        addressee: addressee.clone(),
        notice: notice.clone(),
    };
    Ok(told_of_changes(&known).map(envelope).collect())
}
