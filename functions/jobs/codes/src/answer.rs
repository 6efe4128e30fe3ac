//! One request.
//!
//! Must not know: where the request came from.

use espace_crypto::{BlindIndex, same_tag};
use espace_domain::{
    Channel, Contact, InvitationCode, Registration, code_expires_at, is_minor, paris_date,
};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::transitions::replace_code;
use espace_storage::{CodeCause, CodeRequest, Envelope, PersonEntry, PersonRecord, Shown};
use jiff::Timestamp;

use crate::App;

/// Tries when the person changes between reading and writing.
const RACES_MAX: u32 = 3;
/// Most letters with a code to one person in a week, on request.
const LETTERS_PER_WEEK_MAX: u32 = 3;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// A code was sent.
    Sent,
    /// The space is in its holder's hands: they were told so.
    ToldActive,
    /// Nobody is there, or what was shown does not match, or nothing can be sent.
    Nobody,
    /// A code was sent a moment ago, or too many were.
    TooSoon,
}

impl Answered {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::ToldActive => "toldActive",
            Self::Nobody => "nobody",
            Self::TooSoon => "tooSoon",
        }
    }
}

/// Answers one request.
pub(crate) async fn answer(
    app: &App,
    request: &CodeRequest,
    context: &JobContext,
) -> Result<Answered, JobError> {
    let now = context.clock.now();
    let person = BlindIndex::from_stored(request.person.clone());
    for _ in 0..RACES_MAX {
        let Some(entry) = app.registry.find_by_index(&person).await? else {
            return Ok(Answered::Nobody);
        };
        let (channel, stand_in) = match &request.cause {
            CodeCause::Asked { shown, channel, .. } => (*channel, shown.needs_stand_in()),
            CodeCause::PerhapsBurnt => {
                let burnt = entry.code.as_ref();
                if !burnt.is_some_and(|code| code.is_burnt() && code.used_at.is_none()) {
                    return Ok(Answered::Nobody);
                }
                (None, false)
            }
        };
        let Some(record) = app.registry.open_record(&entry, &app.space_keys).await? else {
            return Ok(Answered::Nobody);
        };
        if !matches(app, request, &entry, &record, now).await? || record.deceased_on.is_some() {
            return Ok(Answered::Nobody);
        }
        let Some(to) = choose(&record.contacts, channel) else {
            return Ok(Answered::Nobody);
        };
        if is_too_soon(app, &entry, &person, to, now).await? {
            return Ok(Answered::TooSoon);
        }
        let first_name = record.traits.first_name();
        let random = app.random.as_ref();
        let letter = |notice| Envelope { to: to.clone(), addressee: record.full_name(), notice };
        if is_in_hand(app, &entry).await? {
            let notice = Notice::AlreadyActive { first_name: first_name.to_owned() };
            app.outbox.put(&letter(notice), now, random).await?;
            return Ok(Answered::ToldActive);
        }
        let code = if stand_in {
            InvitationCode::generate_stand_in(random)
        } else {
            InvitationCode::generate(random)
        };
        let notice = || Notice::new_code(first_name, &code, code_expires_at(now));
        let mut messages = vec![letter(notice())];
        // A representative gets it at their own address too: the child's may be the
        // other parent's.
        if let Some((to, addressee)) = asker(app, request).await?
            && to != messages.first().map_or(to.clone(), |message| message.to.clone())
        {
            messages.push(Envelope { to, addressee, notice: notice() });
        }
        let (registry, outbox) = (&app.registry, &app.outbox);
        if replace_code(registry, outbox, &entry, &code, &messages, random, now).await? {
            return Ok(Answered::Sent);
        }
    }
    Err(JobError::Work("a person kept changing while their code was replaced"))
}

/// Whether what was shown is the person's own, or that of someone who acts for
/// them.
async fn matches(
    app: &App,
    request: &CodeRequest,
    entry: &PersonEntry,
    record: &PersonRecord,
    now: Timestamp,
) -> Result<bool, JobError> {
    let CodeCause::Asked { born, shown, .. } = &request.cause else {
        return Ok(true);
    };
    let registry = &app.registry;
    // A child is asked for by those who act for them.
    let is_represented = matches!(shown, Shown::Representative { .. });
    if !is_represented && is_minor(record.traits.birth_date, paris_date(now)) {
        return Ok(false);
    }
    let right_date = registry.birth_matches(&entry.index, record.traits.birth_date, born).await?;
    let right_card = match shown {
        Shown::Card { cards } => shows(entry.card_proof(), cards),
        Shown::Representative { index, cards } => {
            let index = BlindIndex::from_stored(index.clone());
            let by = registry.find_by_index(&index).await?;
            let acts = registry.represents(&index, entry).await?;
            let today = paris_date(now);
            let theirs = match cards {
                Some(cards) => shows(by.as_ref().and_then(PersonEntry::card_proof), cards),
                None => by.is_some(),
            };
            acts && theirs && !record.has_come_of_age(today)
        }
        Shown::Nothing => true,
    };
    Ok(right_date && right_card)
}

/// Whether one of the cards is the person's: a serial told by phone may belong to
/// either type.
fn shows(proof: Option<&[u8]>, cards: &[Vec<u8>]) -> bool {
    proof.is_some_and(|proof| cards.iter().fold(false, |any, card| any | same_tag(proof, card)))
}

/// The address of the representative who asks, as the insurer knows it.
async fn asker(app: &App, request: &CodeRequest) -> Result<Option<(Contact, String)>, JobError> {
    let CodeCause::Asked { shown: Shown::Representative { index, .. }, .. } = &request.cause else {
        return Ok(None);
    };
    let index = BlindIndex::from_stored(index.clone());
    let Some(entry) = app.registry.find_by_index(&index).await? else {
        return Ok(None);
    };
    let record = app.registry.open_record(&entry, &app.space_keys).await?;
    let alive = record.filter(|record| record.deceased_on.is_none());
    Ok(alive.and_then(|record| Some((record.contacts.first()?.clone(), record.full_name()))))
}

/// Whether a code may not be sent yet.
async fn is_too_soon(
    app: &App,
    entry: &PersonEntry,
    person: &BlindIndex,
    to: &Contact,
    now: Timestamp,
) -> Result<bool, JobError> {
    let sent_at = entry.code.as_ref().map(|code| code.sent_at.as_second());
    if sent_at.is_some_and(|sent| (0..app.code_delay_s).contains(&(now.as_second() - sent))) {
        return Ok(true);
    }
    // Paper takes days: a second letter before the first has come helps nobody.
    if to.channel() == Channel::Letter
        && app.throttles.count_weekly("letter", person.as_str(), LETTERS_PER_WEEK_MAX, now).await?
    {
        return Ok(true);
    }
    // Counted last: a request that sends nothing must not use up what may be sent.
    let limit = app.codes_per_person;
    Ok(app.throttles.count("code-sent", person.as_str(), limit, now).await?.is_some())
}

/// Whether the space needs no code: its holder has an account and nothing froze it.
async fn is_in_hand(app: &App, entry: &PersonEntry) -> Result<bool, JobError> {
    let Registration::Held { space_id } = &entry.registration else {
        return Ok(false);
    };
    let space = app.spaces.find(space_id).await?;
    Ok(space.is_some_and(|space| space.account.is_some() && !space.is_frozen))
}

/// The address of the kind that was asked for, else the best.
fn choose(contacts: &[Contact], channel: Option<Channel>) -> Option<&Contact> {
    contacts.iter().find(|contact| Some(contact.channel()) == channel).or_else(|| contacts.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use espace_domain::{Email, Phone};

    #[test]
    fn the_kind_asked_for_comes_before_the_best() {
        let email = Contact::Email(Email::parse("a@exemple.fr").unwrap());
        let sms = Contact::Sms(Phone::parse("0612345678").unwrap());
        let both = [email.clone(), sms.clone()];
        assert_eq!(choose(&both, Some(Channel::Sms)), Some(&sms));
        assert_eq!(choose(&both, Some(Channel::Letter)), Some(&email));
        assert_eq!(choose(&both, None), Some(&email));
        assert_eq!(choose(&[], None), None);
    }
}
