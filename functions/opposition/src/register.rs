//! What every way of refusing shares: the receipt, who is told, what may still be
//! reversed. Must not know how identity was proven, nor HTTP bodies.

use espace_crypto::BlindIndex;
use espace_domain::{
    Channel, Contact, InvitationCode, OppositionChannel, OppositionId, Reference, Registration,
    RegistrationRefusal, paris_date, reversible_until,
};
use espace_http::{Problem, ProblemKind};
use espace_notifications::{Notice, OppositionProof};
use espace_storage::transitions::{
    OpposeRefused, Refusal, RefusedBy, dmp_closes_at, oppose as refuse,
};
use espace_storage::{Envelope, Opposition, PersonEntry, PersonRecord, ProofDetails};
use jiff::Timestamp;

use crate::App;

/// A refusal to be registered.
pub(crate) struct Word<'a> {
    /// On whose word.
    pub(crate) by: RefusedBy<'a>,
    /// By which way.
    pub(crate) channel: OppositionChannel,
    /// Its id.
    pub(crate) opposition_id: OppositionId,
    /// Who acts for the person, where someone does.
    pub(crate) representative: Option<&'a BlindIndex>,
    /// The proof is sent that way, in full.
    pub(crate) proof: Option<Channel>,
}

/// Someone else who may act for the person.
struct Other {
    card_proof: Option<Vec<u8>>,
    is_acting: bool,
    record: Option<PersonRecord>,
}

/// Registers a refusal; `None` when the person changed between reading and
/// writing.
pub(crate) async fn register(
    app: &App,
    entry: &PersonEntry,
    word: &Word<'_>,
    now: Timestamp,
) -> Result<Option<Opposition>, Problem> {
    let random = app.random.as_ref();
    let record = app.stores.registry.open_unheld_record(entry).await?;
    let Some(record) = record else {
        return Err(refusal_of_state(&entry.registration));
    };
    let others = representatives(app, &record, word.representative).await?;
    let told: Vec<&PersonRecord> = others
        .iter()
        .filter(|other| !other.is_acting)
        .filter_map(|other| other.record.as_ref())
        .collect();
    let reversible = matches!(word.by, RefusedBy::Agent(_)) || !told.is_empty();
    let dmp_until = record.has_dmp.then(|| paris_date(dmp_closes_at(now)));
    let reference = Reference::generate(random);
    let mut receipt =
        Opposition::new(word.opposition_id.clone(), reference, now, word.channel, &entry.index);
    let details = ProofDetails {
        name: record.full_name(),
        represented: word.representative.is_some(),
        dmp_until,
    };
    app.stores.oppositions.seal_details(&mut receipt, &details, random).await?;
    if let Some(proof) = entry.card_proof() {
        receipt.admit_card(proof);
    }
    for proof in others.iter().filter_map(|other| other.card_proof.as_deref()) {
        receipt.admit_card(proof);
    }
    let code = (!told.is_empty()).then(|| InvitationCode::generate(random));
    let mut messages = Vec::new();
    if let Some(to) = address(&record, word.proof) {
        let notice = match word.proof {
            Some(_) => Notice::OppositionProof(proof_of(&receipt, &details)),
            None => Notice::OppositionRegistered {
                reference: receipt.reference.as_str().to_owned(),
                registered_on: paris_date(now),
            },
        };
        messages.push(Envelope { to: to.clone(), addressee: record.full_name(), notice });
    }
    if let Some(code) = &code {
        let until = reversible_until(now);
        for other in told {
            let Some(to) = other.contacts.first() else { continue };
            let notice = Notice::opposition_by_other(record.traits.first_name(), code, until);
            messages.push(Envelope { to: to.clone(), addressee: other.full_name(), notice });
        }
    }
    let refusal = Refusal {
        by: word.by,
        entry,
        receipt: &receipt,
        reversible,
        has_dmp: record.has_dmp,
        code: code.as_ref(),
        messages: &messages,
    };
    match refuse(&app.stores, &refusal, random, now).await? {
        Ok(()) => Ok(Some(receipt)),
        Err(OpposeRefused::Domain(refusal)) => Err(problem_of(&refusal)),
        Err(OpposeRefused::Raced) => Ok(None),
    }
}

/// What the proof of a receipt states.
pub(crate) fn proof_of(receipt: &Opposition, details: &ProofDetails) -> OppositionProof {
    OppositionProof {
        name: details.name.clone(),
        represented: details.represented,
        reference: receipt.reference.as_str().to_owned(),
        registered_at: receipt.registered_at,
        dmp_until: details.dmp_until,
    }
}

/// Everyone who may act for the person, as the registry knows them.
async fn representatives(
    app: &App,
    record: &PersonRecord,
    acting: Option<&BlindIndex>,
) -> Result<Vec<Other>, Problem> {
    let registry = &app.stores.registry;
    let mut others = Vec::new();
    for nir in record.representatives() {
        let index = registry.index(&nir).await?;
        let Some(entry) = registry.find_by_index(&index).await? else { continue };
        let opened = registry.open_record(&entry, &app.space_keys).await?;
        others.push(Other {
            card_proof: entry.card_proof().map(<[u8]>::to_vec),
            is_acting: acting == Some(&index),
            record: opened.filter(|record| record.deceased_on.is_none()),
        });
    }
    Ok(others)
}

/// Where word goes: the kind that was asked for, else the best there is. A refusal
/// never fails for want of an address.
pub(crate) fn address(record: &PersonRecord, wanted: Option<Channel>) -> Option<&Contact> {
    record
        .contacts
        .iter()
        .find(|contact| Some(contact.channel()) == wanted)
        .or_else(|| record.contacts.first())
}

/// Why someone may not refuse any more.
pub(crate) fn refusal_of_state(registration: &Registration) -> Problem {
    match registration {
        Registration::Held { .. } => ProblemKind::SpaceAlreadyOpen.into(),
        Registration::Opposed { .. } => ProblemKind::AlreadyOpposed.into(),
        Registration::Invited { .. } | Registration::Erased { .. } => {
            ProblemKind::EnrolmentOver.into()
        }
    }
}

/// How the domain's no is said.
pub(crate) fn problem_of(refusal: &RegistrationRefusal) -> Problem {
    match refusal {
        RegistrationRefusal::AlreadyHeld { .. } => ProblemKind::SpaceAlreadyOpen.into(),
        RegistrationRefusal::AlreadyOpposed => ProblemKind::AlreadyOpposed.into(),
        RegistrationRefusal::Erased => ProblemKind::EnrolmentOver.into(),
        RegistrationRefusal::NotReversible => ProblemKind::NotReversible.into(),
        RegistrationRefusal::NotDue => Problem::internal("a refusal cannot be early"),
    }
}
