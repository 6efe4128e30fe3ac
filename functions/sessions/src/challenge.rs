//! What every second factor shares: the addresses that receive codes, a challenge
//! and the message that carries its code. Must not know what is opened.

use espace_crypto::{BlindIndex, SealingKey};
use espace_domain::{ChallengeId, Channel, Contact, ContactId, OneTimeCode, SessionId, SpaceId};
use espace_http::Problem;
use espace_notifications::Notice;
use espace_storage::transitions::{begin_challenge, begin_unconfirmed};
use espace_storage::{
    Challenge, ChallengePurpose, ChallengedAccount, Contacts, Envelope, KeyName, NewChallenge,
    SpaceContact,
};
use jiff::Timestamp;

use crate::App;

/// An address that can receive codes.
pub(crate) struct Address {
    pub(crate) contact_id: ContactId,
    pub(crate) contact: Contact,
    pub(crate) found: SpaceContact,
}

/// The addresses of a holder that can receive codes, e-mail first.
pub(crate) struct Addresses {
    /// Those that count.
    pub(crate) confirmed: Vec<Address>,
    /// Those that do not yet.
    pub(crate) unconfirmed: Vec<Address>,
}

/// The addresses of a space's holder.
pub(crate) async fn addresses(
    app: &App,
    space_id: &SpaceId,
    key: &SealingKey,
) -> Result<Addresses, Problem> {
    let mut addresses = Addresses { confirmed: Vec::new(), unconfirmed: Vec::new() };
    for found in app.contacts.of_space(space_id).await? {
        let contact = found.open(key)?;
        if contact.channel() == Channel::Letter {
            continue;
        }
        let list = match found.confirmed_at {
            Some(_) => &mut addresses.confirmed,
            None => &mut addresses.unconfirmed,
        };
        list.push(Address { contact_id: found.contact_id.clone(), contact, found });
    }
    // E-mail first; of two the one the insurer gave, then the one that counts longest.
    let order = |address: &Address| {
        (address.contact.channel(), !address.found.on_file, address.found.confirmed_at)
    };
    addresses.confirmed.sort_by_key(order);
    addresses.unconfirmed.sort_by_key(order);
    Ok(addresses)
}

/// What a challenge is about.
pub(crate) struct About<'a> {
    pub(crate) login: &'a BlindIndex,
    pub(crate) space_id: &'a SpaceId,
    pub(crate) purpose: ChallengePurpose,
    /// The account that logs in.
    pub(crate) made_for: Option<ChallengedAccount>,
}

impl<'a> About<'a> {
    /// A challenge of that name, sent there.
    fn challenge(
        self,
        challenge_id: ChallengeId,
        session_id: Option<&'a SessionId>,
        contact_id: &'a ContactId,
    ) -> NewChallenge<'a> {
        let Self { login, space_id, purpose, made_for: account } = self;
        NewChallenge { challenge_id, login, space_id, purpose, session_id, account, contact_id }
    }
}

/// Keeps a challenge and sends its code to an address.
pub(crate) async fn send_challenge(
    app: &App,
    about: About<'_>,
    session_id: Option<&SessionId>,
    to: &Address,
    now: Timestamp,
) -> Result<ChallengeId, Problem> {
    let random = app.random.as_ref();
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let purpose = about.purpose;
    let new = about.challenge(ChallengeId::generate(random), session_id, &to.contact_id);
    let challenge = Challenge::new(new, &otp, &mac, now);
    let message = code_message(to, purpose, &otp);
    begin_challenge(&app.challenges, &app.outbox, &challenge, &message, random, now).await?;
    Ok(challenge.challenge_id)
}

/// The challenge of a first login to an address that does not count yet, where the
/// code sent to it before is over: the new one confirms the address too.
pub(crate) async fn send_unconfirmed(
    app: &App,
    about: About<'_>,
    to: &Address,
    now: Timestamp,
) -> Result<Option<ChallengeId>, Problem> {
    let random = app.random.as_ref();
    let otp = OneTimeCode::generate(random);
    let mac = app.keys.mac(KeyName::LoginIndex).await?;
    let contact_id = &to.contact_id;
    let new = about.challenge(ChallengeId::generate(random), None, contact_id);
    let challenge = Challenge::new(new, &otp, &mac, now);
    let tag = Contacts::otp_tag(&mac, contact_id, &otp);
    let message = Envelope {
        to: to.contact.clone(),
        addressee: String::new(),
        notice: Notice::contact_code(&otp),
    };
    let stores = (&app.challenges, &app.contacts, &app.outbox);
    let contact = (&to.found, tag);
    let begun = begin_unconfirmed(stores, &challenge, contact, &message, random, now).await?;
    Ok(begun.then_some(challenge.challenge_id))
}

/// The message that carries a code.
pub(crate) fn code_message(
    to: &Address,
    purpose: ChallengePurpose,
    otp: &OneTimeCode,
) -> Envelope<Notice> {
    let notice = match purpose {
        ChallengePurpose::Login => Notice::login_code(otp),
        ChallengePurpose::PasswordReset
        | ChallengePurpose::Passkey
        | ChallengePurpose::Factors
        | ChallengePurpose::Contacts
        | ChallengePurpose::Closure
        | ChallengePurpose::PhoneClosure
        | ChallengePurpose::Reopening
        | ChallengePurpose::Export => Notice::act_code(act(purpose), otp),
    };
    Envelope { to: to.contact.clone(), addressee: String::new(), notice }
}

/// The act that a code confirms, as the message says it: someone who did not ask
/// for it must understand what is being tried.
fn act(purpose: ChallengePurpose) -> &'static str {
    match purpose {
        ChallengePurpose::Login => "vous connecter",
        ChallengePurpose::PasswordReset => "changer de mot de passe",
        ChallengePurpose::Passkey | ChallengePurpose::Factors => "changer de moyen de connexion",
        ChallengePurpose::Contacts => "modifier vos contacts",
        ChallengePurpose::Closure | ChallengePurpose::PhoneClosure => "fermer votre espace",
        ChallengePurpose::Reopening => "rouvrir votre espace",
        ChallengePurpose::Export => "télécharger toutes vos données",
    }
}
