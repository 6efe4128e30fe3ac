//! What a deposit becomes: a new document, the next version of one, or one that is there
//! already.
//!
//! Must not know: how the content came, nor how it is kept.

use espace_access::{Permit, Visit};
use espace_deposit::Entry;
use espace_domain::decision::{Action, DocumentFacts, Party};
use espace_domain::{Actor, DocumentId, SpaceId};
use espace_http::{Problem, ProblemKind};
use espace_storage::{Author, Document, RelationNames, Target, Upload, UploadState};

use crate::App;

/// Most documents that one may say it replaces.
const REPLACED_MAX: usize = 5;

/// What is deposited, by what it may be found.
#[derive(Debug)]
pub(crate) struct Deposited<'a> {
    /// By what a depositor's own names are theirs.
    pub(crate) depositor: &'a str,
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// The names of documents it says it replaces.
    pub(crate) replaces: &'a [String],
    /// The SHA-256 of the content.
    pub(crate) sha256: &'a str,
    /// The idempotency key, and what it is bound to.
    pub(crate) key: Option<(&'a str, &'a str)>,
}

/// What a deposit comes to.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// It is there already.
    Known(Box<Document>),
    /// It is on its way already.
    Pending(Box<Upload>),
    /// It is to be kept.
    Place(Target),
}

impl Deposited<'_> {
    /// The names that may lead to a document, for the one reading.
    pub(crate) fn names(&self, names: &RelationNames, space_id: &SpaceId) -> Vec<String> {
        let kind = self.entry.document_type;
        let sole = kind.is_statement().then(|| names.sole(space_id, kind));
        let key = self.key.map(|(key, _)| names.idempotency(space_id, self.depositor, key));
        let own = self.entry.unique_id.as_ref();
        let replaced = self.replaces.iter().take(REPLACED_MAX);
        let called = own.into_iter().chain(replaced);
        let called = called.map(|unique| names.unique(space_id, self.depositor, unique));
        let mut all: Vec<_> = sole.into_iter().chain(key).chain(called).collect();
        // No transaction reads an item twice.
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What an idempotency key is bound to.
    pub(crate) fn fingerprint(&self, names: &RelationNames) -> Option<String> {
        let (_, asked) = self.key?;
        Some(names.fingerprint(&[asked, self.sha256]))
    }
}

/// What a deposit comes to, from what its names lead to.
pub(crate) async fn resolve(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    deposited: &Deposited<'_>,
) -> Result<Resolved, Problem> {
    let opened = visit.opened(permit)?;
    let (names, space_id) = (&visit.names, &visit.space_id);
    let led = |name: String| {
        let known = opened.uniques.iter().find(|known| known.is_of(&name));
        known.map(|known| known.document_id.clone())
    };
    let entry = deposited.entry;
    if let Some((key, _)) = deposited.key {
        let name = names.idempotency(space_id, deposited.depositor, key);
        if let Some(known) = opened.uniques.iter().find(|known| known.is_of(&name)) {
            if known.fingerprint != deposited.fingerprint(names) {
                return Err(ProblemKind::IdempotencyKeyReused.into());
            }
            // What was made may be gone: then it is made again.
            if let Some(standing) = standing(app, (visit, permit), &known.document_id).await? {
                return Ok(standing);
            }
        }
    }
    let kind = entry.document_type;
    let sole = kind.is_statement().then(|| led(names.sole(space_id, kind))).flatten();
    if let Some(unique) = &entry.unique_id
        && let Some(id) = led(names.unique(space_id, deposited.depositor, unique))
    {
        return match standing(app, (visit, permit), &id).await? {
            Some(Resolved::Known(document))
                if document.details.holds(Some(unique), deposited.sha256) =>
            {
                Ok(Resolved::Known(document))
            }
            Some(Resolved::Pending(upload)) if upload.details.sha256 == deposited.sha256 => {
                Ok(Resolved::Pending(upload))
            }
            // What was on its way came to nothing: the name serves again, for what stands
            // now where there is one of a kind.
            None => next(app, (visit, permit), sole.as_ref().unwrap_or(&id), |_| true).await,
            Some(_) => Err(ProblemKind::UniqueIdTaken.into()),
        };
    }
    if let Some(id) = sole {
        if visit.party == Party::Insurer {
            return Err(ProblemKind::StatementStands.into());
        }
        return next(app, (visit, permit), &id, |_| true).await;
    }
    // Who helps for an hour deposits, and replaces nothing of the holder's.
    let replaces = if visit.party == Party::Mandated { &[] } else { deposited.replaces };
    for replaced in replaces.iter().take(REPLACED_MAX) {
        if let Some(id) = led(names.unique(space_id, deposited.depositor, replaced)) {
            let is_theirs = |document: &Document| {
                let facts = visit.facts(document);
                facts.document_type == kind
                    && facts.authored
                    && !entry.labels.hides_more_than(facts.labels)
            };
            return next(app, (visit, permit), &id, is_theirs).await;
        }
    }
    Ok(Resolved::Place(Target::New(DocumentId::at(visit.now, app.random.as_ref()))))
}

/// The next version of a document; a new one of its name where there is none, or of another
/// where it may not be that.
async fn next(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    id: &DocumentId,
    fits: impl Fn(&Document) -> bool,
) -> Result<Resolved, Problem> {
    let key = &visit.opened(permit)?.content_key;
    let Some(document) = app.documents.find(&visit.space_id, id, key).await? else {
        return Ok(Resolved::Place(Target::New(id.clone())));
    };
    if !fits(&document) {
        let id = DocumentId::at(visit.now, app.random.as_ref());
        return Ok(Resolved::Place(Target::New(id)));
    }
    let target = Target::Next(Box::new(document));
    if target.has_room() {
        Ok(Resolved::Place(target))
    } else {
        Err(ProblemKind::TooManyVersions.into())
    }
}

/// What stands under a document's name, for who deposited it; what someone else has put in
/// its place since is not theirs to be shown.
async fn standing(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    id: &DocumentId,
) -> Result<Option<Resolved>, Problem> {
    let key = &visit.opened(permit)?.content_key;
    if let Some(document) = app.documents.find(&visit.space_id, id, key).await? {
        if !visit.facts(&document).authored {
            return Err(ProblemKind::StatementStands.into());
        }
        return Ok(Some(Resolved::Known(Box::new(document))));
    }
    let upload = app.uploads.find(&visit.space_id, id, key).await?;
    let upload = upload.filter(|upload| upload.state_at(visit.now) != UploadState::Rejected);
    Ok(upload.map(|upload| Resolved::Pending(Box::new(upload))))
}

/// Decides again about what a deposit comes to, so that its trace goes where those of the
/// whole document go: what was hidden stays hidden.
pub(crate) async fn permit_on(
    app: &App,
    visit: &Visit,
    (target, entry): (&Target, &Entry),
) -> Result<Permit, Problem> {
    let facts = DocumentFacts {
        document_type: entry.document_type,
        labels: target.labels_with(entry.labels),
        authored: true,
        from_own_side: visit.party.is_own_side(),
        rule: None,
    };
    let elements = [target.document_id().as_str()];
    app.guard.permit_for(visit, Action::DepositDocument, Some(facts), &elements).await
}

/// Who deposits.
pub(crate) fn author((visit, permit): (&Visit, &Permit)) -> Result<Author, Problem> {
    let opened = visit.opened(permit)?;
    let mut author = Author {
        kind: visit.party.name().to_owned(),
        id: None,
        name: None,
        profession: None,
        structure: None,
    };
    match &visit.claims.actor {
        Actor::Professional { rpps, profession, structure, name, .. } => {
            author.id = Some(rpps.clone());
            author.name = Some(name.clone());
            author.profession = Some(profession.clone());
            author.structure.clone_from(structure);
        }
        Actor::Citizen { .. } if visit.party == Party::Holder => {
            author.name = Some(opened.holder.first_name().to_owned());
        }
        Actor::Citizen { .. } => {
            author.name = opened.own.as_ref().map(|own| own.name.clone());
        }
        Actor::Support { agent } => author.id = Some(agent.clone()),
        Actor::Insurer => {}
    }
    Ok(author)
}

/// By what a depositor's own names are theirs, before they are met.
pub(crate) fn depositor_of(actor: &Actor) -> String {
    match actor {
        Actor::Professional { rpps, .. } => format!("professional.{rpps}"),
        Actor::Citizen { .. } | Actor::Support { .. } => "own-side".to_owned(),
        Actor::Insurer => actor.kind().to_owned(),
    }
}
