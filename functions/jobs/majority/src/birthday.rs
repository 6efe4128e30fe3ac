//! One person.
//!
//! Must not know: how they were found.

use espace_crypto::BlindIndex;
use espace_domain::{Channel, Contact, InvitationCode, code_expires_at};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::transitions::{Majority, come_of_age};
use espace_storage::{Envelope, PersonRecord};
use jiff::civil::Date;

use crate::App;

/// Tries when the person changes between reading and writing.
const RACES_MAX: u32 = 3;

/// What became of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// They hold their space alone, and were written to.
    CameOfAge,
    /// They hold it alone; nobody knows where to write to them.
    Unreachable,
    /// Their birthday has not come, or they are gone.
    NotYet,
}

impl Done {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CameOfAge => "cameOfAge",
            Self::Unreachable => "unreachable",
            Self::NotYet => "notYet",
        }
    }
}

/// Does what an 18th birthday asks, if it has come by `today`.
pub(crate) async fn birthday(
    app: &App,
    index: &BlindIndex,
    today: Date,
    context: &JobContext,
) -> Result<Done, JobError> {
    let registry = &app.stores.registry;
    let random = app.random.as_ref();
    for _ in 0..RACES_MAX {
        let now = context.clock.now();
        let Some(entry) = registry.find_by_index(index).await? else {
            return Ok(Done::NotYet);
        };
        let record = registry.open_record(&entry, &app.stores.space_keys).await?;
        let Some(record) = record.filter(|record| record.has_come_of_age(today)) else {
            return Ok(Done::NotYet);
        };
        let kept = own_addresses(app, &record).await?;
        // Children have no card: until they are given one, the code stands in for it.
        let code = match record.card {
            Some(_) => InvitationCode::generate(random),
            None => InvitationCode::generate_stand_in(random),
        };
        let to = kept.first().filter(|_| record.deceased_on.is_none());
        let envelope = to.map(|to| Envelope {
            to: to.clone(),
            addressee: record.full_name(),
            notice: Notice::code_of_age(record.traits.first_name(), &code, code_expires_at(now)),
        });
        let majority = Majority {
            entry: &entry,
            record: &record,
            kept: &kept,
            code: envelope.as_ref().map(|envelope| (&code, envelope)),
        };
        if come_of_age(&app.stores, &majority, random, now).await? {
            return Ok(if envelope.is_some() { Done::CameOfAge } else { Done::Unreachable });
        }
    }
    Err(JobError::Work("a person kept changing on their birthday"))
}

/// The addresses that are the person's own: letters, addressed to them by name,
/// and what no representative has. Where a representative's cannot be read any
/// more (they refused, or closed), no electronic address is trusted.
async fn own_addresses(app: &App, record: &PersonRecord) -> Result<Vec<Contact>, JobError> {
    let registry = &app.stores.registry;
    let mut theirs = Vec::new();
    let mut all_known = true;
    for nir in record.representatives() {
        let by = match registry.find(&nir).await? {
            Some(entry) => registry.open_record(&entry, &app.stores.space_keys).await?,
            None => None,
        };
        match by {
            Some(by) => theirs.extend(by.contacts),
            None => all_known = false,
        }
    }
    let is_own = |contact: &Contact| {
        contact.channel() == Channel::Letter || (all_known && !theirs.contains(contact))
    };
    Ok(record.contacts.iter().filter(|contact| is_own(contact)).cloned().collect())
}
