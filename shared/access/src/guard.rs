//! The door: read, decide, and write with a trace. Must not know what an act is for.

use std::sync::Arc;

use espace_domain::decision::{
    AccessMode, Action, Chain, Check, Decision, DocumentFacts, Duties, MessagingFacts, Party,
    PartyKind, Reason, Situation, Tell, decide,
};
use espace_domain::{Actor, Clock, DocumentId, Random, SpaceId, SpaceState, ThreadId};
use espace_http::{Bearer, Claims, Problem, ProblemKind, TokenVerifier};
use espace_storage::{
    AccessReads, Act, Acts, Asker, Asking, Aws, Change, Environment, Keyring, Recorded, Refusals,
    RelationNames, Relations, Repetition, SessionName, SigningKeys, SystemKeys,
};
use jiff::Timestamp;

use crate::refused::{admits, admits_kind, problem_of};
use crate::trace::draft;
use crate::visit::{Arrival, Visit};

/// The name that stands for a holder's own space.
const ME: &str = "me";
/// Why an attempt on a document that is not there comes to nothing.
const NO_DOCUMENT: &str = "noDocument";

/// The door of every space.
#[derive(Debug, Clone)]
pub struct Guard {
    verifier: TokenVerifier,
    reads: AccessReads,
    keyring: Keyring,
    relations: Relations,
    acts: Acts,
    refusals: Refusals,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What of documents an act is about.
#[derive(Debug, Clone, Copy, Default)]
struct About<'a> {
    document: Option<&'a DocumentId>,
    uniques: &'a [String],
    thread: Option<&'a ThreadId>,
    /// The sender's own key of a message.
    sent: Option<&'a str>,
}

/// That an act was decided to be allowed, and what goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    action: Action,
    duties: Duties,
}

impl Permit {
    /// What is permitted.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The chain that its trace goes to.
    pub fn chain(&self) -> Option<Chain> {
        self.duties.trace
    }
}

/// What an allowed act does.
#[derive(Debug, Default)]
pub struct Done<'a> {
    /// What it was about: ids of documents, of consents.
    pub elements: &'a [&'a str],
    /// What it changes.
    pub changes: &'a [Change],
    /// Whether acts decided before it must stop.
    pub raises_epoch: bool,
    /// What the space becomes by it.
    pub becomes: Option<&'a SpaceState>,
    /// How a professional came in, where that is the act.
    pub mode: Option<AccessMode>,
    /// The chain its trace goes to, where the act is about a trace in it.
    pub chain: Option<Chain>,
}

impl Guard {
    /// Admits holders of tokens issued under `ESPACE_ISSUER`.
    pub fn new(
        aws: &Aws,
        environment: &mut Environment,
        keys: Arc<SystemKeys>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let issuer = environment.required("ESPACE_ISSUER");
        let signing = SigningKeys::new(aws, environment);
        Self {
            verifier: TokenVerifier::new(issuer, signing, clock.clone()),
            reads: AccessReads::new(aws, environment),
            keyring: Keyring::new(aws, environment, clock.clone()),
            relations: Relations::new(keys.clone()),
            acts: Acts::new(aws, environment),
            refusals: Refusals::new(aws, environment, keys),
            clock,
            random,
        }
    }

    /// Reads and decides at once: for acts of which everything is known.
    pub async fn enter(
        &self,
        bearer: &Bearer,
        named: &str,
        action: Action,
    ) -> Result<(Visit, Permit), Problem> {
        let visit = self.visit(bearer, named, action, &[]).await?;
        let permit = self.permit(&visit, action, &[]).await?;
        Ok((visit, permit))
    }

    /// Finds out who asks and what is true; nothing is decided yet. `elements` are what
    /// the act is about, as far as the request names it.
    pub async fn visit(
        &self,
        bearer: &Bearer,
        named: &str,
        action: Action,
        elements: &[&str],
    ) -> Result<Visit, Problem> {
        let claims = self.claims(bearer).await?;
        let space_id = named_space(&claims, named, action)?;
        self.arrive(claims, space_id, action, elements).await
    }

    /// What a token says; its session is looked at with everything else.
    pub async fn claims(&self, bearer: &Bearer) -> Result<Claims, Problem> {
        let verified = self.verifier.verify(bearer.expose()).await?;
        let claims = verified.map_err(|_| ProblemKind::Unauthenticated)?;
        bearer.note(claims.actor.kind());
        Ok(claims)
    }

    /// The same about a document.
    pub async fn visit_document(
        &self,
        bearer: &Bearer,
        named: &str,
        document: &str,
        action: Action,
    ) -> Result<Visit, Problem> {
        let claims = self.claims(bearer).await?;
        let space_id = named_space(&claims, named, action)?;
        // What is no name of a document names one that is not there.
        let id = DocumentId::parse(document).ok();
        let about = About { document: id.as_ref(), ..About::default() };
        let elements = Vec::from_iter(id.as_ref().map(DocumentId::as_str));
        self.arrive_about(claims, space_id, action, &elements, about).await
    }

    /// The same about a conversation; `key` is the sender's own of a message, where they write
    /// one.
    pub async fn visit_thread(
        &self,
        bearer: &Bearer,
        (named, thread): (&str, Option<&str>),
        action: Action,
        key: Option<&str>,
    ) -> Result<Visit, Problem> {
        let claims = self.claims(bearer).await?;
        let space_id = named_space(&claims, named, action)?;
        // What is no name of a conversation names one that is not there.
        let id = thread.and_then(|thread| ThreadId::parse(thread).ok());
        let about = About { thread: id.as_ref(), sent: key, ..About::default() };
        let elements = Vec::from_iter(id.as_ref().map(ThreadId::as_str));
        self.arrive_about(claims, space_id, action, &elements, about).await
    }

    /// The same about a document that is deposited: `uniques` are names that may lead to
    /// one that is there.
    pub async fn visit_deposit(
        &self,
        claims: Claims,
        named: &str,
        action: Action,
        uniques: impl Fn(&RelationNames, &SpaceId) -> Vec<String>,
    ) -> Result<Visit, Problem> {
        let space_id = named_space(&claims, named, action)?;
        let relations = self.relations.names().await?;
        let uniques = uniques(&relations, &space_id);
        let about = About { uniques: &uniques, ..About::default() };
        self.arrive_about(claims, space_id, action, &[], about).await
    }

    /// Refuses callers of a kind that an act is not for, before their request is read.
    pub fn require_admitted(&self, claims: &Claims, action: Action) -> Result<(), Problem> {
        match &claims.actor {
            Actor::Citizen { archived: true, .. } => Err(ProblemKind::SpaceClosed.into()),
            actor if admits(action, actor) => Ok(()),
            _ => Err(ProblemKind::Forbidden.into()),
        }
    }

    /// The same for a space that was found otherwise.
    pub async fn arrive(
        &self,
        claims: Claims,
        space_id: SpaceId,
        action: Action,
        elements: &[&str],
    ) -> Result<Visit, Problem> {
        self.arrive_about(claims, space_id, action, elements, About::default()).await
    }

    async fn arrive_about(
        &self,
        claims: Claims,
        space_id: SpaceId,
        action: Action,
        elements: &[&str],
        about: About<'_>,
    ) -> Result<Visit, Problem> {
        if let Actor::Citizen { space_id: own, archived: true } = &claims.actor
            && *own != space_id
        {
            // Whose own space is closed acts for nobody.
            return Err(ProblemKind::SpaceClosed.into());
        }
        let now = self.clock.now();
        let names = self.relations.names().await?;
        let account_id = claims.account_id();
        let session = match (&claims.actor, &account_id) {
            (Actor::Citizen { .. }, Some(account_id)) => {
                SessionName::OfAccount(account_id, &claims.sid)
            }
            (Actor::Citizen { .. }, None) => return Err(ProblemKind::Unauthenticated.into()),
            _ => SessionName::Exchanged(&claims.sid),
        };
        let repetition = action
            .is_repeatable()
            .then(|| repetition(&names, &claims, &space_id, action, elements));
        let of_professional = match &claims.actor {
            Actor::Professional { rpps, structure, .. } => Some((
                names.tie(&space_id, rpps),
                names.block(&space_id, rpps),
                structure.as_ref().map(|structure| names.team(&space_id, structure)),
            )),
            _ => None,
        };
        let of_agent = match &claims.actor {
            Actor::Support { agent } => Some(names.assistance(&space_id, agent)),
            _ => None,
        };
        let asker = match (&claims.actor, &of_professional) {
            (Actor::Citizen { space_id: own, .. }, _) => Asker::Citizen(own),
            (_, Some((tie, block, team))) => {
                Asker::Professional { tie, block, team: team.as_deref() }
            }
            _ => of_agent.as_deref().map_or(Asker::Other, Asker::Agent),
        };
        let sent = about.sent.map(|key| names.sent(&space_id, &claims.sub, key));
        let asking = Asking {
            session,
            space_id: &space_id,
            asker,
            repetition: repetition.as_deref(),
            document: about.document,
            uniques: about.uniques,
            thread: about.thread,
            sent: sent.as_deref(),
        };
        let seen = self.reads.read(&asking, now).await?;
        if !seen.session_lasts {
            return Err(ProblemKind::Unauthenticated.into());
        }
        if matches!(&claims.actor, Actor::Citizen { archived: true, .. })
            && !action.is_left_when_closed()
        {
            return Err(ProblemKind::SpaceClosed.into());
        }
        // An agent is let in as who helps, or for what is an agent's.
        let is_admitted = match (&claims.actor, &seen.assistance) {
            (Actor::Support { .. }, None) => admits_kind(action, PartyKind::Support),
            _ => admits(action, &claims.actor),
        };
        let writes = action.checks().contains(&Check::MayWrite);
        let of_the_dead = action.checks().contains(&Check::HolderDied);
        let arrival = Arrival {
            claims,
            space_id,
            names,
            seen,
            now,
            is_admitted,
            repetition,
            of_the_dead,
            writes,
        };
        Ok(arrival.open(&self.keyring).await?)
    }

    /// Decides. What is refused to anyone but the holder is noted for the holder.
    pub async fn permit(
        &self,
        visit: &Visit,
        action: Action,
        elements: &[&str],
    ) -> Result<Permit, Problem> {
        self.permit_for(visit, action, visit.situation.document, elements).await
    }

    /// Decides about a document.
    pub async fn permit_for(
        &self,
        visit: &Visit,
        action: Action,
        document: Option<DocumentFacts>,
        elements: &[&str],
    ) -> Result<Permit, Problem> {
        let situation = Situation { document, ..visit.situation };
        self.decided(visit, action, &situation, elements).await
    }

    /// Decides about a conversation.
    pub async fn permit_in(
        &self,
        visit: &Visit,
        action: Action,
        thread: MessagingFacts,
        elements: &[&str],
    ) -> Result<Permit, Problem> {
        let situation = Situation { thread: Some(thread), ..visit.situation };
        self.decided(visit, action, &situation, elements).await
    }

    /// Decides; what is refused is noted for the holder.
    async fn decided(
        &self,
        visit: &Visit,
        action: Action,
        situation: &Situation,
        elements: &[&str],
    ) -> Result<Permit, Problem> {
        let reason = match decide(visit.party, action, situation) {
            Decision::Allow(duties) => return Ok(Permit { action, duties }),
            Decision::Deny(reason) => reason,
        };
        self.refuse(visit, action, situation, reason.name(), elements).await?;
        Err(problem_of(visit.party, told(visit, reason, situation)).into())
    }

    /// What a document that is not there comes to: the same as one that is hidden.
    pub async fn absent(&self, visit: &Visit, action: Action, elements: &[&str]) -> Problem {
        match self.refuse(visit, action, &visit.situation, NO_DOCUMENT, elements).await {
            Ok(()) => {
                let told = told(visit, Reason::NotTheirs, &visit.situation);
                let is_read = told == Reason::NotTheirs;
                if is_read { ProblemKind::NotFound } else { problem_of(visit.party, told) }.into()
            }
            Err(problem) => problem,
        }
    }

    /// The same for what only its sender knows of: it is not there for anyone else.
    pub async fn nowhere(&self, visit: &Visit, action: Action, elements: &[&str]) -> Problem {
        match self.refuse(visit, action, &visit.situation, NO_DOCUMENT, elements).await {
            Ok(()) => ProblemKind::NotFound.into(),
            Err(problem) => problem,
        }
    }

    /// Notes a refused attempt for the holder, whose own are their own.
    async fn refuse(
        &self,
        visit: &Visit,
        action: Action,
        situation: &Situation,
        reason: &str,
        elements: &[&str],
    ) -> Result<(), Problem> {
        if visit.party == Party::Holder {
            return Ok(());
        }
        // Who reads the log for the holder is told the same of what is hidden from them as of
        // what is not there, in the same chain.
        let nothing = Situation { document: None, thread: None, ..*situation };
        let (situation, reason) = if visit.party.is_own_side() && is_about_a_document(reason) {
            (&nothing, NO_DOCUMENT)
        } else {
            (situation, reason)
        };
        let random = self.random.as_ref();
        let mut refused = draft(visit, action, situation.chain(), random);
        refused.refuse(reason);
        refused.about(elements);
        let again = refused.repetition(visit);
        let draft = refused.finish(visit, Some(again))?;
        Ok(self.refusals.send(&visit.space_id, &draft, random).await?)
    }

    /// Writes what an allowed act does, with its trace; gives the trace's number. Where
    /// the space or its consents changed since they were read, nothing is done.
    pub async fn record(
        &self,
        visit: &Visit,
        permit: &Permit,
        done: Done<'_>,
    ) -> Result<u64, Problem> {
        let opened = visit.opened(permit)?;
        let random = self.random.as_ref();
        let Some(chain) = permit.duties.trace else {
            // Holders look at what is their own: nothing to write, and nothing taken away
            // meanwhile that it rests on.
            if done.changes.is_empty() {
                return Ok(0);
            }
            if !permit.action.is_ones_own() {
                return Err(Problem::internal("a change without a trace"));
            }
            let untraced = Act {
                space: &opened.space,
                trace: None,
                changes: done.changes,
                raises_epoch: false,
                becomes: None,
                is_followed_up: false,
            };
            return sequence_of(self.acts.record(untraced, random, visit.now).await?);
        };
        let again = permit.action.is_repeatable().then(|| Repetition {
            name: repetition(
                &visit.names,
                &visit.claims,
                &visit.space_id,
                permit.action,
                done.elements,
            ),
            manner: manner(visit, done.mode),
        });
        let is_repeated = again.is_some() && visit.repeated == again && done.changes.is_empty();
        let traced = if is_repeated {
            None
        } else {
            let mut allowed = draft(visit, permit.action, done.chain.unwrap_or(chain), random);
            allowed.about(done.elements);
            allowed.mode(done.mode);
            if is_counted(visit, permit.action) {
                allowed.within(opened);
            }
            Some(allowed.finish(visit, again)?)
        };
        let act = Act {
            space: &opened.space,
            trace: traced.as_ref().map(|draft| (draft, &opened.trace_key)),
            changes: done.changes,
            raises_epoch: done.raises_epoch,
            becomes: done.becomes,
            // What is read or deposited in an emergency is counted, also where nobody may be
            // told of it.
            is_followed_up: permit.duties.tell != Tell::Nobody || is_counted(visit, permit.action),
        };
        let untraced = Act { trace: None, ..act };
        let mut recorded = self.acts.record(act, random, visit.now).await?;
        if recorded == Recorded::Repeated {
            // Another request of the same caller traced the same reading a moment ago.
            recorded = self.acts.record(untraced, random, visit.now).await?;
        }
        sequence_of(recorded)
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The names of relations.
    pub async fn names(&self) -> Result<RelationNames, Problem> {
        Ok(self.relations.names().await?)
    }

    /// The acts' stores.
    pub fn acts(&self) -> &Acts {
        &self.acts
    }

    /// The chains that a viewer may ever see.
    pub fn chains_of(party: Party) -> impl Iterator<Item = Chain> {
        Chain::ALL.into_iter().filter(move |chain| chain.is_shown_to(party))
    }
}

/// The number of a trace that is written.
fn sequence_of(recorded: Recorded) -> Result<u64, Problem> {
    match recorded {
        Recorded::Yes(sequence) => Ok(sequence),
        Recorded::Outdated | Recorded::Refused | Recorded::Repeated => {
            Err(ProblemKind::ChangedMeanwhile.into())
        }
    }
}

/// The name of an act by which its repetition is recognised.
fn repetition(
    names: &RelationNames,
    claims: &Claims,
    space_id: &SpaceId,
    action: Action,
    elements: &[&str],
) -> String {
    let mut parts = vec![space_id.as_str(), &claims.sub, action.name()];
    parts.extend(elements);
    names.repetition(&parts)
}

/// Whether an act is counted for those who look at the emergency in which it is done.
fn is_counted(visit: &Visit, action: Action) -> bool {
    let counted = [Action::ReadDocument, Action::DepositDocument, Action::ReplaceDocument];
    let in_emergency =
        matches!(visit.situation.access, Some(AccessMode::BreakGlass | AccessMode::Regulation));
    in_emergency && counted.contains(&action)
}

/// Whether an attempt was refused for what the document is to who asks.
fn is_about_a_document(reason: &str) -> bool {
    [Reason::NotYetVisible, Reason::HiddenFromRepresentatives]
        .iter()
        .any(|hidden| hidden.name() == reason)
}

/// What is told of a document that is hidden, someone else's or not there: to who may not
/// read it, only that.
fn told(visit: &Visit, reason: Reason, situation: &Situation) -> Reason {
    let about_the_document = matches!(
        reason,
        Reason::NotTheirs
            | Reason::MatrixForbids
            | Reason::Masked
            | Reason::HiddenByRule
            | Reason::NotYetVisible
            | Reason::HiddenFromRepresentatives
    );
    match decide(visit.party, Action::ReadDocument, situation) {
        Decision::Deny(unread) if about_the_document => unread,
        _ => reason,
    }
}

/// In what manner an act is done: how the professional came in, and as whom.
fn manner(visit: &Visit, mode: Option<AccessMode>) -> String {
    let mode = mode.or(visit.situation.access).map_or("", AccessMode::name);
    let practice = match &visit.claims.actor {
        Actor::Professional { profession, specialty, structure, .. } => [
            profession.as_str(),
            specialty.as_deref().unwrap_or_default(),
            structure.as_deref().unwrap_or_default(),
        ],
        _ => [visit.party.name(), "", ""],
    };
    visit.names.repetition(&[[mode].as_slice(), &practice].concat())
}

/// The space that a path names.
fn named_space(claims: &Claims, named: &str, action: Action) -> Result<SpaceId, Problem> {
    match &claims.actor {
        Actor::Citizen { space_id: own, .. } if named == ME => Ok(own.clone()),
        actor => SpaceId::parse(named).map_err(|_| {
            // What is no space lets no agent in, whoever they help elsewhere.
            let is_agent = matches!(actor, Actor::Support { .. });
            let may_know = admits(action, actor) && !is_agent;
            let kind = if may_know { ProblemKind::NotFound } else { ProblemKind::Forbidden };
            kind.into()
        }),
    }
}
