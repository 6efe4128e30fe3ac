//! A burnt code is replaced at once, so that whoever burnt it has not locked
//! the person out; not more often than the stack allows. Must not know HTTP.

use espace_crypto::BlindIndex;
use espace_domain::{InvitationCode, code_expires_at};
use espace_notifications::Notice;
use espace_storage::transitions::replace_code;
use espace_storage::{Envelope, StorageError};
use jiff::Timestamp;

use crate::App;

/// Most codes that wrong tries can cause to be sent to one person in an hour.
const REPLACEMENTS_PER_HOUR_MAX: u32 = 3;

/// Sends a new code to the contact on file, if the current one is burnt and old
/// enough.
pub(crate) async fn replace_burnt(
    app: &App,
    person: &BlindIndex,
    now: Timestamp,
) -> Result<(), StorageError> {
    let registry = &app.stores.registry;
    let Some(entry) = registry.find_by_index(person).await? else {
        return Ok(());
    };
    let Some(code) = entry.code.as_ref().filter(|code| code.is_burnt() && code.used_at.is_none())
    else {
        // Another request has replaced it, or it had served already.
        return Ok(());
    };
    if now.as_second() - code.sent_at.as_second() < app.limits.code_delay_s {
        return Ok(());
    }
    let Some(record) = registry.open_record(&entry, &app.stores.space_keys).await? else {
        return Ok(());
    };
    let Some(to) = record.contacts.first().filter(|_| record.deceased_on.is_none()) else {
        return Ok(());
    };
    // Counted last: a try that sends nothing must not use up what may be sent.
    let limit = REPLACEMENTS_PER_HOUR_MAX;
    if app.throttles.count("replacement", person.as_str(), limit, now).await?.is_some() {
        return Ok(());
    }
    let new = InvitationCode::generate(app.random.as_ref());
    let first_name = record.traits.first_name();
    let envelope = Envelope {
        to: to.clone(),
        addressee: format!("{first_name} {}", record.traits.last_name()),
        notice: Notice::new_code(first_name, &new, code_expires_at(now)),
    };
    // False: another request was faster; one new code is enough.
    let outbox = &app.stores.outbox;
    let random = app.random.as_ref();
    let _replaced = replace_code(registry, outbox, &entry, &new, &envelope, random, now).await?;
    Ok(())
}
