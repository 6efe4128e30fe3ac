//! Who asks and what is true of the space, before anything is decided. Must not know
//! which act is asked for.

use espace_crypto::SealingKey;
use espace_domain::decision::{
    DocumentFacts, EmergencyChoices, MessagingFacts, Party, Practice, Situation, SpaceStanding,
};
use espace_domain::{
    Actor, Assistance, CareTeam, MatrixGroup, SpaceId, Thread, Tie, TraceActor, Traits,
    invitation_expires_at, is_minor, paris_date,
};
use espace_http::{Claims, Problem};
use espace_storage::{
    Author, Choice, Document, Keyring, KnownMessage, KnownUnique, LinkKind, RelationNames,
    Repetition, Representation, RepresentationDetails, Seen, Space, SpaceKeyPurpose, StorageError,
    StoredThread, Upload, Versioned,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::guard::Permit;

/// Someone at the door of a space.
#[derive(Debug)]
pub struct Visit {
    /// What their token says.
    pub claims: Claims,
    /// Who they are to the space.
    pub party: Party,
    /// What is true.
    pub situation: Situation,
    /// Which space.
    pub space_id: SpaceId,
    /// The names of professionals and structures.
    pub names: RelationNames,
    /// When they came.
    pub now: Timestamp,
    pub(crate) repeated: Option<Repetition>,
    pub(crate) opened: Option<Box<Opened>>,
}

/// A space that may be acted on: its keys in hand.
#[derive(Debug)]
pub struct Opened {
    /// The space, as it was read for the decision.
    pub space: Space,
    /// Whose it is.
    pub holder: Traits,
    /// The key of its content.
    pub content_key: SealingKey,
    /// The key of its traces.
    pub trace_key: SealingKey,
    /// What the holder and the professional who asks are to each other.
    pub tie: Option<Versioned<Tie>>,
    /// The team of the professional's structure.
    pub team: Option<Versioned<CareTeam>>,
    /// What the holder chose about emergencies, as seen by a professional.
    pub choices: Option<Versioned<EmergencyChoices>>,
    /// The citizen who acts for the holder, in their own space.
    pub own: Option<Delegate>,
    /// The 13 characters of the holder's NIR.
    pub matricule: Option<String>,
    /// The treating doctor the insurer knows of, whom the holder has not chosen by that.
    pub known_treating_doctor: Option<String>,
    /// How many represent the holder by the insurer's word.
    pub named_representatives: usize,
    /// The document it is about.
    pub document: Option<Document>,
    /// The content on its way to be that document, or its next version.
    pub upload: Option<Upload>,
    /// What the names of what is deposited lead to.
    pub uniques: Vec<KnownUnique>,
    /// The conversation it is about.
    pub thread: Option<StoredThread>,
    /// The message that the sender's own key led to before.
    pub sent: Option<KnownMessage>,
}

impl Visit {
    /// What is true of a document for this visitor.
    pub fn facts(&self, document: &Document) -> DocumentFacts {
        let details = &document.details;
        let (authored, from_own_side) = self.authored(&details.author);
        let rule = match &self.claims.actor {
            Actor::Professional { rpps, .. } => details.rules.get(rpps).copied(),
            _ => None,
        };
        DocumentFacts {
            document_type: details.document_type,
            labels: details.labels(),
            authored,
            from_own_side,
            rule,
        }
    }

    /// What is true of a content on its way.
    pub fn facts_of_upload(&self, upload: &Upload) -> DocumentFacts {
        let details = &upload.details;
        let (authored, from_own_side) = self.authored(&details.author);
        DocumentFacts {
            document_type: details.document_type,
            labels: details.labels,
            authored,
            from_own_side,
            rule: None,
        }
    }

    /// What is true of a conversation for this visitor.
    pub fn thread_facts(&self, thread: &Thread) -> MessagingFacts {
        let takes_part = match &self.claims.actor {
            Actor::Professional { rpps, structure, .. } => {
                thread.includes(rpps, structure.as_deref())
            }
            _ => false,
        };
        thread.facts(takes_part)
    }

    /// Whether this visitor deposited what an author deposited, and whether the holder's
    /// side did.
    fn authored(&self, author: &Author) -> (bool, bool) {
        let own_side = [Party::Holder, Party::Representative, Party::Caregiver, Party::Mandated];
        let from_own_side = own_side.iter().any(|party| party.name() == author.kind);
        let authored = match &self.claims.actor {
            Actor::Professional { rpps, .. } => author.id.as_deref() == Some(rpps),
            Actor::Insurer => author.kind == Party::Insurer.name(),
            Actor::Citizen { .. } | Actor::Support { .. } => from_own_side,
        };
        (authored, from_own_side)
    }

    /// Who acts, as the holder will read it.
    pub fn actor(&self) -> TraceActor {
        crate::trace::actor(self)
    }

    /// What is needed to act: for who holds a permit, and there once an act is permitted.
    pub fn opened(&self, _permit: &Permit) -> Result<&Opened, Problem> {
        self.opened.as_deref().ok_or_else(|| Problem::internal("an act without a space"))
    }
}

/// A citizen who acts for another, or was asked to.
#[derive(Debug)]
pub struct Delegate {
    /// As what.
    pub(crate) party: Party,
    /// Their name.
    pub name: String,
    /// Their own space.
    pub space: Space,
    /// Its content key.
    pub content_key: SealingKey,
    /// The link by which they act.
    pub link: Representation,
    /// What of it is sealed.
    pub details: RepresentationDetails,
}

impl Opened {
    /// Of an heir: who they are, and the first day of the care that is theirs to have.
    pub fn heir(&self) -> Option<(SpaceId, Date)> {
        let own = self.own.as_ref()?;
        let left = own.details.inheritance?;
        Some((own.space.space_id.clone(), left.care_since))
    }
}

/// The same, where what is stored may be of another kind.
fn tie_of(choice: Choice) -> Option<Tie> {
    if let Choice::Tie(tie) = choice { Some(tie) } else { None }
}

fn assistance_of(choice: Choice) -> Option<Assistance> {
    if let Choice::Assistance(assistance) = choice { Some(assistance) } else { None }
}

fn team_of(choice: Choice) -> Option<CareTeam> {
    if let Choice::Team(team) = choice { Some(team) } else { None }
}

#[expect(clippy::needless_pass_by_value, reason = "as its siblings, which consume")]
fn emergencies_of(choice: Choice) -> Option<EmergencyChoices> {
    if let Choice::Emergencies(choices) = choice { Some(choices) } else { None }
}

/// What was read, on its way to a [`Visit`].
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) claims: Claims,
    pub(crate) space_id: SpaceId,
    pub(crate) names: RelationNames,
    pub(crate) seen: Seen,
    pub(crate) now: Timestamp,
    /// Whether the act is for callers of this kind at all.
    pub(crate) is_admitted: bool,
    /// The name of the act, where it may be repeated.
    pub(crate) repetition: Option<String>,
    /// Whether the act is about a dead person's space.
    pub(crate) of_the_dead: bool,
    /// Whether the act is for whoever may write to persons.
    pub(crate) writes: bool,
}

impl Arrival {
    /// Opens what may be opened. To a professional who is blocked, a space is opened no
    /// more than one that is not there: the same calls are made.
    pub(crate) async fn open(self, keyring: &Keyring) -> Result<Visit, StorageError> {
        let Self { claims, space_id, names, mut seen, now, is_admitted, repetition, .. } = self;
        let (of_the_dead, writes) = (self.of_the_dead, self.writes);
        let repeated = repetition.zip(seen.repeated.take());
        let standing = match (&seen.space, &seen.content_key, &seen.trace_key) {
            (Some(space), Some(_), Some(_)) => SpaceStanding::of(&space.state, space.suspension),
            _ => SpaceStanding::Absent,
        };
        let mut visit = Visit {
            party: party_of(&claims.actor, &space_id),
            situation: Situation { blocked: seen.blocked, ..Situation::of_space(standing) },
            claims,
            space_id,
            names,
            now,
            repeated: repeated.map(|(name, manner)| Repetition { name, manner }),
            opened: None,
        };
        let own = delegate(&visit, &mut seen, keyring).await?;
        if let Some(own) = &own {
            visit.party = own.party;
        }
        let has_no_column = has_no_column(visit.party, writes);
        let is_kept_out =
            seen.blocked || visit.party == Party::Stranger || has_no_column || !is_admitted;
        if is_shut(standing, visit.party, of_the_dead) || is_kept_out {
            return Ok(visit);
        }
        let (Some(space), Some(content), Some(trace)) =
            (seen.space.take(), seen.content_key.take(), seen.trace_key.take())
        else {
            return Ok(visit);
        };
        let id = &visit.space_id;
        let (content_key, trace_key) = keyring.unwrap_both(id, &content, &trace).await?;
        let read = |sealed: Option<espace_storage::SealedChoice>| {
            sealed.map(|sealed| sealed.versioned::<Choice>(&content_key)).transpose()
        };
        let account = space.account.as_ref().map(|account| &account.account_id);
        let assistance = read(seen.assistance.take())?.and_then(|found| found.map(assistance_of));
        if assistance.is_some_and(|help| help.value.stands_at(now, account)) {
            visit.party = Party::Mandated;
        }
        let tie = read(seen.tie.take())?.and_then(|found| found.map(tie_of));
        let team = read(seen.team.take())?.and_then(|found| found.map(team_of));
        let choices = read(seen.choices.take())?.and_then(|found| found.map(emergencies_of));
        let whole = space.whole_holder(&content_key)?;
        let (holder, matricule) = (whole.traits, whole.matricule);
        let named_representatives = whole.representatives;
        let known_treating_doctor = whole.treating_doctor;
        let document = seen.document.take().map(|sealed| sealed.open(&content_key)).transpose()?;
        let upload = seen.upload.take().map(|sealed| sealed.open(&content_key)).transpose()?;
        let uniques = std::mem::take(&mut seen.uniques);
        let thread = seen.thread.take().map(|sealed| sealed.open(&content_key)).transpose()?;
        let sent = seen.sent.take();

        let situation = &mut visit.situation;
        situation.minor = is_minor(holder.birth_date, paris_date(now));
        situation.choices = choices.as_ref().map(|found| found.value).unwrap_or_default();
        if let Party::Professional(practice) = &mut visit.party {
            let team = team.as_ref().map(|found| &found.value);
            let known = tie.as_ref().map(|found| &found.value);
            let unknown = Tie::new("");
            let known = known.unwrap_or(&unknown);
            situation.consented = known.consented_at(team, now);
            situation.access = known.access_at(now);
            practice.standing = known.standing_at(now);
        }
        visit.situation.document = document.as_ref().map(|document| visit.facts(document));
        visit.situation.thread = thread.as_ref().map(|found| visit.thread_facts(&found.thread));
        visit.opened = Some(Box::new(Opened {
            space,
            holder,
            content_key,
            trace_key,
            tie,
            team,
            choices,
            own,
            matricule,
            known_treating_doctor,
            named_representatives,
            document,
            upload,
            uniques,
            thread,
            sent,
        }));
        Ok(visit)
    }
}

/// Whether a space that stands so is opened for nobody of that party. A dead person's is for
/// heirs, and for who admits them.
fn is_shut(standing: SpaceStanding, party: Party, of_the_dead: bool) -> bool {
    match standing {
        SpaceStanding::Absent => true,
        SpaceStanding::Deceased => party != Party::Heir && !of_the_dead,
        SpaceStanding::Closed => !party.is_own_side(),
        SpaceStanding::Open | SpaceStanding::Active | SpaceStanding::Frozen => false,
    }
}

/// Whether a profession is let into no space: who has no column reads nothing, and is let in
/// to write where it may.
fn has_no_column(party: Party, writes: bool) -> bool {
    match party {
        Party::Professional(practice) if writes => !practice.may_write,
        Party::Professional(practice) => practice.group.is_none(),
        _ => false,
    }
}

/// Who someone is to a space by their token alone; what else they are to it is found out.
fn party_of(actor: &Actor, space_id: &SpaceId) -> Party {
    match actor {
        Actor::Citizen { space_id: own, .. } if own == space_id => Party::Holder,
        Actor::Citizen { .. } => Party::Stranger,
        Actor::Professional { profession, specialty, .. } => Party::Professional(Practice {
            group: MatrixGroup::of(profession, specialty.as_deref()),
            may_write: MatrixGroup::may_write(profession, specialty.as_deref()),
            is_regulator: MatrixGroup::is_regulator(profession),
            standing: None,
        }),
        Actor::Support { .. } => Party::Support,
        Actor::Insurer => Party::Insurer,
    }
}

/// The citizen who acts for the holder, where they do today, or was asked to.
async fn delegate(
    visit: &Visit,
    seen: &mut Seen,
    keyring: &Keyring,
) -> Result<Option<Delegate>, StorageError> {
    let Actor::Citizen { space_id: own, archived: false } = &visit.claims.actor else {
        return Ok(None);
    };
    let (Some(link), Some(wrapped), Some(space)) =
        (seen.representation.take(), &seen.own_content_key, seen.own_space.take())
    else {
        return Ok(None);
    };
    let content_key = keyring.unwrap(own, SpaceKeyPurpose::Content, wrapped).await?;
    let details = link.open(&content_key)?;
    let party = match (link.kind, &details.care) {
        // On the 18th birthday it ends by itself, whether or not the job has run.
        (LinkKind::Representative, _) => {
            details.holds_on(paris_date(visit.now)).then_some(Party::Representative)
        }
        (LinkKind::Caregiver, Some(care)) if care.accepted => Some(Party::Caregiver),
        (LinkKind::Caregiver, Some(care)) => {
            (visit.now < invitation_expires_at(care.invited_at)).then_some(Party::Invited)
        }
        (LinkKind::Heir, _) => {
            details.inheritance.filter(|left| visit.now < left.until).map(|_| Party::Heir)
        }
        (LinkKind::Caregiver, None) => None,
    };
    let Some(party) = party else { return Ok(None) };
    let name = space.holder(&content_key)?;
    let name = format!("{} {}", name.first_name(), name.last_name());
    Ok(Some(Delegate { party, name, space, content_key, link, details }))
}
