//! Word of a change of the space, to every address that counts, in the transaction of the
//! change; of a child's also to those of each representative.
//!
//! Must not know: what changes.

use espace_access::{Opened, Visit};
use espace_domain::decision::Party;
use espace_http::Problem;
use espace_notifications::Notice;
use espace_storage::{Change, Envelope, LinkKind};

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
    let mut told = app.contacts.told(&visit.space_id, &opened.content_key).await?;
    if visit.party == Party::Representative {
        for link in app.representations.of_person(&visit.space_id).await? {
            let is_theirs = link.kind == LinkKind::Representative;
            let key = app.erasure.space_keys.content(&link.representative).await?;
            if let Some(key) = key.filter(|_| is_theirs) {
                told.extend(app.contacts.told(&link.representative, &key).await?);
            }
        }
    }
    let addressee = full_name(opened);
    let mut envelopes: Vec<Envelope<Notice>> = Vec::new();
    for to in told {
        if !envelopes.iter().any(|envelope| envelope.to == to) {
            let (addressee, notice) = (addressee.clone(), notice.clone());
            envelopes.push(Envelope { to, addressee, notice });
        }
    }
    Ok(envelopes)
}
